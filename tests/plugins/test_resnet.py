from __future__ import annotations

import json
from pathlib import Path
from typing import Any, Literal

import pytest
import torch
from torch import nn

from gan_zoo.components.shapes import Image
from gan_zoo.components.spec import Norm
from gan_zoo.errors import ContractError
from gan_zoo_generators.residual_specs import ResNetSpec
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

CASES = sorted(GOLDEN.glob("pix2pix/resnet*/golden.json"))


@pytest.mark.parametrize(
    ("blocks", "norm", "count"),
    [(9, "instance", 11_378_179), (9, "batch", 11_383_427), (6, "instance", 7_837_699)],
)
def test_it_has_the_published_number_of_parameters(blocks: int, norm: Norm, count: int) -> None:
    assert parameters(on_meta(ResNetSpec(blocks=blocks, norm=norm))) == count


def test_the_layers_are_the_published_ones_in_order() -> None:
    network = on_meta(ResNetSpec(blocks=1, width=64, norm="instance"))
    convolutions = [m for m in network.modules() if isinstance(m, nn.Conv2d | nn.ConvTranspose2d)]
    told = [
        (type(c).__name__, c.in_channels, c.out_channels, c.kernel_size[0], c.stride[0])
        for c in convolutions
    ]
    assert told == [
        ("Conv2d", 3, 64, 7, 1),
        ("Conv2d", 64, 128, 3, 2),
        ("Conv2d", 128, 256, 3, 2),
        ("Conv2d", 256, 256, 3, 1),
        ("Conv2d", 256, 256, 3, 1),
        ("ConvTranspose2d", 256, 128, 3, 2),
        ("ConvTranspose2d", 128, 64, 3, 2),
        ("Conv2d", 64, 3, 7, 1),
    ]
    modes = [c.padding_mode for c in convolutions]
    assert modes == [
        "reflect",
        *["zeros"] * 2,
        *["reflect"] * 2,
        *["zeros"] * 2,
        "reflect",
    ]
    assert [c.bias is not None for c in convolutions] == [True] * 8


@pytest.mark.parametrize("norm", ["batch", "group", "none"])
def test_only_instance_norm_leaves_a_bias_before_it(norm: Norm) -> None:
    network = on_meta(ResNetSpec(blocks=2, width=4, norm=norm))
    layers = [m for m in network.modules() if isinstance(m, nn.Conv2d | nn.ConvTranspose2d)]
    assert [layer.bias is not None for layer in layers] == [False] * (len(layers) - 1) + [True]


@pytest.mark.parametrize(("dropout", "count"), [("none", 0), ("code", 3)])
def test_dropout_is_once_in_every_block(dropout: Literal["none", "code"], count: int) -> None:
    network = on_meta(ResNetSpec(blocks=3, width=2, dropout=dropout))
    dropped = [layer for layer in network.modules() if isinstance(layer, nn.Dropout)]
    assert [layer.p for layer in dropped] == [0.5] * count


def test_a_block_adds_to_what_comes_in() -> None:
    torch.manual_seed(0)
    network = ResNetSpec(blocks=1, width=2, norm="none").build(RGB, RGB)
    [block] = network.get_submodule("blocks").children()
    x = torch.randn(1, 8, 6, 6)
    branch = block.second(torch.relu(block.first.conv(x)))
    torch.testing.assert_close(block(x), x + branch)
    assert (block(x) < 0).any()  # no ReLU after the sum


def test_the_border_is_mirrored_by_default_and_zero_if_asked() -> None:
    torch.manual_seed(0)
    state = None
    made = {}
    for padding in ("reflect", "zero", "replicate"):
        network = ResNetSpec(blocks=1, width=2, norm="none", padding=padding).build(RGB, RGB)
        state = state or network.state_dict()
        network.load_state_dict(state)
        made[padding] = network(torch.linspace(-1, 1, 3 * 64 * 64).reshape(1, 3, 64, 64))[0, 0]
    for padding in ("zero", "replicate"):
        differs = (made[padding] - made["reflect"]).abs() > 1e-6
        assert differs[:4].any()
        assert not differs[28:36, 28:36].any()


@pytest.mark.parametrize("downsamplings", [1, 3, 4])
@pytest.mark.parametrize("blocks", [1, 4])
def test_any_number_of_halvings_and_blocks(downsamplings: int, blocks: int) -> None:
    spec = ResNetSpec(width=2, downsamplings=downsamplings, blocks=blocks)
    assert spec.multiple() == 2**downsamplings
    network = on_meta(spec)
    assert len(network.get_submodule("blocks")) == blocks  # type: ignore[arg-type]
    assert network(torch.empty(2, 3, 32, 48, device="meta")).shape == (2, 3, 32, 48)
    assert spec.published(RGB, RGB) == []


@pytest.mark.parametrize("batch", [1, 2])
@pytest.mark.parametrize(
    "options",
    [
        {"norm": "instance"},
        {"norm": "group", "upsampling": "pixel_shuffle", "padding": "replicate"},
        {"norm": "batch", "upsampling": "bilinear", "padding": "zero"},
        {"norm": "none", "upsampling": "nearest"},
    ],
)
def test_it_learns_the_same_in_both_memory_formats(options: dict[str, Any], batch: int) -> None:
    learns_alike(ResNetSpec(width=4, blocks=2, **options), batch)


@pytest.mark.parametrize(
    ("options", "size", "message", "option"),
    [
        (
            {},
            (64, 66),
            "downsamplings 2 halves the picture 2 times, so its sides must be multiples of 4; "
            "the width is 66. Use width 64 or 68, or downsamplings <= 1",
            "downsamplings",
        ),
        (
            {},
            (4, 64),
            "padding reflect mirrors neighbors, and downsamplings 2 leaves a single pixel of "
            "height 4. Use height 8 or more, or padding zero or replicate",
            "padding",
        ),
        (
            {"padding": "zero", "norm": "instance"},
            (4, 4),
            "norm instance makes a single pixel zero, and downsamplings 2 leaves no more of 4x4. "
            "Use 8x8 or more, or norm batch or group",
            "norm",
        ),
    ],
)
def test_what_it_cannot_take_is_refused_with_the_cure(
    options: dict[str, Any], size: tuple[int, int], message: str, option: str
) -> None:
    with pytest.raises(ContractError) as refused:
        ResNetSpec(**options).check(Image(3, *size), Image(3, *size))
    assert (str(refused.value), refused.value.option) == (message, option)


def test_parts_are_the_three_stages() -> None:
    spec = ResNetSpec(width=1, blocks=1)
    assert list(spec.parts()) == ["encoder", "blocks", "decoder"]
    network = on_meta(spec)
    inside = [p for path in spec.parts().values() for p in network.get_submodule(path).parameters()]
    assert len(inside) == len(list(network.parameters()))


@pytest.mark.parametrize("dropout", ["none", "code"])
@pytest.mark.parametrize("norm", ["batch", "instance", "none"])
@pytest.mark.parametrize("blocks", [1, 6, 9])
def test_the_published_layout_names_every_tensor_once(
    blocks: int, norm: Norm, dropout: Literal["none", "code"]
) -> None:
    spec = ResNetSpec(blocks=blocks, width=3, norm=norm, dropout=dropout)
    [layout] = spec.published(RGB, RGB)
    ours = on_meta(spec).state_dict()
    assert sorted(layout.keys.values()) == sorted(ours)
    shapes = {theirs: tuple(ours[key].shape) for theirs, key in layout.keys.items()}
    read = {"width": 3, "blocks": blocks, "norm": norm, "dropout": dropout}
    assert read_options(ResNetSpec, shapes) == read


@pytest.mark.parametrize(("dropout", "second"), [("none", 5), ("code", 6)])
def test_published_keys_are_where_the_published_program_has_them(
    dropout: Literal["none", "code"], second: int
) -> None:
    keys = ResNetSpec(blocks=9, dropout=dropout).published(RGB, RGB)[0].keys
    assert keys["model.1.weight"] == "encoder.0.conv.weight"
    assert keys["model.8.running_var"] == "encoder.2.norm.running_var"
    assert keys["model.18.conv_block.1.weight"] == "blocks.8.first.conv.weight"
    assert keys[f"model.18.conv_block.{second}.weight"] == "blocks.8.second.conv.weight"
    assert keys[f"model.18.conv_block.{second + 1}.weight"] == "blocks.8.second.norm.weight"
    assert keys["model.19.weight"] == "decoder.0.conv.weight"
    assert keys["model.23.running_mean"] == "decoder.1.norm.running_mean"
    assert keys["model.26.bias"] == "decoder.2.bias"


@pytest.mark.parametrize(
    "options",
    [
        {"padding": "zero"},
        {"padding": "replicate"},
        {"upsampling": "nearest"},
        {"norm": "group"},
        {"downsamplings": 3},
    ],
)
def test_what_nobody_published_reads_no_file(options: dict[str, Any]) -> None:
    assert ResNetSpec(**options).published(RGB, RGB) == []


def test_another_network_s_file_says_nothing() -> None:
    assert ResNetSpec.recognize({"model.model.0.weight": (64, 3, 4, 4)}) is None
    assert ResNetSpec.recognize({"model.1.weight": (64, 3, 7, 7)}) is None
    four_halvings = {"model.1.weight": (64, 3, 7, 7), "model.16.conv_block.1.weight": (1, 1, 3, 3)}
    assert ResNetSpec.recognize(four_halvings) is None


@pytest.mark.skipif(not CASES, reason=f"no golden data in {GOLDEN}")
@pytest.mark.parametrize("path", CASES, ids=lambda path: str(path.parent.name))
def test_the_published_weights_give_the_published_pictures(path: Path) -> None:
    case = json.loads(path.read_text())["case"]
    stored = torch.load(path.parent / "latest_net_G.pth", weights_only=True)
    options = read_options(ResNetSpec, shapes_of(stored))
    blocks = {"resnet_9blocks": 9, "resnet_6blocks": 6}[case["netG"]]
    norm = {"width": case["ngf"], "blocks": blocks, "norm": case["norm"], "dropout": "none"}
    assert options == norm
    spec = ResNetSpec(**options)
    gives_published_pictures(spec, path, stored)
