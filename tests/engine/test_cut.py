"""A scene that is cut at the fake: each loss goes backward by itself, and the numbers stay."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import nullcontext
from typing import Any

import pytest
import torch
from torch import Tensor, nn

from gan_zoo.components.scene import Scene, Term
from gan_zoo.engine.ledger import Ledger
from gan_zoo.engine.phase import PhaseRunner
from gan_zoo.engine.player import Player
from gan_zoo.engine.precision import Precision
from gan_zoo.engine.turns import Turn
from gan_zoo.recipe.recipe import Recipe
from tests.engine.conftest import maps

Make = Callable[..., Recipe]


class Noted(torch.autograd.Function):
    """Says when a gradient passes."""

    @staticmethod
    def forward(ctx: Any, x: Tensor, said: list[str], name: str) -> Tensor:
        ctx.said, ctx.name = said, name
        return x.clone()

    @staticmethod
    def backward(ctx: Any, gradient: Tensor) -> tuple[Tensor, None, None]:
        ctx.said.append(f"back from {ctx.name}")
        return gradient, None, None


def play_turn(cut: bool, needs: dict[str, frozenset[str]]) -> tuple[list[str], list[float], Any]:
    """One turn of a generator of two weights, with three losses, of which two share views."""
    said: list[str] = []
    weight = nn.Parameter(torch.tensor([2.0, 3.0], dtype=torch.float64))
    player = Player("generator", {"w": weight}, torch.optim.SGD([weight], lr=1.0))

    def views(mine: Scene) -> Tensor:
        said.append("views made")
        return Noted.apply(mine["fake"].exp(), said, "views")  # type: ignore[no-any-return]

    def loss(name: str, asks: str) -> Callable[[Scene, str], Iterator[Term]]:
        def made(scene: Scene, player: str) -> Iterator[Term]:
            said.append(name)
            value = Noted.apply((scene[asks] * (1 + len(name))).sum(), said, name)
            yield Term(f"G_{name}", value, 0.5)  # type: ignore[arg-type]

        return made

    losses = {"gan": loss("gan", "fake_views"), "features": loss("features", "fake_views")}
    losses["vgg"] = loss("vgg", "fake")
    ledger = Ledger()
    with Turn(player, losses, ledger, needs=needs) as turn:
        scene = Scene({"fake": lambda scene: (weight * weight).sin()})
        scene.is_cuttable = cut
        scene.cut("fake")
        turn.learn(scene.view({"fake_views": views}))
    assert not scene.cuts
    assert [*ledger.terms] == ["G_gan", "G_features", "G_vgg"]  # in the recipe's order
    return said, weight.tolist(), ledger.numbers()


VIEWS = frozenset({"fake_views"})
NEEDS = {"gan": VIEWS, "features": VIEWS, "vgg": frozenset({"fake"})}


def test_a_loss_by_itself_is_over_before_what_others_share_is_made() -> None:
    said, _, _ = play_turn(cut=True, needs=NEEDS)
    assert said[:3] == ["vgg", "back from vgg", "gan"]
    assert said[3:5] == ["views made", "features"]
    assert said.count("back from views") == 1  # by both losses together
    assert sorted(said[5:]) == ["back from features", "back from gan", "back from views"]


@pytest.mark.parametrize("needs", [NEEDS, {}], ids=["declared", "silent"])
def test_the_numbers_are_those_of_one_way_back(needs: dict[str, frozenset[str]]) -> None:
    """Also of losses that do not say what they ask for: whether they share is seen."""
    _, apart, terms = play_turn(cut=True, needs=needs)
    _, at_once, told = play_turn(cut=False, needs=needs)
    assert terms == told
    assert apart == pytest.approx(at_once, rel=1e-14)


def test_what_was_made_with_a_graph_is_cut_too() -> None:
    """A condition that learns is reached through the fake and by itself: once, in the end."""
    weight = nn.Parameter(torch.tensor(0.5, dtype=torch.float64))

    def scene() -> Scene:
        return Scene(
            {
                "style": lambda mine: [weight * 3, 7],
                "condition": lambda mine: mine["style"][0] + 0,
                "fake": lambda mine: mine["condition"].square(),
                "plain": lambda mine: torch.ones(()),
            }
        )

    def loss(scene: Scene, player: str) -> Iterator[Term]:
        yield Term("G", scene["fake"] * scene["condition"] + scene["plain"])
        yield Term("G_style", scene["style"][0].square())

    found = []
    for cut in (True, False):
        player = Player("generator", {"w": weight}, torch.optim.SGD([weight], lr=0.0))
        with Turn(player, {"loss": loss}, Ledger(), moves=False) as turn:
            made = scene()
            made.is_cuttable = cut
            made.cut("fake", "plain")
            assert len(made.cuts) == 3 * cut  # one of them in a list
            turn.learn(made)
        assert weight.grad is not None
        found.append(weight.grad.item())
    assert found == pytest.approx([27 * 3 * 0.25 + 9 * 2 * 0.5] * 2)


@pytest.mark.parametrize("turns", ["alternate", "simultaneous"])
def test_weights_are_cast_once_a_turn(
    tiny: Make, play: Any, monkeypatch: pytest.MonkeyPatch, turns: str
) -> None:
    """Their gradients of several passes are then added up in half, as of one pass of all."""
    results = []
    for kept in (True, False):
        with monkeypatch.context() as patch:
            if not kept:
                patch.setattr(Precision, "casts", lambda self: nullcontext())
            game = play(tiny({"method.turns": turns, "method.pool": 4}), "bfloat16")
            runner: PhaseRunner = game.enter("only")
            judge = dict(runner.cast.networks["discriminator"].named_parameters())
            casts = CastsOf(judge.values())
            with casts:
                losses = [game.step(seed) for seed in range(2)]
            results.append((losses, game.weights(), casts.count))
    (ours, mine, few), (theirs, others, many) = results
    for one, other in zip(ours, theirs, strict=True):
        assert one == pytest.approx(other, rel=0.02)
    for name, tensor in others.items():
        torch.testing.assert_close(mine[name], tensor, rtol=0.05, atol=1e-3)
    # passes a step: the fake's and the real one's in one turn, and the fake's in the other
    assert (few, many) == {"alternate": (20, 30), "simultaneous": (10, 30)}[turns]


class CastsOf(torch.utils._python_dispatch.TorchDispatchMode):  # type: ignore[no-untyped-call]
    """Counts the casts of some tensors."""

    def __init__(self, tensors: Any) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self.looked_for = {tensor.data_ptr() for tensor in tensors}
        self.count = 0

    def __torch_dispatch__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        if func is torch.ops.aten._to_copy.default:
            self.count += args[0].data_ptr() in self.looked_for
        return func(*args, **(kwargs or {}))


def test_what_was_cast_without_a_graph_costs_nobody_a_gradient(tiny: Make, play: Any) -> None:
    game = play(tiny(), "bfloat16")
    runner: PhaseRunner = game.enter("only")
    picture = torch.rand(1, 3, 16, 16)
    with runner.precision.casts():
        with torch.no_grad():
            runner.cast.play("generator", picture)
        runner.cast.play("generator", picture).sum().backward()
    for name, parameter in runner.cast.networks["generator"].named_parameters():
        assert parameter.grad is not None, name


@pytest.mark.parametrize("turns", ["alternate", "simultaneous"])
def test_who_listens_hears_what_the_generator_learns_from(
    tiny: Make, play: Any, turns: str
) -> None:
    """Where nobody moves nothing is cut: an ear may ask for the gradient of any weight."""
    game = play(tiny({"method.turns": turns}))
    runner: PhaseRunner = game.enter("only")
    generator = runner.cast.networks["generator"]
    reached: dict[str, int] = {}

    def ear(player: str, scene: Scene, sums: Any) -> None:
        if player == "generator":
            for name, total in sums().items():
                weights = list(generator.parameters())
                slopes = torch.autograd.grad(total, weights, retain_graph=True)
                reached[name] = len(slopes)

    runner.listen(maps(0), ear)
    assert reached == dict.fromkeys(("gan", "l1"), len(list(generator.parameters())))
