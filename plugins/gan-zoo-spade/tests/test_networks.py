"""Generator and discriminator: the published sizes, and a block against its formula."""

from __future__ import annotations

from typing import Any

import pytest
import torch
import torch.nn.functional as F
from torch import nn
from torch.nn.utils.parametrize import is_parametrized

from gan_zoo import Recipe
from gan_zoo.components import ContractError, DiscriminatorSpec, Image
from gan_zoo_spade.generator import Block
from gan_zoo_spade.specs import SPADEGeneratorSpec, SPADEPatchSpec

PICTURE = Image(3, 256, 512)
SCALES = {"use": "multiscale", "scales": 2, "each": {"use": "spade/patch"}}


def two_scales() -> DiscriminatorSpec:
    """The published discriminator, as a recipe says it."""
    discriminator = Recipe.load("spade/spade", set={"discriminator": SCALES}).discriminator
    assert discriminator
    return discriminator


def counted(network: nn.Module) -> int:
    return sum(parameter.numel() for parameter in network.parameters())


# One-hot classes, one for "don't care" and the edges of instances, where the data has them.
@pytest.mark.parametrize(
    ("channels", "levels", "generator", "discriminator"),
    [
        pytest.param(35 + 1, 6, 93_048_003, 5_601_410, id="Cityscapes"),
        pytest.param(182 + 1 + 1, 5, 97_480_899, 5_904_514, id="COCO-Stuff"),
        pytest.param(150 + 1, 5, 96_492_483, 5_836_930, id="ADE20K"),
    ],
)
def test_the_published_networks_have_their_published_sizes(
    channels: int, levels: int, generator: int, discriminator: int
) -> None:
    map = PICTURE.with_channels(channels)
    judge = two_scales()
    with torch.device("meta"):
        plain = SPADEGeneratorSpec(levels=levels, spectral=False).build(map, PICTURE)
        assert counted(plain) == generator
        assert counted(judge.build(map, PICTURE)) == discriminator


def plan(spec: SPADEGeneratorSpec) -> list[tuple[int, ...]]:
    """What comes into every block, and what the last gives, of a picture of 256x512."""
    with torch.device("meta"):
        network = spec.build(Image(3, 256, 512), PICTURE)
        came: list[tuple[int, ...]] = []
        for block in network.get_submodule("blocks").children():
            block.register_forward_pre_hook(lambda _, x: came.append(tuple(x[0].shape[1:])))
        network.get_submodule("last").register_forward_pre_hook(
            lambda _, x: came.append(tuple(x[0].shape[1:]))
        )
        network(torch.empty(1, 3, 256, 512))
    return came


def test_channels_and_sizes_are_the_published_ones() -> None:
    spec = SPADEGeneratorSpec(spectral=False, hidden=1)
    rest = [(1024, 32, 64), (512, 64, 128), (256, 128, 256), (128, 256, 512), (64, 256, 512)]
    assert plan(spec) == [(1024, 8, 16), (1024, 16, 32), (1024, 16, 32), *rest]
    more = spec.model_copy(update={"levels": 6})
    assert plan(more) == [(1024, 4, 8), (1024, 8, 16), (1024, 16, 32), *rest]
    most = spec.model_copy(update={"levels": 7})
    halved = [(c, h // 2, w // 2) for c, h, w in rest[:-1]] + [(64, 256, 512), (32, 256, 512)]
    assert plan(most) == [(1024, 2, 4), (1024, 4, 8), (1024, 8, 16), *halved]


@pytest.mark.parametrize("levels", range(1, 8))
def test_levels_double_so_often_and_width_is_kept(levels: int) -> None:
    spec = SPADEGeneratorSpec(width=2, levels=levels, spectral=False, hidden=1)
    first, *_, last = plan(spec)
    assert first[1:] == (256 // 2**levels, 512 // 2**levels)
    assert first[0] == 2 * 2 ** min(levels - 1, 4)
    assert last == (1 if levels == 7 else 2, 256, 512)


@pytest.mark.parametrize("channels_out", [4, 6, 2])
def test_a_block_is_the_formula(channels_out: int) -> None:
    torch.manual_seed(0)
    block: Any = Block(
        channels_in=4,
        channels_out=channels_out,
        map_channels=3,
        norm="instance",
        hidden=5,
        kernel=3,
        spectral=False,
    ).double()
    x, map = torch.randn(2, 4, 6, 8).double(), torch.randn(2, 3, 12, 16).double()
    one, two = block.convolutions
    assert (one.out_channels, two.out_channels) == (min(4, channels_out), channels_out)
    branch = F.leaky_relu(block.norms[0](x, map), 0.2)
    branch = F.conv2d(branch, one.weight, one.bias, padding=1)
    branch = F.leaky_relu(block.norms[1](branch, map), 0.2)
    branch = F.conv2d(branch, two.weight, two.bias, padding=1)
    straight = x
    if channels_out != 4:  # no activation, no bias
        straight = F.conv2d(block.shortcut_norm(x, map), block.shortcut.weight)
    torch.testing.assert_close(block(x, map), straight + branch, rtol=1e-12, atol=1e-12)


def spectral(network: nn.Module) -> set[str]:
    """The convolutions whose weight is divided by its spectral norm."""
    return {
        name
        for name, layer in network.named_modules()
        if isinstance(layer, nn.Conv2d) and is_parametrized(layer, "weight")
    }


def test_spectral_norm_is_where_the_paper_s_program_has_it() -> None:
    with torch.device("meta"):
        map = PICTURE.with_channels(4)
        spec = SPADEGeneratorSpec(width=2, levels=2)
        generator = spec.build(map, PICTURE)
        plain = spec.model_copy(update={"spectral": False}).build(map, PICTURE)
        judge: Any = SPADEPatchSpec(width=2).build(map, PICTURE)
    branches = {f"blocks.{block}.convolutions.{n}" for block in range(4) for n in range(2)}
    assert spectral(generator) == branches | {"blocks.3.shortcut"}  # none of those over the map
    assert not spectral(plain)
    assert counted(plain) == counted(generator)  # it adds nothing that learns
    assert spectral(judge) == {f"features.{n}.conv" for n in (1, 2, 3)}
    assert [layer.conv.bias is not None for layer in judge.features] == [True] + [False] * 3
    assert judge.head.bias is not None


def test_the_largest_singular_value_of_a_spectral_weight_is_one() -> None:
    torch.manual_seed(0)
    network = SPADEPatchSpec(layers=2, width=4).build(Image(1, 40, 40), Image(3, 40, 40)).double()
    inputs = torch.randn(1, 1, 40, 40).double(), torch.randn(1, 3, 40, 40).double()
    for _ in range(100):
        network(*inputs)
    for name in spectral(network):
        weight: Any = network.get_submodule(name).weight
        assert torch.linalg.matrix_norm(weight.flatten(1), 2).item() == pytest.approx(1, abs=1e-3)


def test_the_discriminator_s_views_are_those_of_the_paper_s_program() -> None:
    judge = two_scales()
    assert judge.receptive_field() == 70
    fine, coarse = judge.views(Image(36, 512, 1024), Image(3, 512, 1024))
    sizes = [(257, 513), (129, 257), (65, 129), (66, 130), (67, 131)]
    assert [image.size for image in fine] == sizes
    assert [image.channels for image in fine] == [64, 128, 256, 512, 1]
    assert [i.size for i in coarse] == [(129, 257), (65, 129), (33, 65), (34, 66), (35, 67)]


@pytest.mark.parametrize(
    ("options", "size", "told"),
    [
        ({"levels": 5}, (64, 80), "width is 80. Use width 64 or 96, or levels <= 4"),
        ({"levels": 7, "width": 1}, (128, 128), "Use width 2 or more, or levels <= 6"),
        ({"norm": "instance"}, (32, 32), "Use 64x64 or more, or norm batch"),
    ],
)
def test_what_cannot_be_is_told_with_a_cure(
    options: dict[str, Any], size: tuple[int, int], told: str
) -> None:
    with pytest.raises(ContractError) as caught:
        SPADEGeneratorSpec(**options).check(Image(4, *size), Image(3, *size))
    assert told in str(caught.value)
