from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import ValidationError
from safetensors.torch import load_file
from torch import Tensor, nn

from gan_zoo.components.conditions import ConditionSpec
from gan_zoo.components.shapes import Image
from gan_zoo.engine.cast import Cast
from gan_zoo.engine.precision import Precision
from gan_zoo.errors import ContractError
from gan_zoo.inference.networks import inference_state
from gan_zoo.inference.noise import OwnNoise, seed_of
from gan_zoo.recipe.model import Inference
from gan_zoo.testing import examine
from gan_zoo_conditions import gan_zoo_components
from gan_zoo_conditions.specs import BoundarySpec, ImageSpec, NoiseSpec, OneHotSpec

GOLDEN = Path(__file__).parents[1] / "parity/golden"
MAPS = {
    "source": Image(3, 4, 6),
    "label": Image(1, 4, 6, classes=5),
    "instance": Image(1, 4, 6, instances=9),
    "target": Image(3, 4, 6),
}


def made(spec: ConditionSpec, maps: Mapping[str, Image] = MAPS, **tensors: Tensor) -> Tensor:
    condition: Tensor = spec.build(maps)(tensors)
    return condition


def ids(*shape: int, below: int = 5, seed: int = 0) -> Tensor:
    generator = torch.Generator().manual_seed(seed)
    return torch.randint(0, below, shape, generator=generator)


def test_the_plugin_brings_them() -> None:
    assert [spec.name for spec in gan_zoo_components()] == [
        *("image", "one_hot", "boundary", "noise", "instance_features")
    ]


def test_who_sees_what_by_default() -> None:
    both = [ImageSpec(), OneHotSpec(), BoundarySpec()]
    assert {spec.seen_by for spec in both} == {"both"}
    assert NoiseSpec().seen_by == "generator"
    assert [(*spec.asks(),) for spec in [*both, NoiseSpec()]] == [
        *(("source",), ("label",), ("instance",), ("source",))
    ]


# ---------------------------------------------------------------------------------- contracts

REFUSED: list[tuple[ConditionSpec, str, str]] = [
    (
        ImageSpec(map="label"),
        "map",
        "image shows colors, and label holds ids of 5 classes; {use: one_hot, map: label} shows "
        "them",
    ),
    (
        ImageSpec(map="instance"),
        "map",
        "image shows colors, and instance holds ids of instances, which are no closed set of "
        "classes; {use: boundary, map: instance} shows them",
    ),
    (
        OneHotSpec(map="source"),
        "map",
        "one_hot shows ids of classes, and source holds a picture of 3 channels; use map: label, "
        "or {use: image, map: source}",
    ),
    (
        OneHotSpec(map="instance"),
        "map",
        "one_hot shows ids of classes, and instance holds ids of instances, which are no closed "
        "set of classes; use map: label, or {use: boundary, map: instance}",
    ),
    (
        BoundarySpec(map="source"),
        "map",
        "boundary is drawn between ids, and source holds a picture of 3 channels; use map: label "
        "or instance",
    ),
    (
        OneHotSpec(ignore=(1, 255)),
        "ignore",
        "255 is no class of label, which has 0 to 4, so one_hot ignores it already where the data "
        "lets it through; leave it out",
    ),
]


@pytest.mark.parametrize(("spec", "option", "told"), REFUSED, ids=str)
def test_maps_that_do_not_suit(spec: ConditionSpec, option: str, told: str) -> None:
    with pytest.raises(ContractError) as caught:
        spec.gives(MAPS)
    assert (caught.value.option, str(caught.value)) == (option, told)


def test_no_map_suits() -> None:
    with pytest.raises(ContractError, match=r"the data has no such map \(it gives source\)"):
        BoundarySpec(map="source").gives({"source": Image(1)})


def test_ids_of_classes_are_not_negative() -> None:
    with pytest.raises(ValidationError):
        OneHotSpec(ignore=(-1,))


@pytest.mark.parametrize(
    ("spec", "channels"),
    [
        (ImageSpec(), 3),
        (OneHotSpec(), 5),
        (OneHotSpec(ignore=(0,)), 5),
        (OneHotSpec(ignore_as="channel"), 6),
        (BoundarySpec(), 1),
        (BoundarySpec(map="label"), 1),
        (NoiseSpec(map="label", channels=7), 7),
    ],
    ids=str,
)
def test_gives_colors_of_the_size_of_the_map(spec: ConditionSpec, channels: int) -> None:
    assert spec.gives(MAPS) == Image(channels, 4, 6)


# ---------------------------------------------------------------------------------- one_hot


@pytest.mark.parametrize("dtype", [torch.int32, torch.int64])
def test_one_hot_is_the_frameworks(dtype: torch.dtype) -> None:
    label = ids(2, 1, 4, 6)
    expected = nn.functional.one_hot(label[:, 0], 5).movedim(-1, 1).float()
    one_hot = made(OneHotSpec(), label=label.to(dtype))
    assert one_hot.dtype == torch.float32
    assert torch.equal(one_hot, expected)


def test_ids_that_are_no_class() -> None:
    label = torch.tensor([[[[0, 1, 255, 4, 5]]]])
    beyond = torch.tensor([0.0, 0, 1, 0, 1])
    plain = torch.eye(5)[:, [0, 1, 2, 4, 3]] * torch.tensor([1.0, 1, 0, 1, 0])
    assert torch.equal(made(OneHotSpec(), label=label)[0, :, 0], plain)
    with_channel = made(OneHotSpec(ignore_as="channel"), label=label)[0, :, 0]
    assert torch.equal(with_channel, torch.cat([plain, beyond[None]]))
    assert torch.equal(with_channel.sum(dim=0), torch.ones(5))


def test_classes_that_are_ignored() -> None:
    label = torch.tensor([[[[0, 1, 2, 3, 4, 255]]]])
    zero = made(OneHotSpec(ignore=(1, 3)), label=label)[0, :, 0]
    channel = made(OneHotSpec(ignore=(1, 3), ignore_as="channel"), label=label)[0, :, 0]
    assert zero.shape == (5, 6)
    assert zero.nonzero().tolist() == [[0, 0], [2, 2], [4, 4]]
    assert torch.equal(channel[:5], zero)
    assert channel[5].tolist() == [0, 1, 0, 1, 0, 1]
    assert label.tolist() == [[[[0, 1, 2, 3, 4, 255]]]]


# ---------------------------------------------------------------------------------- boundary


def test_boundary_of_the_example() -> None:
    block = torch.zeros(1, 1, 5, 5, dtype=torch.int64)
    block[..., 2:, 2:] = 33005
    rows = ["".join(str(int(p)) for p in row) for row in made(BoundarySpec(), instance=block)[0, 0]]
    assert rows == ["00000", "00111", "01111", "01100", "01100"]


@pytest.mark.parametrize("case", sorted(GOLDEN.glob("pix2pixhd/*/golden.safetensors")), ids=str)
def test_what_the_published_program_draws(case: Path) -> None:
    golden = load_file(case)
    edge = made(BoundarySpec(), instance=golden["instance"])
    assert edge.dtype == torch.float32
    assert torch.equal(edge, golden["boundary"])
    assert 0 < edge.mean() < 1


def in_place(ids: torch.Tensor) -> torch.Tensor:
    """The same edges as they were drawn at first, by assignment into slices."""
    edge = torch.zeros_like(ids, dtype=torch.bool)
    across = ids[..., :, 1:] != ids[..., :, :-1]
    edge[..., :, 1:] |= across
    edge[..., :, :-1] |= across
    down = ids[..., 1:, :] != ids[..., :-1, :]
    edge[..., 1:, :] |= down
    edge[..., :-1, :] |= down
    return edge.float()


@pytest.mark.parametrize("size", [(1, 1), (1, 5), (7, 1), (33, 41)], ids=str)
def test_boundary_without_slices_is_what_it_was(size: tuple[int, int]) -> None:
    for classes in (1, 2, 40):
        maps = torch.randint(0, classes, (3, 1, *size), generator=torch.Generator().manual_seed(1))
        for kind in (torch.int32, torch.int64):
            edge = made(BoundarySpec(), instance=maps.to(kind))
            assert edge.dtype == torch.float32
            assert torch.equal(edge, in_place(maps))


def slowly(ids: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
    height, width = ids.shape
    edge = np.zeros((height, width))
    for y in range(height):
        for x in range(width):
            for j, i in ((y - 1, x), (y + 1, x), (y, x - 1), (y, x + 1)):
                if 0 <= j < height and 0 <= i < width and ids[j, i] != ids[y, x]:
                    edge[y, x] = 1
    return edge


@settings(max_examples=40, deadline=None)
@given(st.data())
def test_boundary_is_what_a_loop_finds(data: st.DataObject) -> None:
    batch, height, width = (data.draw(st.integers(1, most)) for most in (2, 6, 6))
    count = batch * height * width
    numbers = data.draw(st.lists(st.sampled_from([0, 1, 7, 26001]), min_size=count, max_size=count))
    instance = torch.tensor(numbers).view(batch, 1, height, width)
    edge = made(BoundarySpec(), instance=instance)
    assert edge.shape == instance.shape
    for ours, one in zip(edge[:, 0].numpy(), instance[:, 0].numpy(), strict=True):
        assert np.array_equal(ours, slowly(one))


# ---------------------------------------------------------------------------------- noise


def test_noise_is_repeatable_under_a_seed_and_new_without() -> None:
    label, spec = ids(2, 1, 64, 32), NoiseSpec(map="label", channels=3)
    torch.manual_seed(4)
    first, second = made(spec, label=label), made(spec, label=label)
    torch.manual_seed(4)
    again = made(spec, label=label)
    assert first.shape == (2, 3, 64, 32)
    assert torch.equal(first, again)
    assert not torch.equal(first, second)
    assert not torch.equal(first[0], first[1])
    assert first.mean().item() == pytest.approx(0, abs=0.03)
    assert first.std().item() == pytest.approx(1, abs=0.03)


def test_noise_looks_at_no_pixel() -> None:
    drawn = []
    for seed in (0, 1):
        torch.manual_seed(0)
        drawn.append(made(NoiseSpec(), source=ids(1, 3, 4, 6, seed=seed).double()))
    assert torch.equal(*drawn)


def test_translation_seeds_noise_by_its_input_and_seed() -> None:
    module = NoiseSpec().build(MAPS)
    source = ids(3, 4, 6, below=256).byte()

    def drawn(maps: Mapping[str, Tensor], seed: int) -> Tensor:
        with inference_state([module], Inference()), OwnNoise(seed_of(maps, seed)):
            noise: Tensor = module({"source": maps["source"][None]})
        return noise

    same = drawn({"source": source}, 0)
    assert torch.equal(same, drawn({"source": source.clone()}, 0))
    assert not torch.equal(same, drawn({"source": source}, 1))
    assert not torch.equal(same, drawn({"source": 255 - source}, 0))


# ---------------------------------------------------------------------------------- in a run


@pytest.mark.parametrize("spec", [OneHotSpec(), BoundarySpec(), NoiseSpec(map="label")], ids=str)
@pytest.mark.parametrize("name", ["float32", "float64", "bfloat16"])
def test_conditions_come_in_the_working_type_or_in_half_if_they_say_so(
    spec: ConditionSpec, name: str
) -> None:
    precision = Precision(torch.device("cpu"), name, "channels_last")
    exact = {"tested"} if spec.exact_in_half else set[str]()
    cast = Cast({}, {"tested": spec.build(MAPS)}, precision, exact)
    maps = {"label": ids(2, 1, 4, 6).int(), "instance": ids(2, 1, 4, 6).int()}
    torch.manual_seed(0)
    condition = cast.condition("tested", precision.receive(maps))
    kept = name == "bfloat16" and not isinstance(spec, NoiseSpec)
    assert condition.dtype == (torch.bfloat16 if kept else precision.dtype)
    torch.manual_seed(0)
    assert torch.equal(condition.float(), made(spec, **maps))


class Parity(nn.Module):
    """Whether ids are odd."""

    def forward(self, maps: Mapping[str, Tensor]) -> Tensor:
        return (maps["instance"] % 2).float()


class ParitySpec(ConditionSpec, name="parity"):
    """A stranger's condition on ids."""

    def needs(self) -> tuple[str, ...]:
        return ("instance",)

    def gives(self, maps: Mapping[str, Image]) -> Image:
        return maps["instance"].with_channels(1)

    def build(self, maps: Mapping[str, Image]) -> nn.Module:
        return Parity()


def test_the_kit_has_ids_for_strangers() -> None:
    assert examine(ParitySpec) == {}


class Numb(Parity):
    """Noise that nobody can repeat."""

    def forward(self, maps: Mapping[str, Tensor]) -> Tensor:
        noise = np.random.default_rng().normal(size=tuple(maps["instance"].shape))
        return torch.from_numpy(noise).to(maps["instance"].device)


class UnseededSpec(ParitySpec, name="unseeded"):
    """A stranger's noise."""

    def build(self, maps: Mapping[str, Image]) -> nn.Module:
        return Numb()


def test_the_kit_knows_noise_that_cannot_be_repeated() -> None:
    said = examine(UnseededSpec, "weights survive a round trip")
    assert "another output, and so it is from call to call" in said["weights survive a round trip"]
    assert "from torch's default generator, which translation seeds" in str(said)
