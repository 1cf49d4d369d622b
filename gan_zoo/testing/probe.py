"""A network or a condition, built from its spec, and what to feed it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn.modules.batchnorm import _BatchNorm
from torch.utils._pytree import tree_leaves, tree_map

from gan_zoo.components.conditions import ConditionSpec
from gan_zoo.components.data import DataSpec
from gan_zoo.components.networks import DiscriminatorSpec, GeneratorSpec, NetworkSpec
from gan_zoo.components.shapes import Image
from gan_zoo.components.spec import Spec
from gan_zoo.engine.precision import Precision
from gan_zoo.errors import ContractError, DataError
from gan_zoo.testing.fixtures import batch_of, example_data
from gan_zoo.testing.options import variants
from gan_zoo.testing.subject import Advice, Subject, format_problem

LARGEST = 256  # sides above are not computed here
Shape = tuple[int, ...]


@dataclass(frozen=True)
class Probe:
    """One way to build a module and to call it.

    Args:
        spec: What builds it.
        given: The condition it takes; for a condition, nothing.
        wanted: The picture it makes or judges; for a condition, what it makes.
        data: For a condition, where its maps come from.
        options: How the spec differs from the example, in words.
    """

    spec: Any
    given: Image
    wanted: Image
    data: DataSpec | None = None
    options: str = "example()"

    def build(self, seed: int = 0) -> nn.Module:
        """The module, its first weights drawn from the seed."""
        torch.manual_seed(seed)
        if isinstance(self.spec, ConditionSpec):
            return self.spec.build(self.maps())
        module: nn.Module = self.spec.build(self.given, self.wanted)
        return module

    def maps(self) -> Mapping[str, Image]:
        """The maps of a condition's data."""
        assert self.data is not None
        return self.data.maps(self.wanted.size)

    def inputs(self, batch: int, *, device: str = "cpu", dtype: Any = torch.float64) -> list[Any]:
        """What the module is called with: random numbers in [-1, 1], or samples of the data."""
        if self.data is not None:
            maps = batch_of(self.data, batch, self.wanted.size)
            precision = Precision(torch.device("cpu"), "float64", "contiguous")
            ready = precision.receive(maps)
            return [{name: _to(tensor, device, dtype) for name, tensor in ready.items()}]
        images = [self.given]
        if isinstance(self.spec, DiscriminatorSpec):
            images.append(self.wanted)
        return [picture(image, batch, place, device, dtype) for place, image in enumerate(images)]

    def expected(self) -> list[list[Image]]:
        """The contract: views of a discriminator, otherwise one view of one picture."""
        if isinstance(self.spec, DiscriminatorSpec):
            return self.spec.views(self.given, self.wanted)
        if isinstance(self.spec, ConditionSpec):
            return [[self.spec.gives(self.maps())]]
        return [[self.wanted]]

    def __str__(self) -> str:
        if self.data is not None:
            return f"{self.options}, maps of {type(self.data).name} at {_by(self.wanted)}"
        verb = "judged" if isinstance(self.spec, DiscriminatorSpec) else "wanted"
        return (
            f"{self.options}, condition {_sized(self.given)}, picture {verb} {_sized(self.wanted)}"
        )


def picture(image: Image, batch: int, seed: int, device: str, dtype: Any) -> Tensor:
    """Random numbers in [-1, 1] of that shape."""
    assert image.size is not None
    generator = torch.Generator().manual_seed(seed)
    shape = (batch, image.channels, *image.size)
    return _to(torch.rand(shape, generator=generator, dtype=torch.float64) * 2 - 1, device, dtype)


def _to(tensor: Tensor, device: str, dtype: Any) -> Tensor:
    return tensor.to(device, dtype if tensor.is_floating_point() else tensor.dtype)


def probe(subject: Subject) -> Probe:
    """The example at a comfortable size: not square, no side smaller than it needs.

    Raises:
        Advice: no size up to LARGEST is accepted.
        NotAtHand: it needs weights that are not here.
    """
    spec: Spec = subject.ready()
    if isinstance(spec, ConditionSpec):
        return Probe(spec, Image(0), Image(0, 16, 24), data_for(spec, subject))
    assert isinstance(spec, NetworkSpec)
    found = comfortable(spec)
    if found is None:
        raise Advice(
            f"asked check() for a size up to {LARGEST} that the example accepts",
            came="it refuses them all",
            expected="an example that works on small pictures",
            cure="override example() with fewer layers",
        )
    return found


def probes(subject: Subject) -> Iterator[Probe]:
    """The example, and every variant of one option that works at a comfortable size here."""
    first = probe(subject)
    yield first
    for options, spec in variants(first.spec, subject.zoo):
        if spec.missing():
            continue
        if isinstance(spec, NetworkSpec):
            found = comfortable(spec)
        else:
            try:
                found = Probe(spec, first.given, first.wanted, data_for(spec, subject))
            except Advice:
                continue  # it may ask for a map that no data has
        if found is not None:
            yield replace(found, options=options)


def comfortable(spec: NetworkSpec, largest: int = LARGEST) -> Probe | None:
    """The spec at a size at which no feature map shrinks to a pixel."""
    step = spec.multiple() if isinstance(spec, GeneratorSpec) else 16
    for times in (2, 3, 4, 6, 8, 12, 16):
        height, width = times * step, (times + 1) * step
        if height < 16 or height > largest:
            continue
        found = Probe(spec, Image(3, height, width), Image(3, height, width))
        if accepts(found) and _roomy(found):
            return found
    return None


def _roomy(tested: Probe) -> bool:
    """Whether no feature map is a single pixel, of which a norm leaves nothing."""
    return all(min(shape[1:]) > 1 for view in promised_shapes(tested.expected()) for shape in view)


def accepts(tried: Probe) -> bool:
    """Whether check() lets these shapes through."""
    try:
        tried.spec.check(tried.given, tried.wanted)
    except ContractError:
        return False
    return True


def data_for(spec: ConditionSpec, subject: Subject) -> DataSpec:
    """Data whose maps the condition can use: stand-in pictures, or an installed component.

    Raises:
        Advice: there is none.
    """
    refused = ""
    for data in example_data(subject.zoo):
        maps = data.maps((16, 16))
        if not set(spec.needs()) <= set(maps):
            continue
        try:
            spec.gives(maps)
            batch_of(data, 1, (16, 16))
        except (ContractError, DataError) as problem:
            refused = f" ({type(data).name}: {problem})"
            continue
        return data
    raise Advice(
        "looked for installed data with the maps that needs() names",
        came=f"none has {', '.join(spec.needs())}{refused}",
        expected="data whose example() can be opened",
        cure="ship data with the condition, or let example() read `source`",
    )


def call(module: nn.Module, inputs: list[Any]) -> list[list[Tensor]]:
    """The module's output as views. It gets copies with a graph to the inputs: whether it writes
    into them is a check of its own, and no fault of all others.
    """
    made = module(*tree_map(lambda x: x.clone() if isinstance(x, Tensor) else x, inputs))
    return [[made]] if isinstance(made, Tensor) else [list(view) for view in made]


def shapes(views: list[list[Tensor]]) -> list[list[Shape]]:
    """Their shapes without the batch."""
    return [[tuple(t.shape[1:]) for t in view] for view in views]


def list_shapes(came: list[list[Shape]] | Exception) -> str:
    """Shapes of views in a line, or what was raised."""
    if isinstance(came, Exception):
        return format_problem(came)
    return "; ".join(", ".join("x".join(map(str, s)) for s in view) for view in came)


def promised_shapes(images: list[list[Image]]) -> list[list[Shape]]:
    """The contract in the same words."""
    return [[(i.channels, i.height or 0, i.width or 0) for i in view] for view in images]


def without_chance(module: nn.Module) -> nn.Module:
    """Training without chance: dropout and other noise off, batch norm on the batch."""
    module.eval()
    for layer in module.modules():
        if isinstance(layer, _BatchNorm):
            layer.train()
    return module


def in_format(value: Any, memory_format: torch.memory_format) -> Any:
    """Pictures in that layout, each a leaf of its own."""

    def placed(leaf: Any) -> Any:
        if not isinstance(leaf, Tensor) or not leaf.is_floating_point():
            return leaf
        made = leaf.detach().clone(memory_format=torch.preserve_format)
        made = made.contiguous(memory_format=memory_format) if leaf.ndim == 4 else made
        return made.requires_grad_()

    return tree_map(placed, value)


def list_tensors(value: Any) -> list[Tensor]:
    """The tensors in it."""
    return [leaf for leaf in tree_leaves(value) if isinstance(leaf, Tensor)]


def _by(image: Image) -> str:
    return f"{image.height}x{image.width}"


def _sized(image: Image) -> str:
    return f"{image.channels}x{_by(image)}"
