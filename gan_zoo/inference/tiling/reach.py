"""How far networks see: the receptive radius, by gradients on narrow strips, and what sees all of a
picture at once.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import torch
from torch import Tensor, nn
from torch.overrides import TorchFunctionMode

from gan_zoo.components.instance_ids import renumber
from gan_zoo.components.shapes import Image
from gan_zoo.engine.cast import Cast
from gan_zoo.errors import UserError
from gan_zoo.inference.tiling.copies import Player, share_cast
from gan_zoo.inference.tiling.norms import Norm, Statistics, replace_norms

LONGEST = 2048  # pixels of a strip
NARROW = 64  # the other side of it, where networks take that
FIELD, MIDDLE = 96, 32  # a picture for conditions, and what is cut out of its middle
# They pass a gradient or they do not, as the numbers fall; what is looked for is who could.
GATES = (
    *("relu", "relu_", "leaky_relu", "leaky_relu_", "relu6", "elu", "elu_", "gelu", "silu"),
    *("hardtanh", "hardswish", "tanh", "sigmoid", "clamp"),
)
# Of torch's own layers, those that make of a place what lies around it.
LOCAL = ("activation", "conv", "dropout", "linear", "padding", "pixelshuffle", "upsampling")


def random_maps(
    shapes: Mapping[str, Image], names: Sequence[str], height: int, width: int
) -> dict[str, Tensor]:
    """Maps `C H W` of chance: pictures as floats in [-1, 1], ids of few numbers."""
    seeded, found = torch.Generator().manual_seed(0), {}
    for name in names:
        shape = shapes[name]
        size = (shape.channels, height, width)
        if shape.ids:
            most = min(4, shape.classes or 4, shape.instances or 4)
            found[name] = torch.randint(0, most, size, generator=seeded, dtype=torch.int32)
        else:
            found[name] = torch.rand(size, generator=seeded) * 2 - 1
    return found


class OpenGates(TorchFunctionMode):
    """In here, in this thread, activations pass everything."""

    def __torch_function__(
        self, func: Any, types: Any, args: Any = (), kwargs: Mapping[str, Any] | None = None
    ) -> Any:
        if getattr(func, "__name__", "") in GATES:
            return args[0]
        return func(*args, **(kwargs or {}))


class ProbeCast(Cast):
    """Plays on conditions of chance, and remembers them for their gradients."""

    @classmethod
    def of(cls, cast: Cast, statistics: Statistics) -> ProbeCast:
        """A copy whose norms do as the statistics say."""
        own = share_cast(cast)
        for name, network in own.networks.items():
            replace_norms(network, name, statistics)
        made = cls(own.networks, own.conditions, own.precision, own.exact)
        made.leaves = []
        return made

    leaves: list[Tensor]

    def receive(self, maps: Mapping[str, Tensor]) -> dict[str, Tensor]:
        """As ever, for methods that show them to networks as they are."""
        found = super().receive(maps)
        for name, one in found.items():
            if one.is_floating_point():
                found[name] = self._leaf(one)
        return found

    def condition(self, name: str, maps: Mapping[str, Tensor]) -> Tensor:
        """Of the shape of the condition."""
        with torch.no_grad():
            like = super().condition(name, maps)
        wide = torch.promote_types(like.dtype, torch.float32)
        return self._leaf(torch.rand_like(like, dtype=wide) * 2 - 1)

    def _leaf(self, made: Tensor) -> Tensor:
        leaf = made.detach().requires_grad_()
        self.leaves.append(leaf)
        return leaf


def receptive_radius(player: Player, block: int) -> int | None:
    """How many pixels beyond its own place a pixel of the picture depends on.

    A block in the middle of a strip asks for gradients of what networks are shown; norms take
    statistics that are fixed, since what they see is another matter.

    Args:
        player: Whose networks.
        block: Side of the squares after which networks repeat themselves.

    Returns:
        The radius; None where all of a picture is seen, or about a thousand pixels far.
    """
    radii = [_along(player, block, wide=wide) for wide in (True, False)]
    return None if None in radii else max(one for one in radii if one is not None)


def _along(player: Player, block: int, *, wide: bool) -> int | None:
    length = 8 * block
    while length < 256:
        length *= 2
    while True:
        found = _in_strip(player, block, length, wide=wide)
        if found is not None or length >= LONGEST:
            return found
        length *= 2


def _in_strip(player: Player, block: int, length: int, *, wide: bool) -> int | None:
    """The radius along a strip; None where it reaches to an end."""
    translator = player.translator
    narrow = max(16, min(4 * block, NARROW))
    height, width = (narrow, length) if wide else (length, narrow)
    height, width = translator.fitting_size(height, width)
    length = width if wide else height
    statistics = Statistics()
    cast = ProbeCast.of(translator.cast, statistics)
    maps = renumber(
        random_maps(translator.shapes, translator.inputs, height, width), translator.shapes
    )
    batch = {name: one[None] for name, one in maps.items()}
    made = torch.empty(0)
    with torch.random.fork_rng(_cuda(cast)), torch.inference_mode(False):
        torch.manual_seed(0)
        for mode in ("own", "joint", "given"):
            cast.leaves = []
            statistics.begin(mode)
            with torch.set_grad_enabled(mode == "given"), OpenGates():
                scene = translator.method.scene(cast, cast.receive(batch))
                made = scene[translator.method.output]
        begin = length // 2 // block * block
        part = made[..., begin : begin + block] if wide else made[..., begin : begin + block, :]
        asked = (part.float() * torch.rand_like(part, dtype=torch.float32)).sum()
        gradients = torch.autograd.grad(asked, cast.leaves, allow_unused=True)
    touched = torch.zeros(length, dtype=torch.bool)
    for gradient in gradients:
        if gradient is not None:
            there = (gradient[0] != 0).any(0).any(0 if wide else 1).cpu()
            touched |= there if len(there) == length else ~touched
    places = touched.nonzero().flatten()
    if not len(places):  # gradients do not come through, and tell nothing
        return None
    first, last = int(places[0]), int(places[-1])
    if first < block or last >= length - block:
        return None
    return max(0, begin - first, last - (begin + block - 1))


def _cuda(cast: Cast) -> list[int]:
    device = cast.precision.device
    return [device.index or 0] if device.type == "cuda" else []


def condition_radius(player: Player) -> int:
    """How far around a pixel its conditions depend on, as boundaries do on neighbors.

    Raises:
        UserError: one is made by chance, or of all of a picture.
    """
    translator, most = player.translator, 0
    specs = translator.recipe.conditions
    maps = random_maps(translator.shapes, translator.inputs, FIELD, FIELD)
    first = (FIELD - MIDDLE) // 2
    middle = slice(first, first + MIDDLE)
    parts = {name: one[:, middle, middle] for name, one in maps.items()}
    for name, spec in specs.items():
        if spec.by_chance:
            raise UserError(
                f"--tile: conditions.{name} is noise, which no two tiles would have alike where "
                "they meet; translate such pictures whole"
            )
        with torch.inference_mode():
            of_all, of_part = (_condition(player, name, one) for one in (maps, parts))
        other = (of_all[..., middle, middle] != of_part).flatten(0, 1).any(0)
        places = other.nonzero()
        if not len(places):
            continue
        depth = int(torch.minimum(places, MIDDLE - 1 - places).min(1).values.max()) + 1
        if depth >= MIDDLE // 2:
            raise UserError(
                f"--tile: conditions.{name} makes of a place what depends on far parts of the "
                "picture, as coordinates would, and a tile does not see them; translate such "
                "pictures whole"
            )
        most = max(most, depth)
    return most


def _condition(player: Player, name: str, maps: Mapping[str, Tensor]) -> Tensor:
    ready = renumber(maps, player.translator.shapes)
    batch = player.cast.receive({key: one[None] for key, one in ready.items()})
    return player.cast.condition(name, batch)


@dataclass
class Seen:
    """What the layers of networks were shown and made: layer -> `B C H W`."""

    given: dict[str, tuple[int, ...]] = field(default_factory=dict)
    made: dict[str, tuple[int, ...]] = field(default_factory=dict)

    def to_one_pixel(self) -> str:
        """A layer that makes one pixel of all of a picture; empty where none does."""
        return next((name for name, shape in self.made.items() if shape[2:] == (1, 1)), "")


@contextmanager
def watched(networks: Mapping[str, nn.Module]) -> Iterator[Seen]:
    """Note what the layers of networks do in here."""
    seen, hooks = Seen(), []

    def hook(name: str) -> Any:
        def note(module: nn.Module, given: Any, made: Any) -> None:
            first = given[0] if given else None
            for found, one in ((seen.given, first), (seen.made, made)):
                if isinstance(one, Tensor) and one.ndim == 4:
                    found[name] = tuple(one.shape)

        return note

    for network, module in networks.items():
        for path, layer in module.named_modules():
            hooks.append(layer.register_forward_hook(hook(f"{network}.{path}".strip("."))))
    try:
        yield seen
    finally:
        for one in hooks:
            one.remove()


def mixing_layers(networks: Mapping[str, nn.Module], seen: Seen) -> list[str]:
    """Layers that are no norms that are known, and yet make of one place what depends on all
    others, so that their size stays: norms of strangers.

    Args:
        networks: Where norms that are known were replaced.
        seen: What the layers are shown.
    """
    found = []
    for network, module in networks.items():
        inside = {id(one.layer) for one in module.modules() if isinstance(one, Norm)}
        for path, layer in module.named_modules():
            name = f"{network}.{path}".strip(".")
            if id(layer) in inside or name not in seen.given or _is_local(layer):
                continue
            if not [*layer.children()] and _mixes(layer, seen.given[name][1]):
                found.append(f"{name} ({type(layer).__name__})")
    return found


def _is_local(layer: nn.Module) -> bool:
    module = type(layer).__module__
    return module.startswith("torch.nn.modules.") and module.rpartition(".")[2] in LOCAL


def _mixes(layer: nn.Module, channels: int) -> bool:
    """Whether the gradient of the first pixel reaches the last of 16 x 16."""
    own = [one for one in (*layer.parameters(), *layer.buffers()) if one.is_floating_point()]
    like = own[0] if own else torch.empty(0)
    with torch.inference_mode(False), torch.enable_grad():
        x = torch.rand(1, channels, 16, 16, dtype=like.dtype, device=like.device).requires_grad_()
        try:
            made = layer(x)
        except Exception:  # it works on other shapes, as B H W C
            return False
        if not isinstance(made, Tensor) or made.shape[-2:] != x.shape[-2:]:
            return False
        asked = (made[0, :, 0, 0] * torch.rand_like(made[0, :, 0, 0])).sum()
        if not asked.requires_grad:
            return False
        [gradient] = torch.autograd.grad(asked, [x], allow_unused=True)
    return gradient is not None and bool((gradient[0, :, -1, -1] != 0).any())
