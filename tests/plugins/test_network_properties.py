"""Every generator and discriminator of the Zoo does what its contract says, at any size and with
any options: drawn, not chosen. A new component is covered by being registered.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor, nn

from gan_zoo.components.meta_device import on_meta
from gan_zoo.components.networks import DiscriminatorSpec, GeneratorSpec
from gan_zoo.components.shapes import Image
from gan_zoo.errors import ContractError
from gan_zoo.registry.zoo import Zoo
from gan_zoo.testing.options import changed, choices
from tests.plugins.networks import read_options

Shapes = list[list[tuple[int, ...]]]


def specs(kind: str) -> list[Any]:
    """The example of every component of a kind."""
    claims = Zoo.installed().claims(kind).values()
    return [claim.spec.example() for claimed in claims for claim in claimed]


def named(spec: Any) -> str:
    return str(type(spec).name)


@st.composite
def drawn(draw: st.DrawFn, example: Any) -> Any:
    """The example with up to three options changed to other values of their types."""
    spec, zoo = example, Zoo.installed()
    for _ in range(draw(st.integers(0, 3))):
        option = draw(st.sampled_from(sorted(type(spec).model_fields)))
        offered = [choice.value for choice in choices(spec, option, zoo)]
        if offered and (other := changed(spec, option, draw(st.sampled_from(offered)))) is not None:
            spec = other
    return spec


def accepts(spec: Any, given: Image, wanted: Image) -> bool:
    try:
        spec.check(given, wanted)
    except ContractError as refused:
        problem = refused
    else:
        return True
    assert problem.option.split(".")[0] in {"", *type(spec).model_fields}
    assert len(str(problem)) > 20
    return False


def built(spec: Any, given: Image, wanted: Image) -> nn.Module | None:
    """On the meta device; None where only building can tell that it cannot be, and where drawn
    options make it larger than any machine: torch then has no number for its bytes.
    """
    try:
        with on_meta():
            module: nn.Module = spec.build(given, wanted)
    except ContractError:
        return None
    except RuntimeError as problem:
        if "overflow" not in str(problem):
            raise
        return None
    return module


def played(module: nn.Module, *images: Image, batch: int) -> Shapes:
    """The shapes of what it makes of pictures of these shapes."""
    sides = [image.size or (0, 0) for image in images]
    inputs = [
        torch.empty(batch, image.channels, *size, device="meta")
        for image, size in zip(images, sides, strict=True)
    ]
    made = module(*inputs)
    views = [[made]] if isinstance(made, Tensor) else made
    return [[tuple(tensor.shape) for tensor in view] for view in views]


def expected(images: list[list[Image]], batch: int) -> Shapes:
    return [[(batch, i.channels, i.height or 0, i.width or 0) for i in view] for view in images]


def sides_near(step: int) -> st.SearchStrategy[int]:
    """Any side, and often a multiple of the step, where a picture can be so large."""
    if step > 4096:
        return st.integers(1, 70)
    return st.integers(1, 70) | st.integers(1, max(1, 256 // step)).map(lambda n: n * step)


def judge(module: nn.Module, images: list[Image], promised: list[list[Image]], batch: int) -> None:
    """What is accepted works, in evaluation at any batch, in training at two or more: a batch norm
    needs two numbers, and how many a batch brings is no shape.
    """
    for training, count in ((False, batch), (True, batch + 1)):
        assert played(module.train(training), *images, batch=count) == expected(promised, count)


def fails(module: nn.Module, images: list[Image], promised: list[list[Image]]) -> bool:
    """Whether what is refused gives an error, nothing at all or another size."""
    try:
        made = played(module.eval(), *images, batch=1)
    except (RuntimeError, ValueError, AssertionError, TypeError):  # the last is torch 2.6's
        return True
    sizes = [size for view in made for shape in view for size in shape]
    return made != expected(promised, 1) or 0 in sizes


@pytest.mark.parametrize("example", specs("generator"), ids=named)
@settings(deadline=None, max_examples=30)
@given(data=st.data())
def test_generators_keep_the_size_and_refuse_what_they_cannot(
    example: GeneratorSpec, data: st.DataObject
) -> None:
    spec = data.draw(drawn(example))
    height, width = (data.draw(sides_near(spec.multiple())) for _ in range(2))
    given = Image(data.draw(st.integers(1, 4)), height, width)
    wanted = Image(data.draw(st.integers(1, 4)), height, width)
    accepted = accepts(spec, given, wanted)
    module = built(spec, given, wanted)
    if module is None:
        return  # told in words, before a weight is allocated
    if accepted:
        assert (height % spec.multiple(), width % spec.multiple()) == (0, 0)
        judge(module, [given], [[wanted]], data.draw(st.integers(1, 3)))
    else:
        assert fails(module, [given], [[wanted]])


@pytest.mark.parametrize("example", specs("generator"), ids=named)
@settings(deadline=None, max_examples=12)
@given(data=st.data())
def test_multiples_are_accepted_from_some_size_on(
    example: GeneratorSpec, data: st.DataObject
) -> None:
    spec = data.draw(drawn(example))
    given = Image(3, *(spec.multiple() * data.draw(st.integers(8, 12)) for _ in range(2)))
    if accepts(spec, given.resized(None, None), given.resized(None, None)):
        assert accepts(spec, given, given)


@pytest.mark.parametrize("example", specs("discriminator"), ids=named)
@settings(deadline=None, max_examples=40)
@given(data=st.data())
def test_views_are_what_the_contract_says_and_refused_where_there_are_none(
    example: DiscriminatorSpec, data: st.DataObject
) -> None:
    spec = data.draw(drawn(example))
    size = [data.draw(st.integers(1, 70)) for _ in range(2)]
    given = Image(data.draw(st.integers(0, 4)), *size)
    wanted = Image(data.draw(st.integers(1, 4)), *size)
    accepted = accepts(spec, given, wanted)
    module = built(spec, given, wanted)
    if module is None:
        return
    promised = spec.views(given, wanted)
    if accepted:
        judge(module, [given, wanted], promised, data.draw(st.integers(1, 3)))
    else:
        assert fails(module, [given, wanted], promised)


def with_options(spec: Any, options: Mapping[str, Any]) -> Any:
    """The spec with other options, by dotted path."""
    tree = spec.model_dump(mode="json")
    for path, value in options.items():
        *above, last = path.split(".")
        at = tree
        for step in above:
            at = at[step]
        at[last] = value
    del tree["use"]
    return type(spec).model_validate(tree)


@pytest.mark.parametrize("example", specs("generator") + specs("discriminator"), ids=named)
@settings(deadline=None, max_examples=12)
@given(data=st.data())
def test_drawn_layouts_name_every_tensor_once(example: Any, data: st.DataObject) -> None:
    spec = data.draw(drawn(example))
    image = Image(3, 64, 64)
    if not accepts(spec, image.resized(None, None), image.resized(None, None)):
        return
    module = built(spec, image, image)
    for layout in spec.published(image, image) if module is not None else ():
        assert module is not None
        ours = module.state_dict()
        assert sorted([*layout.keys.values(), *layout.rests]) == sorted(ours)
        if getattr(spec, "bias", "auto") != "auto":
            continue  # the published programs derive it, and so does what is read off a file
        shapes = {theirs: tuple(ours[key].shape) for theirs, key in layout.keys.items()}
        read = with_options(spec, read_options(type(spec), shapes))  # names the same tensors
        assert layout.keys in [one.keys for one in read.published(image, image)]
