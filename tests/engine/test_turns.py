"""A step against the same step written out in plain torch."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from typing import Any

import pytest
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from gan_zoo.components.scene import Scene, Term
from gan_zoo.engine.assembly import assemble
from gan_zoo.engine.ledger import Ledger
from gan_zoo.engine.phase import PhaseRunner
from gan_zoo.engine.player import Player, optimizer_state, restore_optimizer
from gan_zoo.engine.precision import Precision
from gan_zoo.engine.turns import Turn
from gan_zoo.errors import UserError
from gan_zoo.recipe.recipe import Recipe
from gan_zoo.recipe.wired import WiredRecipe
from tests.engine.conftest import LR, Line, Scale, assert_by_hand

DOUBLE = Precision(torch.device("cpu"), "float64", "contiguous")


def test_an_alternate_step_is_the_one_written_out_here(linear: Recipe, noise: Any) -> None:
    runner = PhaseRunner(assemble(linear), "only", DOUBLE)
    runner.begin()
    batch = noise(0)
    terms = runner.step([batch]).numbers()

    c, y = ((batch[name].double() / 127.5 - 1) for name in ("source", "target"))
    g, d = Line().double(), Scale().double()
    fake = g(c)
    d_fake = F.softplus(d(c, fake.detach())[0][-1]).mean()
    d_real = F.softplus(-d(c, y)[0][-1]).mean()
    [slope] = torch.autograd.grad(0.5 * (d_fake + d_real), [d.weight])
    with torch.no_grad():
        d.weight.sub_(LR * slope)
    gan = F.softplus(-d(c, fake)[0][-1]).mean()  # through the updated discriminator
    l1 = 100 * (fake - y).abs().mean()
    by_hand = torch.autograd.grad(gan + l1, list(g.parameters()))
    with torch.no_grad():
        for parameter, gradient in zip(g.parameters(), by_hand, strict=True):
            parameter.sub_(LR * gradient)

    told = {"D_real": d_real, "D_fake": d_fake, "G_GAN": gan, "G_L1": l1}
    assert_by_hand(runner, terms, told, {"generator": g, "discriminator": d})


def test_micro_batches_average_to_the_whole_batch(linear: Recipe, noise: Any) -> None:
    whole = noise(1, batch=4)
    halves = [{name: t[i : i + 2] for name, t in whole.items()} for i in (0, 2)]
    results = []
    for batches in ([whole], halves):
        runner = PhaseRunner(assemble(linear), "only", DOUBLE)
        runner.begin()
        terms = runner.step(batches).numbers()
        results.append((terms, runner.cast.networks["generator"].state_dict()))
    (once, one), (twice, two) = results
    assert once == pytest.approx(twice, rel=1e-13)
    for name in one:
        torch.testing.assert_close(one[name], two[name], rtol=1e-12, atol=0)


def test_a_turn_changes_nobody_s_want_of_gradients(linear: Recipe) -> None:
    """What is compiled while a parameter rests would never learn it again; a turn goes back to its
    own player's all the same.
    """
    runner = PhaseRunner(assemble(linear), "only", DOUBLE)
    players, networks = runner.players, runner.cast.networks
    seen: list[list[bool]] = []

    def listen(scene: Scene, player: str) -> Iterator[Term]:
        seen.append([next(net.parameters()).requires_grad for net in networks.values()])
        parameters = [p for net in networks.values() for p in net.parameters()]
        yield Term("listen", torch.stack([p.sum() for p in parameters]).sum())

    for name, player in players.items():
        turn = Turn(player, {"ear": listen}, Ledger(), moves=False)
        with turn:
            turn.learn(Scene({}))
        for network, module in networks.items():
            reached = [p.grad is not None for p in module.parameters()]
            assert reached == [network == name] * len(reached)
        player.forget_gradients()
    assert seen == [[True, True], [True, True]]


def test_what_no_loss_reaches_gets_a_gradient_of_zeros() -> None:
    """By which momentum goes on, as where replicas average what one of them reached."""
    weights = {name: nn.Parameter(torch.ones(2)) for name in ("near", "far")}
    steps = torch.optim.SGD(weights.values(), lr=0.5, momentum=0.5)
    player = Player("generator", weights, steps)

    def loss(scene: Scene, player: str) -> Iterator[Term]:
        yield Term("G", sum(weights[name].sum() for name in scene["reached"]))  # type: ignore[misc]

    for reached in (["near", "far"], ["near"]):
        with Turn(player, {"loss": loss}, Ledger()) as turn:
            turn.learn(Scene({"reached": lambda scene, names=reached: names}))
    assert weights["near"].tolist() == [1 - 0.5 - 0.75] * 2
    assert weights["far"].tolist() == [1 - 0.5 - 0.25] * 2


def test_what_was_reached_is_remembered_for_a_resume_and_forgotten_by_a_phase(
    tiny: Callable[..., Recipe], play: Any
) -> None:
    game = play(tiny(one={"steps": 1}, two={"steps": 1}))
    runner = game.enter("one")
    assert runner.players["generator"].reached == set()
    game.step(0)
    learns = set(runner.players["generator"].learns)
    assert runner.players["generator"].reached == learns
    assert set(runner.remember().reached["generator"]) == learns
    assert game.enter("one", resumed=True).players["generator"].reached == learns
    assert game.enter("two").players["generator"].reached == set()


def test_a_turn_that_fails_does_not_step(linear: Recipe, noise: Any) -> None:
    runner = PhaseRunner(assemble(linear), "only", DOUBLE)
    player = runner.players["generator"]
    before = [p.clone() for p in player.learns.values()]

    def fail() -> None:
        with Turn(player, {}, Ledger()):
            for parameter in player.learns.values():
                parameter.grad = torch.ones_like(parameter)
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        fail()
    assert all(torch.equal(a, b) for a, b in zip(before, player.learns.values(), strict=True))


def test_a_loss_that_reaches_nothing_is_refused(linear: Recipe) -> None:
    runner = PhaseRunner(assemble(linear), "only", DOUBLE)

    def cut(scene: Scene, player: str) -> Iterator[Term]:
        yield Term("cut", torch.ones(()))

    with (
        pytest.raises(UserError, match="generator reaches"),
        Turn(runner.players["generator"], {"cut": cut}, Ledger()) as turn,
    ):
        turn.learn(Scene({}))


class Simultaneous:
    """A game of two lines in which both learn from the weights before either steps.

    Args:
        shared: Both learn from the same tensors, each made once.
    """

    output = "fake"

    def __init__(self, shared: bool) -> None:
        self.shared = shared
        self.steps: list[str] = []

    def scene(self, cast: Any, maps: Any) -> Scene:
        def fake(scene: Scene) -> Tensor:
            made: Tensor = cast.play("generator", maps["source"])
            return made

        def judged(scene: Scene) -> Tensor:
            views: list[list[Tensor]] = cast.play("discriminator", maps["source"], scene["fake"])
            return views[0][-1]

        return Scene({"fake": fake, "judged": judged, "again": lambda scene: judged})

    def step(self, scenes: Any, turn: Any) -> None:
        [scene] = scenes
        scene["fake"]
        if self.shared:
            scene["judged"]  # with a graph to both
        with turn("discriminator") as against, turn("generator") as forward:
            for each in (against, forward):
                self._listen(each)
            if self.shared:
                against.learn(scene, keep=True)
                forward.learn(scene)
            else:  # a view each; only the fake is shared, with its graph
                against.learn(scene.view({"judged": scene["again"]}), keep=True)
                forward.learn(scene.view({"judged": scene["again"]}))

    def _listen(self, turn: Turn) -> None:
        optimizer, name = turn.player.optimizer, turn.player.name
        assert optimizer is not None
        optimizer.register_step_post_hook(lambda *_: self.steps.append(name))


@pytest.mark.parametrize("shared", [True, False])
def test_nested_turns_are_simultaneous_play(linear: Recipe, noise: Any, shared: bool) -> None:
    def game(scene: Scene, player: str) -> Iterator[Term]:
        sign = 1 if player == "generator" else -1
        yield Term(player, F.softplus(-sign * scene["judged"]).mean())

    assembly = assemble(linear)
    assembly.method = method = Simultaneous(shared)
    assembly.losses = {name: game for name in list(assembly.losses)[:1]}
    losses = {name: linear.losses[name] for name in assembly.losses}
    assembly.wired = WiredRecipe(linear.model_copy(update={"losses": losses}))
    runner = PhaseRunner(assembly, "only", DOUBLE)
    runner.begin()
    batch = noise(0)
    terms = runner.step([batch]).numbers()

    c = batch["source"].double() / 127.5 - 1
    g, d = Line().double(), Scale().double()
    judged = d(c, g(c))[0][-1]
    losses = {"discriminator": F.softplus(judged).mean(), "generator": F.softplus(-judged).mean()}
    slopes = {
        player: torch.autograd.grad(losses[player], list(net.parameters()), retain_graph=True)
        for player, net in (("discriminator", d), ("generator", g))
    }
    with torch.no_grad():
        for player, net in (("generator", g), ("discriminator", d)):
            for parameter, slope in zip(net.parameters(), slopes[player], strict=True):
                parameter.sub_(LR * slope)
    assert method.steps == ["generator", "discriminator"]
    assert terms == pytest.approx({name: loss.item() for name, loss in losses.items()}, rel=1e-14)
    for name, theirs in (("generator", g), ("discriminator", d)):
        ours = runner.cast.networks[name].state_dict()
        for key, tensor in theirs.state_dict().items():
            torch.testing.assert_close(ours[key], tensor, rtol=1e-13, atol=0)
        assert all(p.requires_grad for p in runner.cast.networks[name].parameters())


def test_every_group_of_an_optimizer_keeps_its_own_rate() -> None:
    weights = [nn.Parameter(torch.ones(1)) for _ in range(2)]
    groups = [{"params": [w], "lr": lr} for w, lr in zip(weights, (1e-4, 4e-4), strict=True)]
    player = Player("generator", {"a": weights[0], "b": weights[1]}, torch.optim.SGD(groups))
    for factor in (0.5, 1.0, 0.0, 0.25):  # of the first rates, whatever was before
        player.set_rate(factor)
        assert player.optimizer is not None
        rates = [group["lr"] for group in player.optimizer.param_groups]
        assert rates == [1e-4 * factor, 4e-4 * factor]


def test_a_label_of_two_losses_names_the_second() -> None:
    ledger = Ledger()
    for loss, value in (("a", 1.0), ("b", 2.0), ("a", 3.0)):
        ledger.enter(loss, "G_L1", torch.tensor(value), 0.5)
    assert ledger.numbers() == {"G_L1": 2.0, "G_L1 (b)": 1.0}
    assert Ledger().numbers() == {}


@pytest.mark.parametrize("form", [torch.contiguous_format, torch.channels_last])
@pytest.mark.parametrize(
    "optimizer",
    [
        {"use": "adam", "betas": [0.5, 0.999]},
        {"use": "adamw", "weight_decay": 0.1},
        {"use": "sgd", "momentum": 0.9, "nesterov": True, "lr": 0.01},
    ],
    ids=lambda spec: spec["use"],
)
def test_a_restored_optimizer_goes_on_to_the_bit(
    tiny: Callable[..., Recipe], optimizer: dict[str, Any], form: torch.memory_format
) -> None:
    spec = tiny({"optimizers.generator": optimizer}).optimizers["generator"]

    def player(start: Tensor) -> Player:
        weight = nn.Parameter(start.clone(memory_format=form))
        return Player("generator", {"w": weight}, spec.build([weight]))

    def step(player: Player, n: int) -> None:
        weight = player.learns["w"]
        draw = torch.Generator().manual_seed(n)
        weight.grad = torch.randn(weight.shape, generator=draw).contiguous(memory_format=form)
        assert player.optimizer is not None
        player.optimizer.step()

    straight = player(torch.linspace(-1, 1, 96).reshape(2, 3, 4, 4))
    for n in range(3):
        step(straight, n)
    resumed = player(straight.learns["w"].detach())
    kept = optimizer_state(straight)["w"]
    saved = {k: v.clone().contiguous() if isinstance(v, Tensor) else v for k, v in kept.items()}
    restore_optimizer(resumed, {"w": saved, "gone": saved})
    for n in range(3, 6):
        step(straight, n)
        step(resumed, n)
    assert torch.equal(straight.learns["w"], resumed.learns["w"])
    for key, value in optimizer_state(resumed)["w"].items():
        if isinstance(value, Tensor):
            assert torch.equal(value, optimizer_state(straight)["w"][key])
            assert value.ndim == 0 or value.stride() == straight.learns["w"].stride()


@pytest.mark.parametrize("fused", [False, True])
@pytest.mark.parametrize("value", [float("nan"), float("inf")])
def test_nobody_steps_by_what_is_not_a_number(fused: bool, value: float) -> None:
    """A fused optimizer heeds the flag on the device by itself; for others it is read."""
    weight = nn.Parameter(torch.ones(3))
    player = Player("generator", {"w": weight}, torch.optim.Adam([weight], lr=0.1, fused=fused))
    ledger = Ledger()
    for bad in (value, 1.0):
        weight.grad = torch.tensor([1.0, bad, 2.0])
        largest = player.largest([torch.tensor(0.5)])
        assert largest is not None
        ledger.largest["generator"] = largest
        spoilt = ledger.spoilt()
        assert spoilt is not None
        player.step(spoilt)
        assert bool(spoilt) == (not math.isfinite(bad))
        assert torch.equal(weight, torch.ones(3)) == bool(spoilt)
        assert ledger.gradients()["generator"] == pytest.approx(
            2.0 if bad == 1 else bad, nan_ok=True
        )
        ledger = Ledger()


def test_a_loss_counts_where_gradients_may_overflow() -> None:
    """Where losses are scaled, the scaler answers gradients; a loss that is none is a fault."""
    weight = nn.Parameter(torch.ones(2))
    scaler = torch.amp.GradScaler("cpu", init_scale=2.0)
    player = Player("generator", {"w": weight}, torch.optim.SGD([weight], lr=0.1), scaler)
    weight.grad = torch.tensor([float("inf"), 1.0])
    largest = player.largest([torch.tensor(0.5), torch.tensor(-3.0)])
    assert largest is not None
    assert largest.item() == 3.0
    assert player.largest([torch.tensor(float("inf"))]).isinf()  # type: ignore[union-attr]
    assert Player("idle", {}, None).largest([]) is None


def test_a_second_turn_of_a_player_forgets_nothing_of_its_first() -> None:
    ledger = Ledger()
    ledger.look_at("generator", torch.tensor(float("nan")))
    ledger.look_at("generator", torch.tensor(2.0))
    assert math.isnan(ledger.gradients()["generator"])
    empty = nn.Parameter(torch.ones(0))
    empty.grad = torch.ones(0)
    assert Player("generator", {"w": empty}, None).largest([]) is None
