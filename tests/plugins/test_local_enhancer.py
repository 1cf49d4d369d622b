"""Coarse to fine: which parts there are, what they see, which sizes and widths fit."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from gan_zoo.components.networks import GeneratorSpec
from gan_zoo.components.shapes import Image
from gan_zoo.components.spec import Norm
from gan_zoo.errors import ContractError
from gan_zoo_generators.residual_specs import GlobalSpec, LocalEnhancerSpec, ResNetSpec
from gan_zoo_generators.unet_specs import TimmUNetSpec, UNetSpec
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

CASES = sorted(GOLDEN.glob("pix2pixhd/local/golden.json"))
SMALL = GlobalSpec(width=4, blocks=1, downsamplings=2)
COARSE_HEAD = 3 * 64 * 49 + 3


@pytest.mark.parametrize(("enhancers", "count"), [(1, 182_857_059), (2, 182_947_699)])
def test_what_plays_has_the_published_number_of_parameters(enhancers: int, count: int) -> None:
    network = on_meta(LocalEnhancerSpec(enhancers=enhancers), 36)
    condition = torch.empty(1, 36, 128, 128, device="meta")
    learned = list(network.parameters())
    gradients = torch.autograd.grad(network(condition).sum(), learned, allow_unused=True)
    plays = sum(p.numel() for p, g in zip(learned, gradients, strict=True) if g is not None)
    assert plays == count
    assert parameters(network) == count + COARSE_HEAD
    assert parameters(network.get_submodule("coarse")) == 182_546_755


def test_the_layers_of_an_enhancer_are_the_published_ones_in_order() -> None:
    network = on_meta(LocalEnhancerSpec(blocks=1), 36)
    enhancer = network.get_submodule("enhancers.1")
    told = [
        (type(c).__name__, c.in_channels, c.out_channels, c.kernel_size[0], c.stride[0])
        for c in enhancer.modules()
        if isinstance(c, nn.Conv2d | nn.ConvTranspose2d)
    ]
    assert told == [
        ("Conv2d", 36, 32, 7, 1),
        ("Conv2d", 32, 64, 3, 2),
        ("Conv2d", 64, 64, 3, 1),
        ("Conv2d", 64, 64, 3, 1),
        ("ConvTranspose2d", 64, 32, 3, 2),
        ("Conv2d", 32, 3, 7, 1),
    ]


def build(spec: LocalEnhancerSpec, channels: int = 3) -> Any:
    torch.manual_seed(0)
    return spec.build(Image(channels), RGB).double().eval()


def test_it_is_the_sum_of_what_each_resolution_finds() -> None:
    network = build(LocalEnhancerSpec(enhancers=2, blocks=1, coarse=SMALL))
    x = torch.randn(2, 3, 32, 64, dtype=torch.float64)
    half = F.avg_pool2d(x, 3, stride=2, padding=1, count_include_pad=False)
    quarter = F.avg_pool2d(half, 3, stride=2, padding=1, count_include_pad=False)
    inner, outer = network.enhancers["1"], network.enhancers["2"]
    with torch.no_grad():
        made = network.coarse.features(quarter)
        made = inner.decoder(inner.blocks(inner.encoder(half) + made))
        made = torch.tanh(outer.decoder(outer.blocks(outer.encoder(x) + made)))
        torch.testing.assert_close(network(x), made)
    assert made.shape == (2, 3, 32, 64)
    assert len(inner.decoder) == 1  # only the outermost has a head
    assert len(outer.decoder) == 2


@pytest.mark.parametrize("factor", [1, 2])
def test_features_that_lie_lower_are_repeated(factor: int) -> None:
    coarse: GeneratorSpec = SMALL if factor == 1 else UNetSpec(width=2, depth=2, dropout="none")
    network = build(LocalEnhancerSpec(blocks=1, coarse=coarse))
    x = torch.randn(1, 3, 16, 16, dtype=torch.float64)
    enhancer = network.enhancers["1"]
    seen: list[Tensor] = []
    enhancer.blocks.register_forward_pre_hook(lambda module, inputs: seen.append(inputs[0]))
    half = F.avg_pool2d(x, 3, stride=2, padding=1, count_include_pad=False)
    with torch.no_grad():
        network(x)
        features = network.coarse.features(half)
        assert features.shape[-1] * factor == 8
        repeated = features.repeat_interleave(factor, -1).repeat_interleave(factor, -2)
        torch.testing.assert_close(seen[0], enhancer.encoder(x) + repeated)


@pytest.mark.parametrize(
    "coarse",
    [
        GlobalSpec(width=4, blocks=1, downsamplings=1),
        ResNetSpec(width=4, blocks=1),
        UNetSpec(width=2, depth=3),
        TimmUNetSpec.example(),
    ],
    ids=lambda spec: str(spec.name),
)
@pytest.mark.parametrize("enhancers", [1, 2])
def test_any_coarse_part_with_features_will_do(coarse: GeneratorSpec, enhancers: int) -> None:
    if isinstance(coarse, TimmUNetSpec) and enhancers == 2:
        coarse = TimmUNetSpec(backbone=coarse.backbone, levels=coarse.levels, width=4)
    spec = LocalEnhancerSpec(enhancers=enhancers, blocks=1, coarse=coarse)
    assert spec.multiple() == coarse.multiple() * 2**enhancers
    image = Image(3, 4 * spec.multiple(), 6 * spec.multiple())
    spec.check(image, image)
    network = on_meta(spec)
    condition = torch.empty(2, 3, image.height or 0, image.width or 0, device="meta")
    assert network(condition).shape == condition.shape


def test_the_coarse_head_rests_and_nothing_else() -> None:
    network = build(LocalEnhancerSpec(enhancers=2, blocks=1, coarse=SMALL))
    network(torch.randn(1, 3, 32, 32, dtype=torch.float64)).sum().backward()
    rests = {name for name, p in network.named_parameters() if p.grad is None}
    assert rests == {"coarse.decoder.2.weight", "coarse.decoder.2.bias"}


def test_parts_are_the_coarse_part_its_own_and_each_enhancer() -> None:
    spec = LocalEnhancerSpec(enhancers=2, blocks=1, coarse=SMALL)
    assert list(spec.parts()) == [
        "coarse",
        "coarse.encoder",
        "coarse.blocks",
        "coarse.decoder",
        "enhancers",
        "enhancers.1",
        "enhancers.2",
    ]
    assert spec.plays() == {"coarse": SMALL}
    network = on_meta(spec)
    wide = [network.get_submodule(spec.parts()[f"enhancers.{n}"]) for n in (1, 2)]
    widths = [next(iter(part.parameters())).shape[0] for part in wide]
    assert widths == [2, 1]


@pytest.mark.parametrize("batch", [1, 2])
@pytest.mark.parametrize("coarse", [SMALL, UNetSpec(width=2, depth=2, dropout="none")])
def test_what_plays_learns_the_same_in_both_memory_formats(
    coarse: GeneratorSpec, batch: int
) -> None:
    class Playing(LocalEnhancerSpec, name="playing"):
        def build(self, given: Image, wanted: Image) -> nn.Module:
            network = super().build(given, wanted)
            head: Any = network.get_submodule("coarse.decoder")
            del head[-1]  # it rests
            head.append(nn.Identity())
            return network

    learns_alike(Playing(blocks=1, norm="group", coarse=coarse), batch, 16, 16)


class Staged(ResNetSpec, name="playing_part"):
    """A coarse part of which, in some phases, another module plays."""

    def playing_part(self, module: nn.Module) -> nn.Module:
        return module if self.blocks == 1 else nn.ModuleList([module])

    def fetch(self, module: nn.Module) -> None:
        nn.init.ones_(module.get_parameter("decoder.2.bias"))


def test_the_coarse_part_is_staged_and_fetched_as_its_spec_says() -> None:
    spec = LocalEnhancerSpec(blocks=1, coarse=Staged(width=2, blocks=1))
    network = build(spec)
    assert spec.playing_part(network) is network
    spec.fetch(network)
    assert network.coarse.decoder[-1].bias.tolist() == [1, 1, 1]
    staged: Any = LocalEnhancerSpec(blocks=1, coarse=Staged(width=2, blocks=2)).playing_part(
        network
    )
    assert staged.coarse[0] is network.coarse
    assert list(staged.enhancers) == ["1"]
    assert staged.enhancers["1"] is network.enhancers["1"]


@pytest.mark.parametrize(
    ("spec", "size", "message", "option"),
    [
        (
            LocalEnhancerSpec(),
            (64, 1000),
            "the coarse part takes multiples of 16 and enhancers 1 doubles that 1 times, so sides "
            "must be multiples of 32; the width is 1000. Use width 992 or 1024",
            "enhancers",
        ),
        (
            LocalEnhancerSpec(enhancers=2, coarse=SMALL),
            (8, 64),
            "the coarse part takes multiples of 4 and enhancers 2 doubles that 2 times, so sides "
            "must be multiples of 16; the height is 8. Use height 16",
            "enhancers",
        ),
        (
            LocalEnhancerSpec(enhancers=3, coarse=GlobalSpec(width=12)),
            (256, 256),
            "enhancer 3 would have 3/2 channels: each has half of those before it, and the coarse "
            "part's features have 12. Use a coarse part with 8 or 16 (its width says so), or "
            "enhancers <= 2",
            "enhancers",
        ),
        (
            LocalEnhancerSpec(coarse=ResNetSpec(width=1)),
            (256, 256),
            "enhancer 1 would have 1/2 channels: each has half of those before it, and the coarse "
            "part's features have 1. Use a coarse part with 2 (its width says so)",
            "enhancers",
        ),
        (
            LocalEnhancerSpec(coarse=SMALL),
            (8, 64),
            "the coarse part works on 3 channels at 4x32: padding reflect mirrors neighbors, and "
            "downsamplings 2 leaves a single pixel of height 4. Use height 8 or more, or padding "
            "zero or replicate",
            "coarse.padding",
        ),
        (
            LocalEnhancerSpec(coarse=LocalEnhancerSpec.example()),
            (64, 64),
            "local_enhancer shows no features before its head, which enhancers would go on from. "
            "Use one that does, as global, resnet or unet",
            "coarse",
        ),
    ],
)
def test_what_it_cannot_take_is_refused_with_the_cure(
    spec: LocalEnhancerSpec, size: tuple[int, int], message: str, option: str
) -> None:
    with pytest.raises(ContractError) as refused:
        spec.check(Image(3, *size), Image(3, *size))
    assert (str(refused.value), refused.value.option) == (message, option)


@pytest.mark.parametrize("coarse", [ResNetSpec(width=3), LocalEnhancerSpec.example()])
def test_what_has_no_enhancer_is_not_built(coarse: GeneratorSpec) -> None:
    with pytest.raises(ContractError):
        LocalEnhancerSpec(coarse=coarse).build(RGB, RGB)


# ---------------------------------------------------------------------------------- published


@pytest.mark.parametrize("norm", ["batch", "instance"])
@pytest.mark.parametrize(("enhancers", "blocks"), [(1, 3), (2, 1), (3, 2)])
def test_the_published_layout_names_every_tensor_that_plays(
    enhancers: int, blocks: int, norm: Norm
) -> None:
    coarse = GlobalSpec(width=8, blocks=2, downsamplings=3, norm=norm)
    spec = LocalEnhancerSpec(enhancers=enhancers, blocks=blocks, norm=norm, coarse=coarse)
    [layout] = spec.published(RGB, RGB)
    ours = on_meta(spec).state_dict()
    assert sorted([*layout.keys.values(), *layout.rests]) == sorted(ours)
    assert layout.rests == {"coarse.decoder.3.weight", "coarse.decoder.3.bias"}
    shapes = {theirs: tuple(ours[key].shape) for theirs, key in layout.keys.items()}
    assert read_options(LocalEnhancerSpec, shapes) == {
        "enhancers": enhancers,
        "blocks": blocks,
        "norm": norm,
        "coarse.use": "global",
        "coarse.width": 8,
        "coarse.blocks": 2,
        "coarse.downsamplings": 3,
        "coarse.norm": norm,
    }
    assert GlobalSpec.recognize(shapes) is None
    assert ResNetSpec.recognize(shapes) is None


def test_published_keys_are_where_the_published_program_has_them() -> None:
    [layout] = LocalEnhancerSpec(enhancers=2).published(RGB, RGB)
    keys = layout.keys
    assert keys["model.34.weight"] == "coarse.decoder.3.conv.weight"
    assert "model.38.weight" not in keys
    assert keys["model1_1.1.weight"] == "enhancers.1.encoder.0.conv.weight"
    assert keys["model1_1.4.bias"] == "enhancers.1.encoder.1.conv.bias"
    assert keys["model1_2.2.conv_block.5.weight"] == "enhancers.1.blocks.2.second.conv.weight"
    assert keys["model1_2.3.weight"] == "enhancers.1.decoder.0.conv.weight"
    assert "model1_2.7.weight" not in keys
    assert keys["model2_2.7.weight"] == "enhancers.2.decoder.1.weight"


@pytest.mark.parametrize(
    "options",
    [
        {"padding": "zero"},
        {"norm": "batch"},  # the coarse part has another
        {"coarse": UNetSpec()},
        {"coarse": GlobalSpec(padding="replicate")},
    ],
)
def test_what_nobody_published_reads_no_file(options: dict[str, Any]) -> None:
    assert LocalEnhancerSpec(**options).published(RGB, RGB) == []


def test_another_network_s_file_says_nothing() -> None:
    assert LocalEnhancerSpec.recognize({"model.1.weight": (64, 3, 7, 7)}) is None
    assert LocalEnhancerSpec.recognize({"model1_1.1.weight": (64, 3, 7, 7)}) is None


@pytest.mark.skipif(not CASES, reason=f"no golden data in {GOLDEN}")
@pytest.mark.parametrize("path", CASES, ids=lambda path: str(path.parent.name))
def test_the_published_weights_give_the_published_pictures(path: Path) -> None:
    golden = tensors(path)
    stored = torch.load(path.parent / "latest_net_G.pth", weights_only=True)
    options = read_options(LocalEnhancerSpec, shapes_of(stored))
    assert (options["enhancers"], options["blocks"], options["coarse.width"]) == (1, 3, 4)
    coarse = {
        key.removeprefix("coarse."): value
        for key, value in options.items()
        if key.startswith("coarse.") and key != "coarse.use"
    }
    spec = LocalEnhancerSpec(norm=options["norm"], coarse=GlobalSpec(**coarse))
    [layout] = spec.published(RGB, RGB)
    assert set(layout.keys) == set(stored)
    network = spec.build(Image(7), Image(3)).double()
    state = {ours: stored[theirs] for theirs, ours in layout.keys.items()}
    missing, unexpected = network.load_state_dict(state, strict=False)
    assert (set(missing), unexpected) == (layout.rests, [])
    with torch.no_grad():
        compare(network(label_maps(golden, classes=6)), golden, "G_output")
