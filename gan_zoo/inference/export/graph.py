"""The run as one module, from the pictures of files to pictures, which a tracer can follow."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor, nn

from gan_zoo.components.conditions import ConditionSpec
from gan_zoo.components.networks import NetworkSpec
from gan_zoo.components.spec import Spec
from gan_zoo.engine.cast import Cast
from gan_zoo.engine.precision import Precision
from gan_zoo.errors import UserError
from gan_zoo.inference.export.ports import list_outputs, list_ports, to_picture
from gan_zoo.inference.export.preparing import copied, is_own
from gan_zoo.inference.export.rooms import Room, crop, reflect
from gan_zoo.inference.networks import drops
from gan_zoo.inference.translator import Translator


class Played(Cast):
    """Remembers who was asked for.

    Attributes:
        played: Networks and `conditions.NAME`.
    """

    def __init__(self, *args: Any) -> None:
        super().__init__(*args)
        self.played: set[str] = set()

    def play(self, name: str, *inputs: Any) -> Any:
        """As of the cast."""
        self.played.add(name)
        return super().play(name, *inputs)

    def play_exact(self, name: str, *inputs: Tensor) -> Any:
        """As of the cast."""
        self.played.add(name)
        return super().play_exact(name, *inputs)

    def condition(self, name: str, maps: Any) -> Tensor:
        """As of the cast."""
        self.played.add(f"conditions.{name}")
        return super().condition(name, maps)


class Graph(nn.Module):
    """Inputs as `ports` says -> the picture as files hold it, and its floats in [-1, 1].

    Any batch, height and width: what the generator cannot take is padded by reflection and cropped
    back, as the run does it. What it learned is a copy; the run's own networks stay as they are.

    Args:
        model: The run, on the CPU in float32.
        half: Keep weights in float16.

    Raises:
        UserError: something of it cannot be written; says why, and the cure.
    """

    def __init__(self, model: Translator, *, half: bool = False) -> None:
        super().__init__()
        self.model = model
        self.ports = list_ports(model)
        self.outputs = list_outputs(model, self.ports)
        self.room = Room.of(model.network)
        self.notes: list[str] = []
        self._values = model.values(model.target)
        self.play(_who_plays(self), half)

    def play(self, played: set[str], half: bool) -> None:
        """Take copies of those who play."""
        cast = self.model.cast
        networks = {name: one for name, one in cast.networks.items() if name in played}
        conditions = {n: c for n, c in cast.conditions.items() if f"conditions.{n}" in played}
        _refuse(self.model, networks, conditions)
        modules = {**networks, **{f"conditions.{n}": c for n, c in conditions.items()}}
        if any(is_own(layer) for one in modules.values() for layer in one.modules()):
            self.notes.append("norm statistics are each picture's own")
        numbers = _plain_numbers()
        copies = {name: numbers.place(copied(one, half=False)) for name, one in modules.items()}
        if half:
            copies = {name: copied(one, half=True) for name, one in copies.items()}
        self.parts = nn.ModuleList(copies.values())
        self.cast = Cast(
            {name: copies[name] for name in networks},
            {name: copies[f"conditions.{name}"] for name in conditions},
            numbers,
        )

    def forward(self, *given: Tensor) -> tuple[Tensor, Tensor]:
        """Inputs in the order of `ports` -> `B D H W` twice."""
        return made_by(self, self.cast, given)

    def examples(self) -> tuple[Tensor, ...]:
        """Inputs for a tracer: two pictures, since it would take one for a rule, of sides that are
        no multiples and of more than the least.
        """
        multiple = self.room.multiple
        many = max(self.room.least + 1, self.room.longer, 2 if multiple > 8 else 32 // multiple)
        high, wide = many * multiple, (many + 1) * multiple
        if multiple > 1:
            high, wide = high - 1, wide - multiple // 2
        return tuple(port.example(2, high, wide) for port in self.ports)

    def dynamic_shapes(self) -> tuple[Any, ...]:
        """The dimensions that are free, for torch.export: one batch, one size for all maps."""
        batch, height, width = (torch.export.Dim(n, min=1) for n in ("batch", "height", "width"))
        maps = {0: batch, 2: height, 3: width}
        # The arguments of `forward` are one tuple.
        return (tuple({0: batch} if port.styles else maps for port in self.ports),)


def made_by(graph: Graph, cast: Cast, given: Sequence[Tensor]) -> tuple[Tensor, Tensor]:
    """The picture that a cast makes of the inputs."""
    maps: dict[str, Tensor] = {}
    size, room = None, None
    for port, tensor in zip(graph.ports, given, strict=True):
        if port.styles:
            maps[f"conditions.{port.styles}"] = tensor
            continue
        if size is None or room is None:
            size = (tensor.shape[-2], tensor.shape[-1])
            room = graph.room.fit(*size)
        maps[port.name] = reflect(port.read(tensor), room)
    assert size is not None
    method = graph.model.method
    scene = method.scene(cast, cast.precision.receive(maps))
    made = crop(scene[method.output], size)
    return to_picture(made, graph._values), made


def _who_plays(graph: Graph) -> set[str]:
    """Those who are asked for where a picture is made."""
    cast = graph.model.cast
    asked = Played(cast.networks, cast.conditions, cast.precision)
    with torch.no_grad():
        made_by(graph, asked, [one[:1] for one in graph.examples()])
    return asked.played


def _plain_numbers() -> Precision:
    return Precision.of(
        device="cpu",
        precision="float32",
        memory_format="contiguous",
        norms="float32",
        compile="off",
        graphs="off",
    )


# ---------------------------------------------------------------------------------- what cannot be


def _refuse(model: Translator, networks: Any, conditions: Any) -> None:
    """Refuse what a file cannot hold.

    Raises:
        UserError: says why, and the cure.
    """
    recipe = model.recipe
    for name in conditions:
        if recipe.conditions[name].by_chance:
            raise UserError(
                f"conditions.{name} ({recipe.conditions[name].name}) is drawn anew for every "
                "picture, from a seed that a file does not have; a run without it can be exported"
            )
    if drops(networks.values()):
        raise UserError(
            "inference.dropout: true draws at random for every picture, from a seed that a file "
            "does not have; --set inference.dropout=false writes the same networks without it"
        )
    sections = {name.partition(".")[0] for name in networks}
    sections |= {f"conditions.{name}" for name in conditions}
    for path, spec in recipe.components().items():
        within = any(f"{path}.".startswith(f"{section}.") for section in sections)
        if within and not _exportable(spec):
            raise UserError(
                f"{path}: {spec.name} does not say that torch.export takes its module, so it may "
                "be written wrong or not at all; its author says so with `exportable = True` in "
                "its spec, once `gan_zoo.testing` agrees"
            )


def _exportable(spec: Spec) -> bool:
    return not isinstance(spec, NetworkSpec | ConditionSpec) or spec.exportable
