from __future__ import annotations

import json
from pathlib import Path
from typing import Literal

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import nn

from gan_zoo.components.shapes import Image
from gan_zoo.components.spec import Norm
from gan_zoo.errors import ContractError
from gan_zoo_generators import gan_zoo_components
from gan_zoo_generators.unet_specs import EncoderDecoderSpec, UNetSpec
from tests.plugins.networks import (
    GOLDEN,
    RGB,
    gives_published_pictures,
    learns_alike,
    on_meta,
    parameters,
    read_options,
    shapes_of,
)

UNETS = sorted(GOLDEN.glob("pix2pix/unet*/golden.json"))


def dropped_levels(network: nn.Module) -> list[int]:
    """As the papers count: U1 is the innermost."""
    decoder = network.get_submodule("decoder")
    return [
        level
        for level, up in enumerate(decoder.children(), start=1)
        if any(isinstance(layer, nn.Dropout) for layer in up.modules())
    ]


def test_the_plugin_brings_them() -> None:
    names = [spec.name for spec in gan_zoo_components()]
    assert names[:4] == ["unet", "encoder_decoder", "resnet", "unet_timm"]


@pytest.mark.parametrize(("depth", "count"), [(8, 54_413_955), (7, 41_828_995)])
def test_unet_has_the_published_number_of_parameters(depth: int, count: int) -> None:
    assert parameters(on_meta(UNetSpec(depth=depth))) == count


def test_cutting_the_skips_takes_half_of_the_inputs_of_every_level_but_the_innermost() -> None:
    halves = 16 * 64**2 * (3 * 8 * 8 + 8 * 4 + 4 * 2 + 2 * 1) + 16 * 64 * 3
    assert parameters(on_meta(EncoderDecoderSpec())) == 54_413_955 - halves


@pytest.mark.parametrize(
    ("depth", "dropout", "levels"),
    [
        (8, "code", [2, 3, 4]),
        (8, "paper", [1, 2, 3]),
        (8, "none", []),
        (7, "code", [2, 3]),
        (7, "paper", [1, 2, 3]),
        (9, "code", [2, 3, 4, 5]),
        (6, "code", [2]),
        (5, "code", []),
        (2, "code", []),
        (4, "paper", [1, 2, 3]),
        (3, "paper", [1, 2]),
        (2, "paper", [1]),
    ],
)
def test_dropout_placement(
    depth: int, dropout: Literal["none", "code", "paper"], levels: list[int]
) -> None:
    spec = UNetSpec(depth=depth, width=1, dropout=dropout)
    assert dropped_levels(on_meta(spec)) == levels
    if dropout != "code":
        cut = EncoderDecoderSpec(depth=depth, width=1, dropout=dropout)
        assert dropped_levels(on_meta(cut)) == levels


def test_the_encoder_decoder_has_only_the_published_dropout() -> None:
    with pytest.raises(ValueError, match="Input should be 'none' or 'paper'"):
        EncoderDecoderSpec.model_validate({"dropout": "code"})


@pytest.mark.parametrize("kind", [UNetSpec, EncoderDecoderSpec])
@pytest.mark.parametrize("norm", ["batch", "instance", "group", "none"])
def test_biases_and_norms_are_where_they_are_published(
    kind: type[UNetSpec | EncoderDecoderSpec], norm: Norm
) -> None:
    network = on_meta(kind(norm=norm, width=1))
    convolutions = [m for m in network.modules() if isinstance(m, nn.Conv2d | nn.ConvTranspose2d)]
    assert [c.bias is not None for c in convolutions] == [norm == "instance"] * 15 + [True]
    levels = [*network.get_submodule("encoder").children()]
    normed = [not isinstance(level.norm, nn.Identity) for level in levels]
    assert normed == [False, *[norm != "none"] * 6, False]
    levels = [*network.get_submodule("decoder").children()]
    normed = [not isinstance(level.norm, nn.Identity) for level in levels]
    assert normed == [*[norm != "none"] * 7, False]


@settings(deadline=None, max_examples=60)
@given(
    kind=st.sampled_from([UNetSpec, EncoderDecoderSpec]),
    depth=st.integers(2, 9),
    width=st.integers(1, 5),
    norm=st.sampled_from(["batch", "instance", "group", "none"]),
    channels=st.tuples(st.integers(1, 5), st.integers(1, 5)),
    batch=st.integers(1, 3),
    multiples=st.tuples(st.integers(1, 3), st.integers(1, 3)),
)
def test_the_output_is_as_large_as_the_input(
    kind: type[UNetSpec | EncoderDecoderSpec],
    depth: int,
    width: int,
    norm: Norm,
    channels: tuple[int, int],
    batch: int,
    multiples: tuple[int, int],
) -> None:
    spec = kind(depth=depth, width=width, norm=norm)
    size = [spec.multiple() * times for times in multiples]
    spec.check(Image(channels[0], *size), Image(channels[1], *size))
    condition = torch.empty(batch, channels[0], *size, device="meta")
    assert on_meta(spec, *channels)(condition).shape == (batch, channels[1], *size)


@pytest.mark.parametrize("kind", [UNetSpec, EncoderDecoderSpec])
@pytest.mark.parametrize("batch", [1, 2])
def test_every_parameter_learns_the_same_in_both_memory_formats(
    kind: type[UNetSpec | EncoderDecoderSpec], batch: int
) -> None:
    # Dropout draws in memory order, so it would differ.
    learns_alike(kind(depth=3, width=2, norm="instance", dropout="none"), batch)


def test_without_skips_nothing_passes_the_bottleneck() -> None:
    torch.manual_seed(0)
    for kind, passes in ((UNetSpec, True), (EncoderDecoderSpec, False)):
        network = kind(depth=3, width=2, norm="none", dropout="none").build(Image(1), Image(1))
        innermost = network.get_submodule("encoder.2.conv")
        with torch.no_grad():
            innermost.get_parameter("weight").zero_()
        one, other = network(torch.randn(1, 1, 8, 8)), network(torch.randn(1, 1, 8, 8))
        assert (not torch.equal(one, other)) == passes


@pytest.mark.parametrize("kind", [UNetSpec, EncoderDecoderSpec])
def test_a_picture_that_cannot_be_halved_so_often_is_refused(
    kind: type[UNetSpec | EncoderDecoderSpec],
) -> None:
    with pytest.raises(ContractError) as refused:
        kind().check(Image(3, 256, 320), Image(3, 256, 320))
    assert str(refused.value) == (
        "depth 8 halves the picture 8 times, so its sides must be multiples of 256; "
        "the width is 320. Use width 256 or 512, or depth <= 6"
    )
    assert refused.value.option == "depth"
    kind().check(Image(3), Image(3))  # the data alone knows the size


@pytest.mark.parametrize("kind", [UNetSpec, EncoderDecoderSpec])
def test_parts_name_submodules(kind: type[UNetSpec | EncoderDecoderSpec]) -> None:
    spec = kind(width=1)
    network = on_meta(spec)
    inside = [p for path in spec.parts().values() for p in network.get_submodule(path).parameters()]
    assert len(inside) == len(list(network.parameters()))


@pytest.mark.parametrize("norm", ["batch", "instance", "none"])
@pytest.mark.parametrize("depth", [2, 3, 5, 8])
def test_the_published_layout_names_every_tensor_once(depth: int, norm: Norm) -> None:
    spec = UNetSpec(depth=depth, width=3, norm=norm)
    [layout] = spec.published(RGB, RGB)
    ours = on_meta(spec).state_dict()
    assert len(set(layout.keys.values())) == len(layout.keys)
    assert set(layout.keys.values()) == set(ours)
    shapes = {theirs: tuple(ours[key].shape) for theirs, key in layout.keys.items()}
    assert read_options(UNetSpec, shapes) == {"width": 3, "depth": depth, "norm": norm}


def test_another_network_s_file_says_nothing() -> None:
    assert UNetSpec.recognize({"model.1.weight": (64, 3, 7, 7)}) is None


def test_the_deepest_published_key() -> None:
    [layout] = UNetSpec().published(RGB, RGB)
    deepest = "model.model.1" + ".model.3" * 6
    assert layout.keys[f"{deepest}.model.1.weight"] == "encoder.7.conv.weight"
    assert layout.keys[f"{deepest}.model.3.weight"] == "decoder.0.conv.weight"


@pytest.mark.skipif(not UNETS, reason=f"no golden data in {GOLDEN}")
@pytest.mark.parametrize("path", UNETS, ids=lambda path: str(path.parent.name))
def test_the_published_weights_give_the_published_pictures(path: Path) -> None:
    case = json.loads(path.read_text())["case"]
    stored = torch.load(path.parent / "latest_net_G.pth", weights_only=True)
    options = read_options(UNetSpec, shapes_of(stored))
    depth = {"unet_256": 8, "unet_128": 7}[case["netG"]]
    assert options == {"width": case["ngf"], "depth": depth, "norm": case["norm"]}

    spec = UNetSpec(**options, dropout="none")
    gives_published_pictures(spec, path, stored)
