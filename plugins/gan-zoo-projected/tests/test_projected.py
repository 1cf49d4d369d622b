"""The discriminator: its mixing by hand, its shapes, what it sees, what of it learns."""

from __future__ import annotations

from typing import Any

import pytest
import torch
import torch.nn.functional as F
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pydantic import ValidationError
from torch import Tensor, nn

from gan_zoo import Recipe, RecipeError, contracts
from gan_zoo.components import ContractError, Image, Single, UserError
from gan_zoo.testing import PhaseRunner, phase, playing
from gan_zoo_projected import ProjectedSpec, field
from gan_zoo_projected.projected import Head, Mixing, average_to

SMALL: dict[str, Any] = {"backbone": "test_byobnet", "weights": "none", "width": 2}


def spec(**options: Any) -> ProjectedSpec:
    return ProjectedSpec(**{**SMALL, "levels": (2, 3), **options})


def build(made: ProjectedSpec, channels: int = 2, seed: int = 0) -> Any:
    torch.manual_seed(seed)
    return made.build(Image(channels), Image(3)).double()


def random(*shape: int, seed: int = 1) -> Tensor:
    draw = torch.Generator().manual_seed(seed)
    return torch.rand(shape, dtype=torch.float64, generator=draw) * 2 - 1


# ---------------------------------------------------------------------------------- mixing


def test_mixing_by_hand() -> None:
    torch.manual_seed(0)
    mixing = Mixing(channels=[3, 4], widths=[2, 5], across_scales=True).double()
    fine, coarse = random(1, 3, 4, 4), random(1, 4, 2, 2)
    held = dict(mixing.named_buffers())
    assert {name: tuple(t.shape) for name, t in held.items()} == {
        "channels_0": (2, 3, 1, 1),
        "channels_1": (5, 4, 1, 1),
        "scales_0": (2, 5, 3, 3),
    }
    one, other = mixing([fine, coarse])
    deep = torch.einsum("oc,bchw->bohw", held["channels_1"][..., 0, 0], coarse)
    torch.testing.assert_close(other, deep)
    near = F.pad(deep, (1, 1, 1, 1))
    across = torch.zeros(1, 2, 2, 2, dtype=torch.float64)
    for i in range(3):
        for j in range(3):
            weight, window = held["scales_0"][..., i, j], near[..., i : i + 2, j : j + 2]
            across += torch.einsum("oc,bchw->bohw", weight, window)
    # Bilinear by two: places at -1/4, 1/4, 3/4 and 5/4 of two, held at the ends.
    up = torch.tensor([[1, 0], [0.75, 0.25], [0.25, 0.75], [0, 1]], dtype=torch.float64)
    raised = torch.einsum("yh,xw,bchw->bcyx", up, up, across)
    own = torch.einsum("oc,bchw->bohw", held["channels_0"][..., 0, 0], fine)
    torch.testing.assert_close(one, own + raised)
    alone = Mixing(channels=[3, 4], widths=[2, 5], across_scales=False)
    assert [name for name, _ in alone.named_buffers()] == ["channels_0", "channels_1"]


def test_mixing_follows_from_the_seed_and_keeps_the_variance() -> None:
    def drawn(seed: int) -> dict[str, Tensor]:
        torch.manual_seed(seed)
        made = Mixing(channels=[32, 64], widths=[64, 128], across_scales=True)
        assert list(made.parameters()) == []
        return made.state_dict()

    first, again, other = drawn(0), drawn(0), drawn(1)
    assert all(torch.equal(first[name], again[name]) for name in first)
    assert not any(torch.equal(first[name], other[name]) for name in first)
    for name, inputs in (("channels_0", 32), ("channels_1", 64), ("scales_0", 128 * 9)):
        assert first[name].std().item() == pytest.approx(inputs**-0.5, rel=0.05)


# ---------------------------------------------------------------------------------- shapes


@settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(
    size=st.tuples(st.integers(1, 70), st.integers(1, 70)),
    levels=st.sampled_from([(2,), (2, 3), (3, 5)]),
    backbone=st.sampled_from(["test_byobnet", "test_convnext"]),
    mixing=st.sampled_from(["scales", "channels", "none"]),
    augment=st.sampled_from([(), ("translation", "color")]),
    channels=st.tuples(st.integers(0, 3), st.sampled_from([1, 3])),
)
def test_the_module_gives_what_views_say(
    size: tuple[int, int], levels: Any, backbone: str, mixing: Any, augment: Any, channels: Any
) -> None:
    made = spec(levels=levels, backbone=backbone, mixing=mixing, augment=augment)
    shown, wanted = (Image(c, *size) for c in channels)
    torch.manual_seed(0)
    module = made.build(shown, wanted)
    inputs = [torch.rand(2, image.channels, *size) for image in (shown, wanted)]
    try:
        made.check(shown, wanted)
    except ContractError:
        with torch.no_grad(), pytest.raises(UserError, match="too small for features at"):
            module(*inputs)
        return
    with torch.no_grad():
        views = module(*inputs)
    promised = made.views(shown, wanted)
    assert len(promised) == 1
    came = [[tuple(tensor.shape) for tensor in view] for view in views]
    assert came == [[(2, i.channels, i.height, i.width) for i in view] for view in promised]


def test_the_sizes_of_the_paper_s_levels() -> None:
    [view] = ProjectedSpec(augment=()).views(Image(3, 256, 256), Image(3, 256, 200))
    assert [image.size for image in view] == [
        *[(64, 50), (32, 25), (16, 13), (8, 7)],  # the finest level's head
        *[(32, 25), (16, 13), (8, 7)],
        *[(16, 13), (8, 7)],
        *[(8, 7), (8, 7)],
    ]
    assert [image.channels for image in view] == [64] * 10 + [4]
    assert ProjectedSpec().views(Image(3, 256, 256), Image(3, 256, 200)) == [[view[-1]]]
    assert ProjectedSpec().views(Image(3), Image(3)) == [[Image(4)]]
    assert issubclass(ProjectedSpec, Single)


def test_how_far_a_logit_sees() -> None:
    """The deepest features of resnet18 see 435 pixels, 32 apart; a head is two 3x3 layers."""
    plain = spec(backbone="resnet18", levels=(5,), mixing="none")
    assert plain.receptive_field() == 435 + 2 * 2 * 32
    made = spec(augment=())
    seen = made.receptive_field()
    assert seen == 71
    # All positive, so that no ReLU hides a pixel; what sees the whole picture is taken away.
    module, picture = build(made, 0).eval(), random(1, 3, 192, 192).abs().requires_grad_()
    for tensor in (*module.parameters(), *module.buffers()):
        if tensor.is_floating_point():
            tensor.detach().abs_()
    logits = module(picture[:, :0], picture)[0][-1]
    middle = logits[..., logits.shape[-2] // 2, logits.shape[-1] // 2].sum()
    (gradient,) = torch.autograd.grad(middle, picture)
    rows, columns = gradient.abs().sum((0, 1)).nonzero().T
    assert (rows.max() - rows.min() + 1, columns.max() - columns.min() + 1) == (seen, seen)


def test_a_window_wider_than_every_picture_is_cut(monkeypatch: pytest.MonkeyPatch) -> None:
    class Wide(nn.Module):
        def forward(self, condition: Tensor, picture: Tensor) -> list[list[Tensor]]:
            wide = picture.new_empty(1, 3, 1, 33)
            return [[F.conv2d(picture, wide, padding=(0, 16))]]

    assert field.receptive_field(Wide(), multiple=1) == 33
    monkeypatch.setattr(field, "WIDEST", 32)
    assert field.receptive_field(Wide(), multiple=1) == 32


# ---------------------------------------------------------------------------------- what it sees


def test_the_condition_is_averaged_to_each_level() -> None:
    x = random(1, 2, 6, 9)
    came = average_to(x, 2)
    assert came.shape == (1, 2, 2, 3)
    torch.testing.assert_close(came[0, :, 0, 1], x[0, :, 0:4, 4:8].mean((1, 2)))
    torch.testing.assert_close(came[0, :, 1, 2], x[0, :, 4:6, 8:9].mean((1, 2)))  # what there is


def test_each_head_sees_condition_and_features_of_its_level() -> None:
    module = build(spec(mixing="none", augment=())).eval()
    condition, picture = random(2, 2, 24, 20), random(2, 3, 24, 20, seed=2)
    [[*maps, logits]] = module(condition, picture)
    features = module.backbone(module.normalize(picture))
    expected = [
        head(torch.cat([average_to(condition, level), own], 1))
        for head, level, own in zip(module.heads, (2, 3), features, strict=True)
    ]
    assert len(maps) == 3
    torch.testing.assert_close(logits, torch.cat([made[-1] for made in expected], 1))
    for came, wanted in zip(maps, [m for made in expected for m in made[:-1]], strict=True):
        torch.testing.assert_close(came, wanted)
    assert logits.shape == (2, 2, 3, 3)


def test_a_head_is_spectrally_normalized_convolutions() -> None:
    torch.manual_seed(0)
    head = Head(channels_in=3, width=4, halvings=2).double().eval()
    x = random(1, 3, 7, 9)
    y, layers = x, [*head.features, head.head]
    for n, layer in enumerate(layers):
        u, v = (getattr(layer.parametrizations.weight[0], k) for k in ("_u", "_v"))
        weight = layer.parametrizations.weight.original
        scale = torch.einsum("o,oi,i->", u, weight.flatten(1), v)
        y = F.conv2d(y, weight / scale, layer.bias, stride=2 if n in (1, 2) else 1, padding=1)
        y = F.leaky_relu(y, 0.2) if n < 3 else y
    torch.testing.assert_close(head(x)[-1], y)
    assert y.shape == (1, 1, 2, 3)


def test_unconditional_it_sees_the_picture_alone() -> None:
    module = build(spec(conditional=False)).eval()
    picture = random(1, 3, 16, 16)
    one, other = (module(random(1, 2, 16, 16, seed=n), picture)[0][-1] for n in (1, 2))
    assert torch.equal(one, other)
    assert sum(p.numel() for p in build(spec()).parameters()) == (
        sum(p.numel() for p in module.parameters()) + 2 * 2 * 2 * 9  # two heads, width 2
    )


def test_gray_is_judged_as_rgb() -> None:
    module = build(spec()).eval()
    condition, gray = random(1, 2, 16, 16), random(1, 1, 16, 16)
    one, other = (module(condition, x)[0][0] for x in (gray, gray.expand(-1, 3, -1, -1)))
    torch.testing.assert_close(one, other)


@pytest.mark.parametrize(
    ("wanted", "option", "told"),
    [
        (Image(4, 64, 64), "backbone", "sees RGB, or gray as such, and the picture has 4 channels"),
        (
            Image(3, 64, 31),
            "levels",
            r"level 5 is at 1/32 .* it has 3 channels at 64x31.*\[2, 3, 4",
        ),
        (Image(3, 3, 3), "levels", "or the discriminator `patch`"),
    ],
)
def test_refusals(wanted: Image, option: str, told: str) -> None:
    with pytest.raises(ContractError, match=told) as refused:
        ProjectedSpec().check(Image(3), wanted)
    assert refused.value.option == option


@pytest.mark.parametrize(
    "wrong", [{"levels": (3, 2)}, {"levels": (2, 2)}, {"augment": ("color", "color")}]
)
def test_lists_name_each_once(wrong: dict[str, Any]) -> None:
    with pytest.raises(ValidationError, match="name each once"):
        spec(**wrong)


# ---------------------------------------------------------------------------------- in a game

JUDGE = {"use": "projected/projected", **SMALL, "levels": [2, 3]}
TINY = {
    "data": {"use": "emoji", "batch": 2, "workers": 0},
    "generator.width": 2,
    "generator.depth": 3,
    "discriminator": JUDGE,
    "losses.gan.form": "hinge",
    "phases.main": None,
    "phases.only": {"steps": 4, "size": [32, 32]},
    "callbacks.previews": None,
}


def recipe(changes: dict[str, Any] | None = None) -> Recipe:
    return Recipe.load("quickstart", set={**TINY, **(changes or {})})


def game(made: Recipe) -> PhaseRunner:
    return phase(made, precision="float32")


def maps(seed: int) -> dict[str, Tensor]:
    draw = torch.Generator().manual_seed(seed)
    return {
        name: torch.randint(0, 256, (2, c, 32, 32), dtype=torch.uint8, generator=draw)
        for name, c in (("source", 1), ("target", 3))
    }


@pytest.mark.parametrize("turns", ["alternate", "simultaneous"])
def test_frozen_tensors_are_equal_to_the_bit_after_steps(turns: str) -> None:
    runner = game(recipe({"method.turns": turns}))
    judge = runner.networks["discriminator"]
    before = {key: tensor.clone() for key, tensor in judge.state_dict().items()}
    for step in range(3):
        terms = runner.step([maps(step)], step).numbers()
        assert all(map(torch.isfinite, torch.tensor(list(terms.values()))))
    moved = {k for k, tensor in judge.state_dict().items() if not torch.equal(tensor, before[k])}
    fixed = {key for key in before if key.startswith(("backbone.", "mixing."))}
    assert len(fixed) > 10
    assert not moved & fixed
    assert {key for key in before if key.endswith("original")} <= moved
    assert set(runner.players["discriminator"].learns) == {
        f"discriminator.{name}" for name, _ in judge.named_parameters()
    }


def test_the_recipe_s_init_leaves_frozen_tensors_alone() -> None:
    made, usual = (
        game(recipe({"init": init})).networks["discriminator"].state_dict()
        for init in ({"use": "normal", "gain": 0.5}, None)
    )
    same = {key for key in made if torch.equal(made[key], usual[key])}
    assert {key for key in made if key.startswith(("backbone.", "mixing."))} <= same
    assert "heads.0.head.parametrizations.weight.original" not in same


def test_features_can_be_matched_only_where_both_pictures_are_seen_alike() -> None:
    matching = {"losses.features": {"use": "feature_matching"}}
    with pytest.raises(RecipeError, match="projected gives logits alone with these options"):
        contracts(recipe(matching))
    plain = recipe({**matching, "discriminator.augment": []})
    contracts(plain)
    assert 0 < game(plain).step([maps(0)]).numbers()["G_GAN_Feat"] < 100


@pytest.mark.parametrize("loss", ["r1", "gradient_penalty"])
def test_penalties_take_its_slope(loss: str) -> None:
    made = recipe({"losses.bound": {"use": loss}})
    contracts(made)
    terms = game(made).step([maps(0)]).numbers()
    assert 0 < terms["D_R1" if loss == "r1" else "D_GP"] < 100


def test_inside_multiscale() -> None:
    discriminator = {"use": "multiscale", "scales": 2, "each": JUDGE}
    made = recipe({"discriminator": discriminator})
    contracts(made)
    runner = game(made)
    assert runner.step([maps(0)]).numbers().keys() == {"G_GAN", "G_L1", "D_real", "D_fake"}
    with torch.no_grad():
        judge = playing(runner)["discriminator"]
        views = judge(torch.rand(1, 1, 32, 32), torch.rand(1, 3, 32, 32))
    assert [[tuple(tensor.shape) for tensor in view] for view in views] == [
        [(1, 2, 4, 4)],
        [(1, 2, 2, 2)],
    ]
    grown = recipe({"discriminator": {**discriminator, "scales": 3}}).discriminator
    assert grown is not None
    with pytest.raises(ContractError, match=r"scale 3 of 3 .* halved 2 times: level 3 is at 1/8"):
        grown.check(Image(1, 28, 28), Image(3, 28, 28))


def test_recomputing_gives_the_same_numbers() -> None:
    """Frozen tensors, draws and power iterations are those of the first time."""
    found = []
    for changes in ({}, {"engine.recompute": ["discriminator", "generator"]}):
        torch.manual_seed(0)
        runner = game(recipe(changes))
        found.append([runner.step([maps(n), maps(n + 5)]).numbers() for n in range(2)])
    assert found[0] == found[1]
