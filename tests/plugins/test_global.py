"""The global generator, and the door to the features before a generator's head."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import torch
from torch import nn

from gan_zoo.components.networks import GeneratorSpec
from gan_zoo.components.shapes import Image
from gan_zoo.components.spec import Norm
from gan_zoo.registry.zoo import Zoo
from gan_zoo_generators.residual_specs import GlobalSpec, ResNetSpec
from tests.plugins.networks import (
    GOLDEN,
    RGB,
    compare,
    label_maps,
    learns_alike,
    on_meta,
    parameters,
    read_options,
    shapes_of,
    tensors,
)

CASES = sorted(path for path in GOLDEN.glob("pix2pixhd/global/golden.json"))
GENERATORS = [claims[0].spec for claims in Zoo.installed().claims("generator").values()]


def test_it_has_the_published_number_of_parameters() -> None:
    assert parameters(on_meta(GlobalSpec(), 36)) == 182_546_755


def test_the_defaults_are_the_published_ones() -> None:
    spec = GlobalSpec()
    assert (spec.width, spec.downsamplings, spec.blocks, spec.norm) == (64, 4, 9, "instance")
    assert (spec.padding, spec.upsampling, spec.multiple()) == ("reflect", "transposed", 16)


@pytest.mark.parametrize("norm", ["batch", "instance", "group", "none"])
def test_every_convolution_has_a_bias_whatever_the_norm(norm: Norm) -> None:
    network = on_meta(GlobalSpec(width=2, blocks=2, norm=norm))
    layers = [m for m in network.modules() if isinstance(m, nn.Conv2d | nn.ConvTranspose2d)]
    assert [layer.bias is not None for layer in layers] == [True] * (1 + 4 + 4 + 4 + 1)
    assert not any(isinstance(layer, nn.Dropout) for layer in network.modules())


def test_with_two_halvings_and_instance_norm_it_is_the_residual_generator() -> None:
    torch.manual_seed(0)
    deep = GlobalSpec(width=3, blocks=2, downsamplings=2).build(RGB, RGB)
    other = ResNetSpec(width=3, blocks=2, norm="instance").build(RGB, RGB)
    other.load_state_dict(deep.state_dict())
    x = torch.randn(1, 3, 16, 16)
    assert torch.equal(deep(x), other(x))


@pytest.mark.parametrize("batch", [1, 2])
def test_it_learns_the_same_in_both_memory_formats(batch: int) -> None:
    learns_alike(GlobalSpec(width=2, blocks=1, downsamplings=2), batch)


@pytest.mark.parametrize("kind", GENERATORS, ids=lambda kind: str(kind.name))
def test_the_head_makes_the_picture_of_the_features(kind: type[GeneratorSpec]) -> None:
    spec = kind.example()
    side = 4 * spec.multiple()
    image = Image(3, side, 2 * side)
    promised = spec.features(image, image)
    if promised is None:
        assert spec.name == "local_enhancer"
        return
    torch.manual_seed(0)
    network: Any = spec.build(image, image).eval()
    x = torch.randn(2, 3, side, 2 * side)
    with torch.no_grad():
        features = network.features(x)
        assert features.shape == (2, promised.channels, promised.height, promised.width)
        assert torch.equal(network.head(features), network(x))
    unknown = spec.features(Image(3), Image(3))
    assert unknown == Image(promised.channels)


@pytest.mark.parametrize("norm", ["batch", "instance"])
@pytest.mark.parametrize(("downsamplings", "blocks"), [(1, 1), (3, 2), (4, 9)])
def test_the_published_layout_names_every_tensor_once(
    downsamplings: int, blocks: int, norm: Norm
) -> None:
    spec = GlobalSpec(downsamplings=downsamplings, blocks=blocks, width=3, norm=norm)
    [layout] = spec.published(RGB, RGB)
    ours = on_meta(spec).state_dict()
    assert sorted(layout.keys.values()) == sorted(ours)
    assert layout.rests == frozenset()
    shapes = {theirs: tuple(ours[key].shape) for theirs, key in layout.keys.items()}
    read = {"width": 3, "blocks": blocks, "downsamplings": downsamplings, "norm": norm}
    assert read_options(GlobalSpec, shapes) == read


def test_published_keys_are_where_the_published_program_has_them() -> None:
    keys = GlobalSpec(norm="batch").published(RGB, RGB)[0].keys
    assert keys["model.1.bias"] == "encoder.0.conv.bias"
    assert keys["model.13.weight"] == "encoder.4.conv.weight"
    assert keys["model.14.running_mean"] == "encoder.4.norm.running_mean"
    assert keys["model.16.conv_block.1.weight"] == "blocks.0.first.conv.weight"
    assert keys["model.24.conv_block.5.bias"] == "blocks.8.second.conv.bias"
    assert keys["model.25.weight"] == "decoder.0.conv.weight"
    assert keys["model.34.weight"] == "decoder.3.conv.weight"
    assert keys["model.38.weight"] == "decoder.4.weight"


@pytest.mark.parametrize(
    "options",
    [{"padding": "zero"}, {"upsampling": "nearest"}, {"norm": "group"}],
)
def test_what_nobody_published_reads_no_file(options: dict[str, Any]) -> None:
    assert GlobalSpec(**options).published(RGB, RGB) == []


@pytest.mark.parametrize(
    "shapes",
    [
        {},
        {"model.model.0.weight": (64, 3, 4, 4)},
        {"model.1.weight": (64, 3, 7, 7), "model.1.bias": (64,)},
        {"model.1.weight": (4, 3, 7, 7), "model.10.conv_block.5.weight": (1, 1, 3, 3)},  # no bias
        {  # a block where none can be
            **{"model.1.weight": (4, 3, 7, 7), "model.1.bias": (4,)},
            "model.11.conv_block.5.weight": (1, 1, 3, 3),
        },
    ],
)
def test_another_network_s_file_says_nothing(shapes: dict[str, tuple[int, ...]]) -> None:
    assert GlobalSpec.recognize(shapes) is None


@pytest.mark.skipif(not CASES, reason=f"no golden data in {GOLDEN}")
@pytest.mark.parametrize("path", CASES, ids=lambda path: str(path.parent.name))
def test_the_published_weights_give_the_published_pictures(path: Path) -> None:
    golden = tensors(path)
    stored = torch.load(path.parent / "latest_net_G.pth", weights_only=True)
    spec = GlobalSpec(**read_options(GlobalSpec, shapes_of(stored)))
    assert (spec.width, spec.downsamplings, spec.blocks, spec.norm) == (4, 3, 2, "instance")
    [layout] = spec.published(RGB, RGB)
    assert set(layout.keys) == set(stored)
    condition = label_maps(golden, classes=6)
    network = spec.build(Image(7), Image(3)).double()
    network.load_state_dict({ours: stored[theirs] for theirs, ours in layout.keys.items()})
    with torch.no_grad():
        compare(network(condition), golden, "G_output")
