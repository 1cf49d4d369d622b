from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import nn

from gan_zoo.components.networks import DiscriminatorSpec
from gan_zoo.components.shapes import Image
from gan_zoo.components.spec import Norm
from gan_zoo.errors import ContractError
from gan_zoo_discriminators import gan_zoo_components
from gan_zoo_discriminators.single_specs import PatchSpec, PixelSpec
from tests.plugins.networks import read_options

REPOSITORY = Path(__file__).parents[2]
GOLDEN = Path(os.environ.get("GAN_ZOO_GOLDEN", REPOSITORY / "tests" / "parity" / "golden"))
CASES = sorted(GOLDEN.glob("pix2pix/*/golden.json"))

RGB = Image(3, 256, 256)


def on_meta(spec: DiscriminatorSpec, given: Image = RGB, wanted: Image = RGB) -> nn.Module:
    with torch.device("meta"):
        return spec.build(given, wanted)


def parameters(network: nn.Module) -> int:
    return sum(parameter.numel() for parameter in network.parameters())


def biases(network: nn.Module) -> list[bool]:
    return [c.bias is not None for c in network.modules() if isinstance(c, nn.Conv2d)]


def test_the_plugin_brings_them() -> None:
    assert {"patch", "pixel"} <= {spec.name for spec in gan_zoo_components()}


@pytest.mark.parametrize(
    ("layers", "count"),
    [(1, 139_585), (2, 666_433), (3, 2_768_705), (4, 6_964_033), (5, 11_159_361)],
)
def test_patch_has_the_published_number_of_parameters(layers: int, count: int) -> None:
    assert parameters(on_meta(PatchSpec(layers=layers))) == count


def test_cyclegan_s_patch_has_the_published_number_of_parameters() -> None:
    assert parameters(on_meta(PatchSpec(norm="instance", conditional=False))) == 2_764_737


def test_one_scale_of_pix2pixhd_has_the_published_number_of_parameters() -> None:
    spec = PatchSpec(norm="instance", padding=2, max_width=512, bias=True)
    assert parameters(on_meta(spec, Image(36))) == 5_603_202 // 2


@pytest.mark.parametrize(("norm", "count"), [("batch", 9_024), ("instance", 8_897)])
def test_pixel_has_the_published_number_of_parameters(norm: Norm, count: int) -> None:
    assert parameters(on_meta(PixelSpec(norm=norm))) == count


@pytest.mark.parametrize(("layers", "side"), [(1, 126), (2, 62), (3, 30), (4, 14), (5, 6), (6, 2)])
def test_the_published_number_of_patches(layers: int, side: int) -> None:
    [views] = PatchSpec(layers=layers).views(RGB, RGB)
    assert len(views) == layers + 2
    assert views[-1] == Image(1, side, side)


def test_the_published_feature_sizes_of_pix2pixhd() -> None:
    spec = PatchSpec(padding=2, max_width=512)
    [views] = spec.views(Image(36, 512, 1024), Image(3, 512, 1024))
    assert [(v.channels, v.height, v.width) for v in views] == [
        (64, 257, 513),
        (128, 129, 257),
        (256, 65, 129),
        (512, 66, 130),
        (1, 67, 131),
    ]


@pytest.mark.parametrize(
    ("layers", "field"), [(1, 16), (2, 34), (3, 70), (4, 142), (5, 286), (6, 574)]
)
def test_the_published_receptive_fields(layers: int, field: int) -> None:
    assert PatchSpec(layers=layers).receptive_field() == field


def test_a_pixel_is_judged_alone() -> None:
    assert PixelSpec().receptive_field() == 1


def test_a_logit_sees_exactly_its_receptive_field() -> None:
    network = PatchSpec(layers=1, width=1, norm="none", conditional=False).build(RGB, RGB)
    for parameter in network.parameters():
        nn.init.ones_(parameter)
    picture = torch.ones(1, 3, 48, 48, requires_grad=True)
    network(picture, picture)[0][-1][0, 0, 10, 10].backward()
    assert picture.grad is not None
    seen = picture.grad[0, 0] > 0
    assert seen.any(0).sum() == seen.any(1).sum() == 16


networks = st.one_of(
    st.builds(
        PatchSpec,
        layers=st.integers(1, 4),
        width=st.integers(1, 5),
        norm=st.sampled_from(["batch", "instance", "group", "none"]),
        padding=st.sampled_from([1, 2]),
        max_multiple=st.none() | st.integers(1, 9),
        bias=st.sampled_from(["auto", True, False]),
        spectral=st.booleans(),
        conditional=st.booleans(),
    ),
    st.builds(PatchSpec, width=st.integers(1, 5), max_width=st.integers(1, 20)),
    st.builds(
        PixelSpec,
        width=st.integers(1, 5),
        norm=st.sampled_from(["batch", "instance", "group", "none"]),
        conditional=st.booleans(),
    ),
)


@settings(deadline=None, max_examples=100)
@given(
    spec=networks,
    channels=st.tuples(st.integers(0, 4), st.integers(1, 4)),
    batch=st.integers(1, 3),
    size=st.tuples(st.integers(2, 70), st.integers(2, 70)),
)
def test_views_and_contract_say_what_happens(
    spec: DiscriminatorSpec, channels: tuple[int, int], batch: int, size: tuple[int, int]
) -> None:
    given, wanted = (Image(count, *size) for count in channels)
    condition, picture = (torch.empty(batch, n, *size, device="meta") for n in channels)
    network = on_meta(spec, given, wanted)
    try:
        spec.check(given, wanted)
    except ContractError:
        real = (torch.zeros(tensor.shape) for tensor in (condition, picture))
        with pytest.raises((RuntimeError, ValueError)):  # too small to convolve, or to normalize
            spec.build(given, wanted)(*real)
        return
    views = network(condition, picture)
    expected = [
        [(batch, view.channels, view.height, view.width) for view in scale]
        for scale in spec.views(given, wanted)
    ]
    assert [[tuple(view.shape) for view in scale] for scale in views] == expected


@pytest.mark.parametrize("spec", [PatchSpec(), PixelSpec()])
def test_unknown_sides_stay_unknown(spec: DiscriminatorSpec) -> None:
    spec.check(Image(3), Image(3))
    [views] = spec.views(Image(3), Image(3, height=256))
    assert all(view.height is not None and view.width is None for view in views)


@pytest.mark.parametrize("spec", [PatchSpec(layers=1, width=2), PixelSpec(width=2)])
def test_feature_maps_come_after_their_activation_and_logits_do_not(
    spec: DiscriminatorSpec,
) -> None:
    torch.manual_seed(0)
    network = spec.build(RGB, RGB).eval()
    condition, picture = torch.randn(2, 2, 3, 16, 16)
    [views] = network(condition, picture)
    convolution = network.get_submodule("features.0.conv")
    first = convolution(torch.cat([condition, picture], dim=1))  # the condition first
    torch.testing.assert_close(views[0], nn.functional.leaky_relu(first, 0.2))
    torch.testing.assert_close(views[-1], network.get_submodule("head")(views[-2]))


@pytest.mark.parametrize("options", [{"width": 2}, {"width": 2, "conditional": False}])
@pytest.mark.parametrize("kind", [PatchSpec, PixelSpec])
def test_only_the_conditional_sees_the_condition(
    kind: type[PatchSpec | PixelSpec], options: dict[str, Any]
) -> None:
    torch.manual_seed(0)
    network = kind(**options).build(RGB, RGB).eval()
    picture = torch.randn(1, 3, 32, 32)
    one, other = (network(torch.randn(1, 3, 32, 32), picture)[0][-1] for _ in range(2))
    assert torch.equal(one, other) == (not options.get("conditional", True))


@pytest.mark.parametrize(
    ("spec", "expected"),
    [
        (PatchSpec(), [True, False, False, False, True]),
        (PatchSpec(norm="none"), [True, False, False, False, True]),
        (PatchSpec(norm="group"), [True, False, False, False, True]),
        (PatchSpec(norm="instance"), [True] * 5),
        (PatchSpec(bias=True), [True] * 5),
        (PatchSpec(norm="instance", bias=False), [True, False, False, False, True]),
        (PixelSpec(), [True, False, False]),
        (PixelSpec(norm="instance"), [True, True, True]),
        (PixelSpec(norm="group"), [True, False, False]),
        (PixelSpec(bias=True), [True, True, True]),
    ],
)
def test_biases(spec: DiscriminatorSpec, expected: list[bool]) -> None:
    assert biases(on_meta(spec)) == expected


@pytest.mark.parametrize(
    ("options", "widths"),
    [
        ({"layers": 5}, [64, 128, 256, 512, 512, 512, 1]),
        ({"layers": 5, "max_multiple": 16}, [64, 128, 256, 512, 1024, 1024, 1]),
        ({"layers": 2, "width": 300, "max_width": 512}, [300, 512, 512, 1]),
        ({"layers": 2, "width": 64, "max_width": 32}, [64, 32, 32, 1]),
    ],
)
def test_caps(options: dict[str, Any], widths: list[int]) -> None:
    [views] = PatchSpec(**options).views(RGB, RGB)
    assert [view.channels for view in views] == widths


def test_two_caps_are_refused() -> None:
    with pytest.raises(ValueError, match="max_multiple 8 and max_width 512 are two caps of the"):
        PatchSpec(max_multiple=8, max_width=512)


@pytest.mark.parametrize(
    ("layers", "size", "message"),
    [
        (
            5,
            (64, 256),
            "layers 5 leaves no logit of a picture smaller than 96x96; "
            "it has 3 channels at 64x256. Use a larger picture, or layers <= 4",
        ),
        (
            1,
            (256, 5),
            "layers 1 leaves no logit of a picture smaller than 6x6; "
            "it has 3 channels at 256x5. Use a larger picture, or the discriminator `pixel`",
        ),
    ],
)
def test_a_picture_without_a_logit_is_refused(
    layers: int, size: tuple[int, int], message: str
) -> None:
    with pytest.raises(ContractError) as refused:
        PatchSpec(layers=layers).check(Image(3, *size), Image(3, *size))
    assert str(refused.value) == message
    assert refused.value.option == "layers"


@pytest.mark.parametrize(
    ("spec", "channels"),
    [
        (PixelSpec(norm="instance"), 128),
        (PatchSpec(layers=2, padding=2, norm="instance"), 128),
        (PatchSpec(layers=2, padding=2, norm="group", width=1, max_width=1), 1),
    ],
)
def test_a_picture_that_a_norm_makes_zero_is_refused(
    spec: DiscriminatorSpec, channels: int
) -> None:
    pixel = Image(3, 1, 1)
    with pytest.raises(ContractError) as refused:
        spec.check(pixel, pixel)
    assert str(refused.value) == (
        f"norm {spec.model_dump()['norm']} sees a single pixel, which it makes zero, in a layer of "
        f"{channels} channels: the picture has 3 channels at 1x1. Use a larger picture, or "
        "norm batch"
    )
    with pytest.raises(ValueError, match="more than 1 value per channel"):
        on_meta(spec)(*torch.empty(2, 1, 3, 1, 1, device="meta"))
    spec.check(pixel, Image(3, 1, 2) if isinstance(spec, PixelSpec) else Image(3, 3, 3))


@pytest.mark.parametrize(
    "spec",
    [
        *(PatchSpec(layers=n, width=2, norm=norm) for n in (1, 3) for norm in ("batch", "none")),
        PatchSpec(norm="instance", width=2),
        *(PixelSpec(width=2, norm=norm) for norm in ("batch", "instance", "none")),
    ],
)
def test_the_published_layout_names_every_tensor_once(spec: DiscriminatorSpec) -> None:
    [layout] = spec.published(RGB, RGB)
    ours = on_meta(spec).state_dict()
    assert len(set(layout.keys.values())) == len(layout.keys)
    assert set(layout.keys.values()) == set(ours)
    shapes = {key: tuple(ours[to].shape) for key, to in layout.keys.items()}
    assert type(spec)(**read_options(type(spec), shapes)) == spec


def test_another_network_s_file_says_nothing() -> None:
    for spec in (PatchSpec, PixelSpec):
        assert spec.recognize({"model.1.weight": (64, 3, 7, 7)}) is None


def test_a_file_of_padding_1_is_not_read_into_padding_2() -> None:
    assert PatchSpec(padding=2).published(RGB, RGB) == []


@pytest.mark.skipif(not CASES, reason=f"no golden data in {GOLDEN}")
@pytest.mark.parametrize("path", CASES, ids=lambda path: str(path.parent.name))
def test_the_published_weights_give_the_published_logits(path: Path) -> None:
    from safetensors.torch import load_file

    golden = load_file(path.parent / "golden.safetensors")
    case = json.loads(path.read_text())["case"]
    stored = torch.load(path.parent / "latest_net_D.pth", weights_only=True)
    kind = PixelSpec if case["netD"] == "pixel" else PatchSpec
    shapes = {key: tuple(tensor.shape) for key, tensor in stored.items()}
    options = read_options(kind, shapes)
    assert (options["width"], options["norm"]) == (case["ndf"], case["norm"])
    if kind is PatchSpec:
        assert options["layers"] == (case["n_layers"] if case["netD"] == "n_layers" else 3)

    spec = kind(**options)
    [layout] = spec.published(RGB, RGB)
    assert set(layout.keys) == set(stored)
    source, target = (golden[f"{side}_uint8"].double() / 127.5 - 1 for side in "AB")
    network = spec.build(Image(source.shape[1]), Image(target.shape[1])).double()
    network.load_state_dict({ours: stored[theirs] for theirs, ours in layout.keys.items()})
    with torch.no_grad():
        [views] = network(source, target)
    expected = golden["D_logits_train_mode"].double()
    torch.testing.assert_close(views[-1], expected, atol=1e-6, rtol=0)
