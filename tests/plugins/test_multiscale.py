"""Several scales: what each sees, how they are named, and how they grow from phase to phase."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
import torch
import torch.nn.functional as F
from pydantic import ValidationError
from torch import Tensor, nn
from torch.utils.flop_counter import FlopCounterMode

from gan_zoo.components.networks import Single
from gan_zoo.components.shapes import Image
from gan_zoo.components.spec import Norm
from gan_zoo.errors import ContractError
from gan_zoo.registry.plugins import Plugin
from gan_zoo.registry.zoo import Zoo
from gan_zoo.testing import examine
from gan_zoo_discriminators.multiscale_specs import MultiScaleSpec
from gan_zoo_discriminators.single_specs import PatchSpec, PixelSpec
from tests.plugins.networks import (
    GOLDEN,
    RGB,
    label_maps,
    on_meta,
    parameters,
    pictures,
    read_options,
    shapes_of,
    tensors,
)

CASES = sorted(GOLDEN.glob("pix2pixhd/*/golden.json"))
TINY = PatchSpec(layers=1, width=2, norm="none", padding=2)


def published(**options: Any) -> PatchSpec:
    return PatchSpec(
        **{"norm": "instance", "padding": 2, "max_width": 512, "bias": True, **options}
    )


@pytest.mark.parametrize(("scales", "count"), [(2, 5_603_202), (3, 8_404_803)])
def test_it_has_the_published_number_of_parameters(scales: int, count: int) -> None:
    spec = MultiScaleSpec(scales=scales)
    assert spec.each == published()
    with torch.device("meta"):
        assert parameters(spec.build(Image(36), Image(3))) == count


def test_the_published_sizes() -> None:
    views = MultiScaleSpec(scales=2).views(Image(36, 512, 1024), Image(3, 512, 1024))
    assert [[view.size for view in scale] for scale in views] == [
        [(257, 513), (129, 257), (65, 129), (66, 130), (67, 131)],
        [(129, 257), (65, 129), (33, 65), (34, 66), (35, 67)],
    ]
    assert [view.channels for view in views[1]] == [64, 128, 256, 512, 1]
    assert MultiScaleSpec().receptive_field() == 70


def build(spec: MultiScaleSpec) -> Any:
    torch.manual_seed(0)
    return spec.build(Image(2), Image(3)).double()


def random(*shape: int) -> Tensor:
    draw = torch.Generator().manual_seed(1)
    return torch.randn(shape, dtype=torch.float64, generator=draw)


def test_each_scale_sees_both_halved_and_the_finest_comes_first() -> None:
    network = build(MultiScaleSpec(scales=3, each=TINY))
    seen = random(2, 5, 24, 18)
    views = network(seen[:, :2], seen[:, 2:])
    assert len(views) == 3
    for n, view in enumerate(views):
        judge = network.scales[2 - n]  # named from the coarsest on
        [expected] = judge(seen[:, :2], seen[:, 2:])
        for came, wanted in zip(view, expected, strict=True):
            torch.testing.assert_close(came, wanted)
        seen = F.avg_pool2d(seen, 3, stride=2, padding=1, count_include_pad=False)


def test_without_a_condition_only_the_picture_is_judged() -> None:
    spec = MultiScaleSpec(scales=3, each=PatchSpec(layers=1, width=2, conditional=False))
    network = on_meta(spec, 0)
    views = network(torch.empty(2, 0, 33, 41, device="meta"), torch.empty(2, 3, 33, 41).to("meta"))
    promised = spec.views(Image(0, 33, 41), Image(3, 33, 41))
    came = [[tuple(tensor.shape[1:]) for tensor in view] for view in views]
    assert came == [[(view.channels, view.height, view.width) for view in s] for s in promised]


def test_fewer_scales_in_a_phase_are_the_coarsest_and_the_same_layers() -> None:
    spec = MultiScaleSpec(scales=3, each=TINY)
    network = build(spec)
    staged: Any = MultiScaleSpec(scales=2, each=TINY).playing_part(network)
    assert list(staged.scales) == list(network.scales)[:2]
    condition, picture = random(1, 2, 16, 16), random(1, 3, 16, 16)
    [expected] = network.scales[1](condition, picture)  # the finest of those that play
    for came, wanted in zip(staged(condition, picture)[0], expected, strict=True):
        assert torch.equal(came, wanted)
    assert spec.per_phase == spec.capped == {"scales"}


def test_one_scale_more_keeps_what_the_others_are_called() -> None:
    two, three = (build(MultiScaleSpec(scales=n, each=TINY)) for n in (2, 3))
    fresh = three.load_state_dict(two.state_dict(), strict=False).missing_keys
    assert {key.split(".")[1] for key in fresh} == {"2"}
    condition, picture = random(1, 2, 32, 32), random(1, 3, 32, 32)
    smaller = [F.avg_pool2d(x, 3, 2, 1, count_include_pad=False) for x in (condition, picture)]
    for ours, theirs in zip(three(condition, picture)[1:], two(*smaller), strict=True):
        for came, wanted in zip(ours, theirs, strict=True):
            torch.testing.assert_close(came, wanted)


@pytest.mark.parametrize(
    ("spec", "size", "message", "option"),
    [
        (
            MultiScaleSpec(scales=3, each=PatchSpec()),
            (64, 64),
            "scale 3 of 3 sees the picture, 3 channels at 64x64, halved 2 times: layers 3 leaves "
            "no logit of a picture smaller than 24x24; it has 3 channels at 16x16. Use a larger "
            "picture, or layers <= 2; or scales <= 2",
            "scales",
        ),
        (
            MultiScaleSpec(scales=2, each=PixelSpec(norm="instance")),
            (2, 2),
            "scale 2 of 2 sees the picture, 3 channels at 2x2, halved 1 time: norm instance sees a "
            "single pixel, which it makes zero, in a layer of 128 channels: the picture has 3 "
            "channels at 1x1. Use a larger picture, or norm batch; or scales <= 1",
            "scales",
        ),
        (
            MultiScaleSpec(scales=3, each=PatchSpec(layers=1)),
            (4, 64),
            "layers 1 leaves no logit of a picture smaller than 6x6; it has 3 channels at 4x64. "
            "Use a larger picture, or the discriminator `pixel`",
            "each.layers",
        ),
    ],
)
def test_a_scale_that_would_vanish_is_refused_with_the_cure(
    spec: MultiScaleSpec, size: tuple[int, int], message: str, option: str
) -> None:
    with pytest.raises(ContractError) as refused:
        spec.check(Image(3, *size), Image(3, *size))
    assert (str(refused.value), refused.value.option) == (message, option)


def test_several_scales_are_no_single_scale() -> None:
    with pytest.raises(ValidationError, match="multiscale cannot stand here; name one of patch, p"):
        MultiScaleSpec.model_validate({"each": {"use": "multiscale"}})


class Dots(nn.Module):
    """A stranger's: a 3x3 kernel and no features."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.judge = nn.Conv2d(channels, 1, 3, padding=1)

    def forward(self, condition: Tensor, picture: Tensor) -> list[list[Tensor]]:
        return [[self.judge(torch.cat([condition, picture], dim=1))]]


class DotsSpec(Single, name="dots"):
    """Logits of three by three pixels."""

    bright: bool = False
    """Whether its bias is fetched."""

    def views(self, given: Image, wanted: Image) -> list[list[Image]]:
        return [[wanted.with_channels(1)]]

    def receptive_field(self) -> int:
        return 3

    def build(self, given: Image, wanted: Image) -> nn.Module:
        return Dots(given.channels + wanted.channels)

    def fetch(self, module: nn.Module) -> None:
        nn.init.ones_(module.get_parameter("judge.bias"))


def test_a_stranger_s_single_scale_goes_in() -> None:
    guests = Zoo([*Zoo.installed().plugins, Plugin("guest", "guest", "0", (DotsSpec,))])
    spec = MultiScaleSpec.model_validate(
        {"scales": 3, "each": {"use": "guest/dots"}}, context={"zoo": guests}
    )
    assert isinstance(spec.each, DotsSpec)
    network = build(spec)
    views = network(random(1, 2, 9, 9), random(1, 3, 9, 9))
    assert [tuple(logits.shape[2:]) for [logits] in views] == [(9, 9), (5, 5), (3, 3)]
    assert spec.published(RGB, RGB) == []
    spec.fetch(network)
    assert [scale.judge.bias.item() for scale in network.scales] == [1, 1, 1]
    assert examine(DotsSpec, "contract over odd sizes") == {}


# ---------------------------------------------------------------------------------- published


@pytest.mark.parametrize("norm", ["batch", "instance"])
@pytest.mark.parametrize(("scales", "layers"), [(1, 1), (2, 3), (3, 4)])
def test_the_published_layouts_name_every_tensor_once(scales: int, layers: int, norm: Norm) -> None:
    spec = MultiScaleSpec(scales=scales, each=published(layers=layers, width=3, norm=norm))
    with torch.device("meta"):
        ours = spec.build(RGB, RGB).state_dict()
    layouts = spec.published(RGB, RGB)
    assert [layout.file for layout in layouts] == ["D", "D"]
    for layout in layouts:
        assert sorted(layout.keys.values()) == sorted(ours)
        shapes = {theirs: tuple(ours[key].shape) for theirs, key in layout.keys.items()}
        assert read_options(MultiScaleSpec, shapes) == {
            "scales": scales,
            "each.use": "patch",
            "each.layers": layers,
            "each.width": 3,
            "each.norm": norm,
            "each.padding": 2,
            "each.max_multiple": None,
            "each.max_width": 512,
            "each.bias": True,
        }


def test_published_keys_are_where_the_published_program_has_them() -> None:
    spec = MultiScaleSpec(scales=2, each=published(norm="batch"))
    matched, plain = (layout.keys for layout in spec.published(RGB, RGB))
    assert matched["scale0_layer0.0.weight"] == "scales.0.features.0.conv.weight"
    assert matched["scale1_layer3.1.running_var"] == "scales.1.features.3.norm.running_var"
    assert matched["scale1_layer4.0.bias"] == "scales.1.head.bias"
    assert plain["layer0.0.bias"] == "scales.0.features.0.conv.bias"
    assert plain["layer1.8.weight"] == "scales.1.features.3.conv.weight"
    assert plain["layer1.9.weight"] == "scales.1.features.3.norm.weight"
    assert plain["layer1.11.weight"] == "scales.1.head.weight"
    for theirs, ours in matched.items():  # the same layers, one by one
        scale, layer, rest = re.fullmatch(r"scale(\d)_layer(\d)\.(.*)", theirs).groups()  # type: ignore[union-attr]
        if rest.startswith("0."):
            place = 3 * int(layer) - 1 if int(layer) else 0
            assert plain[f"layer{scale}.{place}.{rest[2:]}"] == ours


@pytest.mark.parametrize(
    "each",
    [
        published(padding=1),
        published(norm="group"),
        published(spectral=True),
        published(norm="batch", bias="auto"),
        PixelSpec(),
    ],
)
def test_what_nobody_published_reads_no_file(each: Single) -> None:
    assert MultiScaleSpec(each=each).published(RGB, RGB) == []


def test_another_network_s_file_says_nothing() -> None:
    assert MultiScaleSpec.recognize({"model.0.weight": (64, 6, 4, 4)}) is None
    assert MultiScaleSpec.recognize({"layer0.0.bias": (64,)}) is None


@pytest.mark.skipif(not CASES, reason=f"no golden data in {GOLDEN}")
@pytest.mark.parametrize("path", CASES, ids=lambda path: str(path.parent.name))
def test_the_published_weights_give_the_published_views(path: Path) -> None:
    golden = tensors(path)
    stored = torch.load(path.parent / "latest_net_D.pth", weights_only=True)
    options = read_options(MultiScaleSpec, shapes_of(stored))
    found = {key: options[f"each.{key}"] for key in ("layers", "width", "norm")}
    spec = MultiScaleSpec(scales=options["scales"], each=published(**found))
    assert spec.scales == (3 if path.parent.name == "local" else 2)
    [layout] = [one for one in spec.published(RGB, RGB) if set(one.keys) == set(stored)]
    condition, picture = label_maps(golden, classes=6), pictures(golden["image_uint8"])
    network = spec.build(Image(7), Image(3)).double()
    network.load_state_dict({ours: stored[theirs] for theirs, ours in layout.keys.items()})
    with torch.no_grad():
        views = network(condition, picture)
    names = [name for name in golden if name.startswith("D_real_scale")]
    assert len(names) == 2 * spec.scales
    for name in names:
        scale, layer = (int(number) for number in re.findall(r"\d+", name))
        torch.testing.assert_close(views[scale][layer], golden[name].double(), atol=1e-6, rtol=0)


@pytest.mark.parametrize("conditional", [True, False])
@pytest.mark.parametrize("known", [0, 1, 3, 36])
@pytest.mark.parametrize("use", ["patch", "pixel", "multiscale"])
def test_several_pictures_beside_one_condition_are_judged_as_each_alone(
    use: str, known: int, conditional: bool
) -> None:
    """The same views and gradients, and fewer operations where there is a condition."""
    draw = torch.Generator().manual_seed(known)
    single = PatchSpec(layers=1, width=4, norm="instance", conditional=conditional)
    spec = {
        "patch": single,
        "pixel": PixelSpec(width=4, norm="instance", conditional=conditional),
        "multiscale": MultiScaleSpec(scales=2, each=single),
    }[use]
    given, picture = Image(known, 32, 32), Image(2, 32, 32)
    module: Any = spec.build(given, picture).double()
    assert module.takes_several
    condition, one, other = (
        torch.rand(2, c, 32, 32, dtype=torch.float64, generator=draw) for c in (known, 2, 2)
    )
    one.requires_grad_()

    def judge(together: bool) -> tuple[list[torch.Tensor], list[torch.Tensor], int]:
        with FlopCounterMode(display=False) as flops:
            seen = one.view_as(one), other
            views = module(condition, seen) if together else [module(condition, p) for p in seen]
            made = [feature for both in views for view in both for feature in view]
            total = torch.stack([(feature**2).sum() for feature in made]).sum()
            slopes = torch.autograd.grad(total, [one, *module.parameters()], allow_unused=True)
        return made, [slope for slope in slopes if slope is not None], flops.get_total_flops()

    (ours, slopes, few), (theirs, expected, many) = judge(True), judge(False)
    for mine, other_one in zip([*ours, *slopes], [*theirs, *expected], strict=True):
        torch.testing.assert_close(mine, other_one, rtol=1e-9, atol=1e-9)
    assert (few < many) == bool(conditional and known)


def test_a_spectral_norm_takes_a_turn_for_every_picture() -> None:
    picture = Image(3, 32, 32)
    spec = MultiScaleSpec(scales=2, each=PatchSpec(layers=1, width=4, spectral=True))
    module: Any = spec.build(picture, picture)
    assert not module.takes_several
