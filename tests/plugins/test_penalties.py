from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import pytest
import torch
from torch import Tensor, nn

from gan_zoo.components.learning import LossSpec
from gan_zoo.components.scene import Scene, Term
from gan_zoo.engine.assembly import assemble
from gan_zoo.engine.phase import PhaseRunner
from gan_zoo.engine.precision import Precision
from gan_zoo.registry.zoo import Zoo
from gan_zoo.testing import examine
from gan_zoo.testing.fixtures import batch_of, recipe_around
from gan_zoo.testing.stand_ins import PicturesSpec
from gan_zoo_losses.specs import AdversarialSpec, GradientPenaltySpec, R1Spec
from tests.plugins.acted import heard, pictures, scene

SLOPE = torch.tensor([[[[0.3, -0.4], [1.2, 0.0]]]], dtype=torch.float64)  # its norm is 1.3


def linear(picture: Tensor) -> list[list[Tensor]]:
    """Logits of two scales, whose sum over 2 positions each has the slope SLOPE."""
    logits = (picture * SLOPE).sum(dim=(1, 2, 3)).view(-1, 1, 1, 1).expand(-1, 1, 1, 2) / 4
    return [[picture, logits], [picture, logits]]


def test_the_slope_of_a_linear_critic() -> None:
    given = {"judge": linear, "real": pictures(3, 1, 2, 2), "fake": pictures(3, 1, 2, 2, seed=1)}
    gradient_penalty = GradientPenaltySpec()
    said = heard(gradient_penalty, "discriminator", **given)
    assert said == {"D_GP": pytest.approx((0.09, 0.9), rel=1e-12)}  # (1.3 - 1)^2
    lenient = GradientPenaltySpec(target=1.3, weight=5.0)
    assert heard(lenient, "discriminator", **given)["D_GP"] == pytest.approx((0, 0), abs=1e-24)
    strict = heard(GradientPenaltySpec(target=0.0, weight=2.0), "discriminator", **given)
    assert strict == {"D_GP": pytest.approx((1.69, 3.38), rel=1e-12)}
    r1 = heard(R1Spec(weight=3.0), "discriminator", **given)
    assert r1 == {"D_R1": pytest.approx((1.69, 1.5 * 1.69), rel=1e-12)}
    for loss in (gradient_penalty, R1Spec()):
        assert heard(loss, "generator", **given) == {}


class Critic(nn.Module):
    """Two scales of logits that bend."""

    def __init__(self) -> None:
        super().__init__()
        torch.manual_seed(0)
        self.first = nn.Conv2d(2, 3, 3, padding=1)
        self.last = nn.Conv2d(3, 1, 3, padding=1)
        self.double()

    def forward(self, picture: Tensor) -> list[list[Tensor]]:
        scales = [picture, nn.functional.avg_pool2d(picture, 2)]
        return [[self.last(nn.functional.softplus(self.first(x)))] for x in scales]


def norms(critic: Critic, point: Tensor) -> Tensor:
    """The norm of every sample's slope, one after another."""

    def logits(sample: Tensor) -> Tensor:
        return torch.stack([view[-1].sum() for view in critic(sample[None])]).sum()

    slopes = [torch.func.grad(logits)(sample) for sample in point]
    return torch.stack([slope.norm() for slope in slopes])


@pytest.mark.parametrize("at", ["real", "fake", "mixed"])
def test_gradient_penalty_takes_each_sample_where_it_says(at: Any) -> None:
    critic, real, fake = Critic(), pictures(3, 2, 4, 6), pictures(3, 2, 4, 6, seed=1)
    torch.manual_seed(7)
    share = torch.rand(3, 1, 1, 1, dtype=torch.float64)
    points = {"real": real, "fake": fake, "mixed": share * real + (1 - share) * fake}
    expected = (norms(critic, points[at]) - 1).square().mean().item()
    torch.manual_seed(7)
    said = heard(GradientPenaltySpec(at=at), "discriminator", judge=critic, real=real, fake=fake)
    assert said == {"D_GP": pytest.approx((expected, 10 * expected), rel=1e-12)}


def test_r1_is_taken_at_the_real() -> None:
    critic, real = Critic(), pictures(3, 2, 4, 6)
    expected = norms(critic, real).square().mean().item()
    said = heard(R1Spec(), "discriminator", judge=critic, real=real)
    assert said == {"D_R1": pytest.approx((expected, 5 * expected), rel=1e-12)}


@pytest.mark.parametrize("loss", [GradientPenaltySpec(at="real"), R1Spec()], ids=str)
def test_penalties_move_the_critic_as_finite_differences_do(loss: LossSpec) -> None:
    critic, real, function = Critic(), pictures(2, 2, 4, 4), loss.build()

    def total(*weights: Tensor) -> Tensor:
        named = dict(zip(dict(critic.named_parameters()), weights, strict=True))

        def judge(picture: Tensor) -> Any:
            return torch.func.functional_call(critic, named, (picture,))

        terms = function(scene(judge=judge, real=real), "discriminator")
        return torch.stack([t.value * t.factor for t in terms])

    weights = tuple(p.detach().clone().requires_grad_() for p in critic.parameters())
    assert torch.autograd.gradcheck(total, weights)


def test_a_flat_critic_gets_finite_gradients() -> None:
    critic, real = Critic(), pictures(2, 2, 4, 4)
    nn.init.zeros_(critic.last.weight)
    for loss in (GradientPenaltySpec(at="real"), R1Spec()):
        (term,) = loss.build()(scene(judge=critic, real=real), "discriminator")
        gradients = torch.autograd.grad(term.value, [critic.last.weight, critic.first.weight])
        assert all(gradient.isfinite().all() for gradient in gradients)


def test_penalties_leave_the_pictures_alone() -> None:
    real, fake = pictures(1, 1, 2, 2), pictures(1, 1, 2, 2, seed=1).requires_grad_()
    for loss in (GradientPenaltySpec(), GradientPenaltySpec(at="real"), R1Spec()):
        heard(loss, "discriminator", judge=linear, real=real, fake=fake)
    assert not real.requires_grad
    assert fake.grad is None


def test_a_mix_is_drawn_from_the_default_generator() -> None:
    given = {"judge": Critic(), "real": pictures(2, 2, 4, 4), "fake": pictures(2, 2, 4, 4, seed=1)}

    def drawn(seed: int) -> float:
        torch.manual_seed(seed)
        return heard(GradientPenaltySpec(), "discriminator", **given)["D_GP"][0]

    assert drawn(0) == drawn(0)
    assert drawn(0) != drawn(1)


@pytest.mark.parametrize(
    ("loss", "label", "once"),
    [(R1Spec(weight=3.0, every=4), "D_R1", 1.5), (GradientPenaltySpec(every=4), "D_GP", 10)],
    ids=str,
)
def test_every_fourth_step_weighs_four_times(loss: LossSpec, label: str, once: float) -> None:
    real = pictures(1, 1, 2, 2)
    given: Mapping[str, Any] = {"judge": linear, "real": real, "fake": real}
    for step in range(9):
        said = heard(loss, "discriminator", step=step, **given)
        if step % 4:
            assert said == {}
        else:
            shown, counted = said[label]
            assert counted == pytest.approx(4 * once * shown)


def test_needs_follow_from_the_options() -> None:
    def needs(loss: LossSpec) -> set[str]:
        assert list(loss.needs()) == ["discriminator"]
        return set(loss.needs()["discriminator"])

    assert needs(GradientPenaltySpec()) == {"judge", "real", "fake"}
    assert needs(GradientPenaltySpec(at="real")) == {"judge", "real"}
    assert needs(GradientPenaltySpec(at="fake", every=2)) == {"judge", "fake", "step"}
    assert needs(R1Spec()) == {"judge", "real"}
    assert needs(R1Spec(every=16)) == {"judge", "real", "step"}


# ---------------------------------------------------------------------------------- in a run

PAIRED: Any = Zoo.installed().get("method", "paired")


def terms(number: int, precision: str = "float64", **losses: LossSpec) -> dict[str, float]:
    """What is shown of a step of stand-ins, whose weights are the same every time."""
    recipe = recipe_around(PAIRED(), {"gan": AdversarialSpec(), **losses}, PicturesSpec(batch=2))
    runner = PhaseRunner(
        assemble(recipe), "main", Precision(torch.device("cpu"), precision, "contiguous")
    )
    return runner.step([batch_of(recipe.data, 2)], number).numbers()


def test_a_run_takes_r1_on_every_other_step() -> None:
    shown = [terms(number, r1=R1Spec(every=2)) for number in range(3)]
    assert [sorted(step) for step in shown] == [
        ["D_R1", "D_fake", "D_real", "G_GAN"],
        ["D_fake", "D_real", "G_GAN"],
        ["D_R1", "D_fake", "D_real", "G_GAN"],
    ]


def test_penalties_are_taken_in_full_precision() -> None:
    losses = {"r1": R1Spec(), "penalty": GradientPenaltySpec(at="real")}
    half, full = (terms(0, precision, **losses) for precision in ("bfloat16", "float32"))
    for label in ("D_R1", "D_GP"):
        assert half[label] == pytest.approx(full[label], rel=1e-6)
    assert half["D_real"] != pytest.approx(full["D_real"], rel=1e-6)


@pytest.mark.parametrize("loss", [GradientPenaltySpec(), R1Spec()], ids=str)
def test_a_heavy_penalty_flattens_the_discriminator(loss: LossSpec) -> None:
    heavy = {"gan": AdversarialSpec(), "penalty": loss}
    recipe = recipe_around(PAIRED(), heavy, PicturesSpec(batch=2))
    assembly, batch = assemble(recipe), batch_of(recipe.data, 2)
    with torch.no_grad():
        for parameter in assembly.networks["discriminator"].parameters():
            parameter.mul_(3)
    precision = Precision(torch.device("cpu"), "float64", "contiguous")
    runner = PhaseRunner(assembly, "main", precision)
    for player in runner.players.values():
        player.set_rate(1e-5)
    shown = [runner.step([batch], number).numbers() for number in range(20)]
    label = {"gradient_penalty": "D_GP", "r1": "D_R1"}[loss.name]
    assert shown[-1][label] < 0.8 * shown[0][label]


class StrangeSpec(LossSpec, name="strange"):
    """A stranger's penalty on the bend of the discriminator, at every second step."""

    def needs(self) -> Mapping[str, frozenset[str]]:
        return {"discriminator": frozenset({"judge", "fake", "step"})}

    def build(self) -> Any:
        def bend(scene: Scene, player: str) -> Iterator[Term]:
            if player == "discriminator" and scene["step"] % 2 == 0:
                point = scene["fake"].clone().requires_grad_()
                logits = scene["judge"](point.view_as(point))[0][-1].sum()
                (slope,) = torch.autograd.grad(logits, point, create_graph=True)
                yield Term("D_bend", slope.square().mean(), self.weight)

        return bend


def test_the_kit_has_a_judge_for_strangers() -> None:
    assert examine(StrangeSpec) == {}


class DetachedSpec(StrangeSpec, name="detached"):
    """A penalty whose gradient has no graph to the weights."""

    def build(self) -> Any:
        def flat(scene: Scene, player: str) -> Iterator[Term]:
            if player == "discriminator" and scene["step"] % 2 == 0:
                point = scene["fake"].clone().requires_grad_()
                logits = scene["judge"](point)[0][-1].sum()
                (slope,) = torch.autograd.grad(logits, point)
                yield Term("D_bend", slope.square().mean(), self.weight)

        return flat


def test_the_kit_finds_a_penalty_without_a_graph() -> None:
    title = "gradients reach the player and nobody else"
    assert "nothing reaches discriminator" in examine(DetachedSpec, title)[title]
