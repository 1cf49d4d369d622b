"""The discriminator that judges places and pixels."""

from __future__ import annotations

import copy
from functools import partial
from pathlib import Path
from typing import Any

import pytest
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from gan_zoo.components.shapes import Image
from gan_zoo.engine.assembly import assemble
from gan_zoo.engine.phase import PhaseRunner
from gan_zoo.engine.precision import Precision
from gan_zoo.errors import ContractError
from gan_zoo.recipe.recipe import Recipe
from gan_zoo.testing import step
from gan_zoo.testing.probe import without_chance
from gan_zoo.training.run import train
from gan_zoo_discriminators import gan_zoo_components
from gan_zoo_discriminators.single_specs import PatchSpec
from gan_zoo_discriminators.unet import UNetDiscriminator
from gan_zoo_discriminators.unet_specs import UNetSpec
from gan_zoo_losses.penalties import slope
from gan_zoo_losses.specs import AdversarialSpec
from tests.plugins.acted import heard, pictures
from tests.plugins.networks import RGB, on_meta, parameters


def small(**options: Any) -> Any:
    return UNetSpec(**{"layers": 2, "width": 2, "spectral": False, **options})


def built(spec: UNetSpec, given: int = 3) -> nn.Module:
    torch.manual_seed(0)
    return spec.build(Image(given, 32, 32), RGB).double()


def flat(views: list[list[Tensor]]) -> list[Tensor]:
    return [tensor for view in views for tensor in view]


def test_the_plugin_brings_it() -> None:
    assert UNetSpec in gan_zoo_components()


@pytest.mark.parametrize("spectral", [True, False])
def test_parameters_layer_by_layer(spectral: bool) -> None:
    """The encoder down to 1/32, its head, then the decoder with the skips, and its head."""
    encoder = [(6, 64), (64, 128), (128, 256), (256, 512), (512, 512)]
    decoder = [(512 + 512, 512), (512 + 256, 256), (256 + 128, 128), (128 + 64, 64), (64, 64)]
    count = sum(16 * a * b + b for a, b in encoder) + 512 + 1
    count += sum(9 * a * b + b for a, b in decoder) + 64 + 1
    assert parameters(on_meta(UNetSpec(spectral=spectral))) == count == 14_033_922


def test_the_published_shapes_of_256_pixels() -> None:
    pixels, places = UNetSpec(layers=6).views(RGB, RGB)
    decoder = [(512, 8), (512, 16), (256, 32), (128, 64), (64, 128), (64, 256), (1, 256)]
    encoder = [(64, 128), (128, 64), (256, 32), (512, 16), (512, 8), (512, 4), (1, 4)]
    assert [(view.channels, view.height) for view in pixels] == decoder
    assert [(view.channels, view.height) for view in places] == encoder


def test_it_is_the_one_written_out_here() -> None:
    network = built(small())
    condition, picture = pictures(2, 3, 9, 12), pictures(2, 3, 9, 12, seed=1)  # an odd side too
    layers = dict(network.named_modules())

    def activated(name: str, x: Tensor) -> Tensor:
        return F.leaky_relu(layers[f"{name}.conv"](x), 0.2)

    half = activated("encoder.0", torch.cat([condition, picture], dim=1))  # B 2 4 6
    quarter = activated("encoder.1", half)  # B 4 2 3
    doubled = quarter.repeat_interleave(2, 2).repeat_interleave(2, 3)
    up = activated("decoder.0", torch.cat([half, doubled], dim=1))  # B 2 4 6
    rows = torch.arange(9) * 4 // 9  # the nearest of 4 for each of 9
    whole = activated("decoder.1", up[:, :, rows].repeat_interleave(2, 3))  # B 2 9 12
    expected = [
        [up, whole, layers["decoder_head"](whole)],
        [half, quarter, layers["encoder_head"](quarter)],
    ]
    made = network(condition, picture)
    assert [len(view) for view in made] == [3, 3]
    for ours, theirs in zip(flat(made), flat(expected), strict=True):
        torch.testing.assert_close(ours, theirs)


@pytest.mark.parametrize(("layers", "field"), [(1, 6), (2, 18), (3, 38), (4, 78), (5, 158)])
def test_the_receptive_field_is_that_of_the_pixels_that_see_farthest(
    layers: int, field: int
) -> None:
    spec = small(layers=layers, width=1, max_multiple=1, conditional=False)
    assert spec.receptive_field() == field
    if layers > 3:
        return  # the kit's conformance and the formula are the same for all
    network = built(spec)
    with torch.no_grad():
        for parameter in network.parameters():
            parameter.abs_()
    picture = torch.ones(1, 3, 96, 96, dtype=torch.float64, requires_grad=True)
    logits = network(picture, picture)[0][-1]
    extents = []
    for place in range(2**layers):
        at = 48 + place
        (slope,) = torch.autograd.grad(logits[0, 0, at, at], picture, retain_graph=True)
        rows = slope[0].abs().sum((0, 2)).nonzero()
        extents.append(int(rows.max() - rows.min()) + 1)
    assert max(extents) == field


@pytest.mark.parametrize("conditional", [True, False])
@pytest.mark.parametrize("channels", [0, 3])
def test_several_pictures_beside_one_condition(conditional: bool, channels: int) -> None:
    network = built(small(conditional=conditional, norm="instance"), channels)
    condition = pictures(2, channels, 16, 24)
    shown = [pictures(2, 3, 16, 24, seed=seed) for seed in (1, 2)]
    assert network.takes_several
    for ours, picture in zip(network(condition, shown), shown, strict=True):
        theirs = network(condition, picture)
        for one, other in zip(flat(ours), flat(theirs), strict=True):
            torch.testing.assert_close(one, other)


def test_spectral_norm_takes_one_picture_at_a_time() -> None:
    network = built(small(spectral=True))
    assert not network.takes_several
    for _ in range(100):
        network(*pictures(2, 1, 3, 16, 16))
    convolutions = [layer for layer in network.modules() if isinstance(layer, nn.Conv2d)]
    assert len(convolutions) == 6
    for conv in convolutions:
        value = torch.linalg.matrix_norm(conv.weight.flatten(1), 2)
        assert value.item() == pytest.approx(1, abs=1e-3)


@pytest.mark.parametrize("conditional", [True, False])
def test_only_the_conditional_sees_the_condition(conditional: bool) -> None:
    network, picture = built(small(conditional=conditional)), pictures(1, 3, 16, 16)
    one, other = (network(pictures(1, 3, 16, 16, seed=seed), picture) for seed in (1, 2))
    for ours, theirs in zip(one, other, strict=True):
        assert torch.equal(ours[-1], theirs[-1]) == (not conditional)


@pytest.mark.parametrize("norm", ["batch", "instance", "group", "none"])
@pytest.mark.parametrize("spectral", [True, False])
def test_it_learns_the_same_in_both_memory_formats(norm: Any, spectral: bool) -> None:
    network = without_chance(built(small(width=4, norm=norm, spectral=spectral)))
    condition, picture = pictures(2, 3, 16, 24), pictures(2, 3, 16, 24, seed=1)

    def gradients(layout: torch.memory_format) -> list[Tensor]:
        network.to(memory_format=layout)
        shown = picture.to(memory_format=layout).requires_grad_()
        made = flat(network(condition.to(memory_format=layout), shown))
        total = torch.stack([view.square().mean() for view in made]).sum()
        return list(torch.autograd.grad(total, [shown, *network.parameters()]))

    contiguous = gradients(torch.contiguous_format)
    for ours, theirs in zip(contiguous, gradients(torch.channels_last), strict=True):
        torch.testing.assert_close(ours, theirs)
        assert ours.isfinite().all()
    assert contiguous[0].abs().max() > 0


@pytest.mark.parametrize(
    ("layers", "size", "cure"),
    [(5, (31, 64), "layers <= 4"), (2, (64, 3), "layers <= 1"), (1, (1, 9), "the discriminator")],
)
def test_a_picture_of_which_nothing_is_left_is_refused(
    layers: int, size: tuple[int, int], cure: str
) -> None:
    image = Image(3, *size)
    with pytest.raises(ContractError) as refused:
        small(layers=layers).check(image, image)
    least = 2**layers
    assert str(refused.value).startswith(
        f"layers {layers} leaves nothing of a picture smaller than {least}x{least}; it has "
        f"3 channels at {size[0]}x{size[1]}. Use a larger picture, or {cure}"
    )
    assert refused.value.option == "layers"
    with pytest.raises(RuntimeError):
        on_meta(small(layers=layers))(*torch.empty(2, 1, 3, *size, device="meta"))


def test_a_norm_of_a_single_pixel_is_refused() -> None:
    with pytest.raises(ContractError, match="norm instance sees a single pixel"):
        small(norm="instance").check(Image(3, 4, 4), Image(3, 4, 4))
    small(norm="instance").check(Image(3, 4, 8), Image(3, 4, 8))


def test_the_game_is_the_sum_of_both_verdicts() -> None:
    network = built(small())
    fake, real = (network(pictures(1, 3, 16, 16), pictures(1, 3, 16, 16, seed=n)) for n in (1, 2))
    pixels, places = fake
    given = {"fake_views": fake, "real_views": real}
    told = heard(AdversarialSpec(form="hinge"), "generator", **given)
    expected = -(pixels[-1].mean() + places[-1].mean()).item()
    assert told == {"G_GAN": pytest.approx((expected, expected))}
    told = heard(AdversarialSpec(form="vanilla"), "discriminator", **given)
    d_fake = (F.softplus(pixels[-1]).mean() + F.softplus(places[-1]).mean()).item()
    assert told["D_fake"] == pytest.approx((d_fake, d_fake / 2))


def test_heirs_with_a_forward_of_their_own_take_one_picture() -> None:
    class Heir(UNetDiscriminator):
        def forward(self, condition: Tensor, picture: Any) -> list[Any]:
            return super().forward(condition, picture)

    class Same(UNetDiscriminator):
        pass

    for kind, several in ((UNetDiscriminator, True), (Same, True), (Heir, False)):
        network = built(small())
        network.__class__ = kind
        assert network.takes_several == several


def test_a_penalty_is_of_the_slope_of_all_logits_together() -> None:
    changes = {
        "generator": {"use": "unet", "depth": 4, "width": 2},
        "discriminator": {"use": "unet", "layers": 2, "width": 2, "spectral": False},
        "losses": {"r1": {"use": "r1", "weight": 4}, "gan": {"use": "adversarial"}, "l1": None},
        "phases": {"main": {"epochs": None, "steps": 1, "schedule": None}},
    }
    recipe = Recipe.load("quickstart", set=changes)
    runner = PhaseRunner(
        assemble(recipe), "main", Precision(torch.device("cpu"), "float64", "contiguous")
    )
    runner.begin()
    torch.manual_seed(1)
    batch = {
        name: torch.randint(0, 256, (2, channels, 16, 16), dtype=torch.uint8)
        for name, channels in (("source", 1), ("target", 3))
    }
    condition, target = (map.double() / 127.5 - 1 for map in batch.values())
    network = copy.deepcopy(runner.cast.networks["discriminator"])
    target.requires_grad_()
    pixels, places = network(condition, target)
    (gradient,) = torch.autograd.grad(pixels[-1].sum() + places[-1].sum(), target)
    terms = runner.step([batch]).numbers()
    expected = gradient.square().sum((1, 2, 3)).mean().item()
    assert terms["D_R1"] == pytest.approx(expected, rel=1e-9)
    assert expected > 0


def test_a_penalty_is_far_stronger_than_beside_patches() -> None:
    """What UNetSpec and mix-components tell."""
    seen = Image(3, 64, 64)
    found = []
    for spec in (UNetSpec(), PatchSpec(norm="none", spectral=True), PatchSpec(norm="none")):
        torch.manual_seed(0)
        network = spec.build(seen, seen)
        condition, picture = (pictures(1, 3, 64, 64, seed=n).float() for n in (1, 2))
        for _ in range(20):  # the spectral norms find their values
            network(condition, picture)
        logits = [view[-1] for view in network(condition, picture)]
        judge = partial(network, condition)
        found.append(
            (sum(one.numel() for one in logits), slope(judge, picture).square().sum().item())
        )
    (pixels, unet), (patches, spectral), (_, plain) = found
    assert (pixels, patches) == (64 * 64 + 2 * 2, 6 * 6)
    assert 500 < unet / spectral < 1100
    assert 5_000 < unet / plain < 20_000


def test_a_run_learns_with_it(tmp_path: Path) -> None:
    changes = {
        "generator.width": 2,
        "discriminator": {"use": "unet", "layers": 4, "width": 2},
        "losses.features": {"use": "feature_matching"},
        "method.augment": ["color", "translation", "cutout"],
        "phases": {"main": {"epochs": None, "steps": 3, "schedule": None}},
        "callbacks": None,
        "validation": None,
        "data.workers": 0,
        "engine.device": "cpu",
    }
    recipe = Recipe.load("quickstart", set=changes)
    assert isinstance(recipe.discriminator, UNetSpec)
    terms = step(recipe)
    assert sorted(terms) == ["D_fake", "D_real", "G_GAN", "G_GAN_Feat", "G_L1"]
    assert all(0 <= value < 100 for value in terms.values())
    run = train(recipe, tmp_path / "run")
    kept = run.load_weights("latest", "discriminator")
    built = UNetDiscriminator(
        channels_in=6,
        layers=4,
        width=2,
        max_width=16,
        norm="none",
        bias=True,
        spectral=True,
        conditional=True,
    )
    assert kept.keys() == built.state_dict().keys()
