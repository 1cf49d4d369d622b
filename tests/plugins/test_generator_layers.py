from __future__ import annotations

import math
from typing import Any, Literal

import pytest
import torch
from torch import Tensor, nn

from gan_zoo.components.layers import conv_norm_activation
from gan_zoo.components.norms import group_count, norm_layer
from gan_zoo.components.shapes import Image
from gan_zoo.errors import ContractError
from gan_zoo_generators.contracts import Padding, Upsampling
from gan_zoo_generators.layers import activation_layer, convolution, upsampler
from gan_zoo_generators.residual_specs import GlobalSpec, LocalEnhancerSpec, ResNetSpec
from gan_zoo_generators.unet_specs import EncoderDecoderSpec, TimmUNetSpec, UNetSpec
from tests.plugins.networks import RGB, learns_alike, on_meta

UPSAMPLINGS: tuple[Upsampling, ...] = ("transposed", "nearest", "bilinear", "pixel_shuffle")
PADDINGS: tuple[Padding, ...] = ("zero", "reflect", "replicate")


GROUPS = {
    1: 1,
    2: 1,
    3: 1,
    4: 2,
    6: 3,
    7: 1,
    12: 6,
    24: 12,
    32: 16,
    62: 31,
    64: 32,
    100: 25,
    512: 32,
}


@pytest.mark.parametrize(("channels", "groups"), GROUPS.items())
def test_groups_divide_the_channels_and_hold_two_or_more(channels: int, groups: int) -> None:
    assert group_count(channels) == groups
    layer = norm_layer("group", channels)
    assert isinstance(layer, nn.GroupNorm)
    assert (layer.num_groups, layer.affine, layer.eps) == (groups, True, 1e-5)


def test_group_norm_takes_the_mean_of_its_groups() -> None:
    torch.manual_seed(0)
    x = torch.randn(2, 8, 5, 3, dtype=torch.float64)
    groups = x.reshape(2, 4, 2 * 5 * 3)
    mean = groups.mean(dim=2, keepdim=True)
    deviation = (groups.var(dim=2, unbiased=False, keepdim=True) + 1e-5).sqrt()
    expected = ((groups - mean) / deviation).reshape(x.shape)
    torch.testing.assert_close(norm_layer("group", 8).double()(x), expected)


@pytest.mark.parametrize("how", UPSAMPLINGS)
@pytest.mark.parametrize("kernel", [3, 4])
@pytest.mark.parametrize("padding", PADDINGS)
def test_the_sides_are_doubled(how: Upsampling, kernel: Literal[3, 4], padding: Padding) -> None:
    layer = upsampler(how, 3, 5, kernel=kernel, bias=True, padding=padding)
    assert layer(torch.randn(2, 3, 4, 7)).shape == (2, 5, 8, 14)
    count = {"transposed": 3 * 5 * kernel**2 + 5, "pixel_shuffle": 3 * 20 * 9 + 20}
    assert sum(p.numel() for p in layer.parameters()) == count.get(how, 3 * 5 * 9 + 5)


def evenness(how: Upsampling) -> Tensor:
    """How differently a constant picture comes out at neighboring places, away from the border."""
    torch.manual_seed(0)
    layer = upsampler(how, 1, 1, kernel=3, bias=False, padding="zero")
    made = layer(torch.ones(1, 1, 8, 8))[0, 0, 4:-4, 4:-4]
    return made.max() - made.min()


def test_only_a_resize_leaves_a_constant_picture_constant_whatever_the_weights() -> None:
    assert evenness("nearest") < 1e-6
    assert evenness("bilinear") < 1e-6
    assert evenness("transposed") > 0.01
    assert evenness("pixel_shuffle") > 0.01


def test_nearest_and_bilinear_are_what_they_are_called() -> None:
    x = torch.tensor([[[[0.0, 4.0]]]])
    nearest, bilinear = (
        upsampler(how, 1, 1, kernel=3, bias=False, padding="zero").get_submodule("resize")
        for how in ("nearest", "bilinear")
    )
    assert nearest(x)[0, 0].tolist() == [[0, 0, 4, 4]] * 2
    assert bilinear(x)[0, 0].tolist() == [[0, 1, 3, 4]] * 2


def test_pixel_shuffle_lays_four_channels_out_as_two_by_two() -> None:
    layer = upsampler("pixel_shuffle", 1, 1, kernel=3, bias=True, padding="zero")
    conv = layer.get_submodule("conv")
    with torch.no_grad():
        conv.get_parameter("weight").zero_()
        conv.get_parameter("bias").copy_(torch.tensor([1.0, 2.0, 3.0, 4.0]))
    assert layer(torch.zeros(1, 1, 1, 1))[0, 0].tolist() == [[1, 2], [3, 4]]


@pytest.mark.parametrize(("padding", "left"), [("zero", 0.0), ("reflect", 2.0), ("replicate", 1.0)])
def test_what_stands_beyond_the_border(padding: Padding, left: float) -> None:
    layer = convolution(1, 1, 3, bias=False, padding=padding)
    with torch.no_grad():
        layer.weight.zero_()
        layer.weight[0, 0, 1, 0] = 1  # shows what stands to the left
    row = torch.tensor([[1.0, 2.0, 3.0]] * 3)[None, None]
    assert layer(row)[0, 0, 1].tolist() == [left, 1.0, 2.0]


def test_a_normed_convolution_ends_in_a_relu() -> None:
    torch.manual_seed(0)
    layer = conv_norm_activation(convolution(2, 4, 3, bias=False), "group", 4)
    assert [name for name, _ in layer.named_children()] == ["conv", "norm", "activation"]
    assert layer(torch.randn(1, 2, 6, 6)).min() == 0


@pytest.mark.parametrize("batch", [1, 2])
@pytest.mark.parametrize("upsampling", UPSAMPLINGS)
@pytest.mark.parametrize(("padding", "norm"), [("zero", "group"), ("reflect", "batch")])
@pytest.mark.parametrize("kind", [UNetSpec, EncoderDecoderSpec])
def test_every_option_learns_the_same_in_both_memory_formats(
    kind: Any, upsampling: Upsampling, padding: Padding, norm: Any, batch: int
) -> None:
    options = {"upsampling": upsampling, "padding": padding, "norm": norm, "dropout": "none"}
    learns_alike(kind(depth=3, width=2, **options), batch, 16, 32)


@pytest.mark.parametrize("kind", [UNetSpec, EncoderDecoderSpec])
def test_the_default_keys_are_those_of_before(kind: Any) -> None:
    keys = list(on_meta(kind(depth=2, width=1, norm="batch")).state_dict())
    norm = ("weight", "bias", "running_mean", "running_var", "num_batches_tracked")
    assert keys == [
        "encoder.0.conv.weight",
        "encoder.1.conv.weight",
        "decoder.0.conv.weight",
        *(f"decoder.0.norm.{name}" for name in norm),
        "decoder.1.conv.weight",
        "decoder.1.conv.bias",
    ]


@pytest.mark.parametrize(
    "options",
    [
        *({"upsampling": how} for how in UPSAMPLINGS[1:]),
        *({"padding": padding} for padding in PADDINGS[1:]),
        {"norm": "group"},
        {"activation": "silu"},
    ],
)
def test_what_nobody_published_reads_no_file(options: dict[str, Any]) -> None:
    assert UNetSpec(**options).published(RGB, RGB) == []
    assert len(UNetSpec().published(RGB, RGB)) == 1


@pytest.mark.parametrize("kind", [UNetSpec, EncoderDecoderSpec])
def test_a_single_pixel_has_no_neighbor_to_mirror(kind: Any) -> None:
    spec = kind(depth=3, width=1, padding="reflect", upsampling="pixel_shuffle")
    small = Image(3, 16, 8)
    with pytest.raises(ContractError) as refused:
        spec.check(small, small)
    assert str(refused.value) == (
        "padding reflect mirrors neighbors, and depth 3 leaves a single pixel of width 8. "
        "Use width 16 or more, or another upsampling, or padding replicate, or depth < 3"
    )
    with pytest.raises(RuntimeError, match=r"[Pp]adding size should be less"):
        on_meta(spec)(torch.empty(2, 3, 16, 8, device="meta"))
    spec.check(small.resized(16, 16), small.resized(16, 16))
    kind(depth=3, padding="reflect").check(small, small)


# ---------------------------------------------------------------------------------- activations

SMALL: dict[str, tuple[Any, int]] = {  # a spec, and how many activations its module has
    "unet": (UNetSpec(depth=3, width=2, dropout="none"), 2 + 3),
    "encoder_decoder": (EncoderDecoderSpec(depth=3, width=2, dropout="none"), 2 + 3),
    "resnet": (ResNetSpec(blocks=2, downsamplings=1, width=2), 1 + 1 + 2 + 1),
    "global": (GlobalSpec(blocks=2, downsamplings=1, width=2), 1 + 1 + 2 + 1),
    "local_enhancer": (
        LocalEnhancerSpec(blocks=1, coarse=GlobalSpec(blocks=1, downsamplings=1, width=2)),
        1 + 1 + 1 + 1,
    ),
    "unet_timm": (TimmUNetSpec(backbone="test_byobnet", levels=2, width=2), 2 * 2),
}


def without_its_own(name: str, network: nn.Module) -> list[nn.Module]:
    """The layers that the option is about: a coarse part and a backbone have their own."""
    aside = {"local_enhancer": "coarse.", "unet_timm": "encoder."}.get(name, "nowhere")
    return [layer for path, layer in network.named_modules() if not path.startswith(aside)]


@pytest.mark.parametrize("name", SMALL)
def test_silu_stands_wherever_a_relu_stood(name: str) -> None:
    spec, count = SMALL[name]
    relu, silu = (
        without_its_own(name, on_meta(spec.model_copy(update={"activation": kind})))
        for kind in ("relu", "silu")
    )
    assert sum(isinstance(layer, nn.ReLU | nn.LeakyReLU) for layer in relu) == count
    assert sum(isinstance(layer, nn.SiLU) for layer in silu) == count
    assert not any(isinstance(layer, nn.ReLU | nn.LeakyReLU) for layer in silu)
    assert [p.shape for layer in relu for p in layer.parameters(False)] == [
        p.shape for layer in silu for p in layer.parameters(False)
    ]


@pytest.mark.parametrize("batch", [1, 2])
@pytest.mark.parametrize(
    "name", [name for name in SMALL if name != "local_enhancer"]
)  # its coarse head rests
def test_silu_learns_the_same_in_both_memory_formats(name: str, batch: int) -> None:
    """And leaves what it is given as it is, as skips ask."""
    spec = SMALL[name][0].model_copy(update={"activation": "silu", "norm": "group"})
    learns_alike(spec, batch, 32, 16)


def test_activations_by_hand() -> None:
    x = torch.tensor([-2.0, 0.0, 1.0])
    made = activation_layer("silu")(x)
    torch.testing.assert_close(made, torch.tensor([-2 / (1 + math.e**2), 0, 1 / (1 + 1 / math.e)]))
    assert activation_layer("silu", slope=0.2)(x).equal(made)
    assert activation_layer("relu")(x).tolist() == [0, 0, 1]
    assert activation_layer("relu", slope=0.25)(x).tolist() == [-0.5, 0, 1]
    assert x.tolist() == [-2, 0, 1]


def test_a_silu_unet_is_the_one_written_out_here() -> None:
    torch.manual_seed(0)
    spec = UNetSpec(depth=2, width=2, norm="none", dropout="none", activation="silu")
    network = spec.build(Image(3), Image(3)).double()
    first, second, up, last = (
        network.get_submodule(f"{part}.conv")
        for part in ("encoder.0", "encoder.1", "decoder.0", "decoder.1")
    )
    x = torch.randn(2, 3, 8, 8, dtype=torch.float64)
    silu = nn.functional.silu
    skip = first(x)
    joined = torch.cat([skip, up(silu(second(silu(skip))))], dim=1)
    torch.testing.assert_close(network(x), torch.tanh(last(silu(joined))))
