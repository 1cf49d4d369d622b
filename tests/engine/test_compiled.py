"""Networks that are compiled compute what they compute otherwise, in every kind of step; and what
cannot be compiled is said and goes on as it was.
"""

from __future__ import annotations

from collections.abc import Callable
from itertools import pairwise
from typing import Any

import pytest
import torch
from torch import Tensor, nn

from gan_zoo.components.networks import GeneratorSpec
from gan_zoo.components.shapes import Image
from gan_zoo.engine import compiling
from gan_zoo.engine.compiling import count
from gan_zoo.engine.settling import Settled, settle
from gan_zoo.errors import UserError
from gan_zoo.recipe.recipe import Recipe
from tests.engine.conftest import Player, maps

Make = Callable[..., Recipe]
ONE, BOTH = {"steps": 2, "train": ["discriminator"]}, {"steps": 2}
ORDERS = {"rests, then learns": (ONE, BOTH), "learns, then rests": (BOTH, ONE)}
STEPS = 3


pytestmark = pytest.mark.usefixtures("programs")


class Game(Player):
    """Plays a recipe, compiled or as ever."""

    def __init__(self, recipe: Recipe, compile: str = "off", precision: str = "float32") -> None:
        super().__init__(recipe)
        words = {"precision": precision, "compile": compile}
        self.precision = type(self.precision).of(**{**recipe.engine.computing, **words})
        self.settled: list[Settled] = []

    def play(self) -> tuple[list[dict[str, float]], list[dict[str, Tensor]]]:
        """Losses of every step, and the weights at first and after each phase."""
        torch.manual_seed(self.recipe.seed)
        losses, weights = [], [self.weights()]
        self.weights_then = weights  # at first and after each phase
        for phase in self.recipe.phases:
            runner = self.enter(phase)
            side = runner.phase.size[0] if runner.phase.size else 16
            several = runner.recipe.engine.accumulate
            batches = [[maps(several * n + m, side) for m in range(several)] for n in range(STEPS)]
            self.settled.append(settle(runner, batches[0]))
            losses += [runner.step(batch, n).numbers() for n, batch in enumerate(batches)]
            if runner.compiled:
                assert (count().graphs, count().breaks) == (self.settled[-1].graphs, {})
            weights.append(self.weights())
        return losses, weights


def assert_equal(
    recipe: Recipe, compile: str = "networks", precision: str = "float32", *, to: float = 0.0
) -> Game:
    """Compiled it is the same, and nothing is compiled once steps are taken.

    Args:
        recipe, compile, precision: What is played.
        to: How much of the largest number of a tensor may differ, where gradients of several passes
            are added up in another order; 0 is to the bit.
    """
    losses, weights = Game(recipe, precision=precision).play()
    game = Game(recipe, compile, precision)
    ours, compiled = game.play()
    for mine, terms in zip(ours, losses, strict=True):
        assert mine == (pytest.approx(terms, rel=10 * to) if to else terms)
    for told, tensors in zip(compiled, weights, strict=True):
        for name, tensor in tensors.items():
            off = (told[name] - tensor).abs().max() if tensor.numel() else tensor.sum()
            assert off <= to * tensor.abs().max(), name
    return game


WORDS: dict[str, dict[str, Any]] = {
    "alternate": {},
    "simultaneous": {"method.turns": "simultaneous"},
    "separate views": {"method.turns": "simultaneous", "engine.share_views": False},
    "generator first": {"method.turns": "generator_first"},
    "accumulate": {"engine.accumulate": 2},
    "pool": {"method.pool": 3},
    "spectral norm": {"discriminator.spectral": True},
    "penalty": {"losses.penalty": {"use": "gradient_penalty"}},
    "r1 now and then": {"losses.penalty": {"use": "r1", "every": 2}},
    "augment": {"method.augment": ["color", "translation", "cutout"]},
}
# Programs of the two networks: the generator's; the discriminator's of a picture without a graph,
# and of one with; of views that are shared both at once. Where batches are several, the generator's
# first pass has none.
GRAPHS = {"simultaneous": 2, "accumulate": 4, "generator first": 4}
ROUNDED = {"spectral norm", "penalty", "r1 now and then"}
LESS = {  # of what others have too
    "separate views",
    "generator first",
    "accumulate",
    "pool",
    "penalty",
    "r1 now and then",
    "augment",
}


@pytest.mark.parametrize(
    "words", [pytest.param(w, marks=pytest.mark.slow) if w in LESS else w for w in WORDS]
)
def test_every_kind_of_step(tiny: Make, words: str) -> None:
    to = 1e-6 if words in ROUNDED else 0.0
    game = assert_equal(tiny(WORDS[words], only={"steps": STEPS}), to=to)
    (settled,) = game.settled
    assert settled.compiled == ("generator", "discriminator")
    assert settled.graphs == GRAPHS.get(words, 3)


@pytest.mark.parametrize(("precision", "to"), [("float64", 0.0), ("bfloat16", 1e-3)])
def test_in_other_numbers(tiny: Make, precision: str, to: float) -> None:
    game = assert_equal(tiny(only={"steps": STEPS}), precision=precision, to=to)
    assert game.settled[0].graphs == 3


def test_blocks_share_what_is_equal(tiny: Make) -> None:
    def graphs(blocks: int) -> int:
        words = {"generator": {"use": "resnet", "width": 2, "blocks": blocks}}
        recipe = tiny({**words, "generator.depth": None, "generator.dropout": None})
        game = assert_equal(recipe, "blocks")
        assert game.settled[0].compiled == ("generator", "discriminator")
        return game.settled[0].graphs

    assert graphs(3) == graphs(6)


@pytest.mark.parametrize(
    ("turns", "order"), [*zip(["alternate", "simultaneous"], ORDERS, strict=True)]
)
def test_who_rested_learns_and_who_learned_rests(tiny: Make, turns: str, order: str) -> None:
    first, second = ORDERS[order]
    recipe = tiny({"method.turns": turns}, first=first, second=second)
    game = assert_equal(recipe)
    named = {
        net: [f"{net}.{key}" for key, _ in module.named_parameters()]
        for net, module in game.assembly.networks.items()
    }
    for phase, (before, after) in enumerate(pairwise(game.weights_then)):
        learns = {"discriminator"} if (first, second)[phase] is ONE else set(named)
        for network, names in named.items():
            moved = {name for name in names if not torch.equal(before[name], after[name])}
            assert moved == (set(names) if network in learns else set())


# ---------------------------------------------------------------------- what is not compiled


def test_sizes_of_their_own(tiny: Make) -> None:
    recipe = tiny({"data.load": None, "data.crop": None})
    game = Game(recipe, "networks")
    told = settle(game.enter("only"), [maps(0)])
    assert told.lines == [
        "Nothing is compiled: source and target come in sizes of their own, and each would be "
        "compiled anew. data.crop gives them one"
    ]
    assert not game.runner.compiled


def test_what_is_computed_anew(tiny: Make) -> None:
    game = assert_equal(tiny({"engine.recompute": ["generator"]}))
    (settled,) = game.settled
    assert settled.compiled == ("discriminator",)
    assert settled.lines[0] == (
        "generator is not compiled: engine.recompute makes its forward anew"
    )


def test_nothing_is_left_to_compile(tiny: Make) -> None:
    game = Game(tiny({"engine.recompute": ["generator", "discriminator"]}), "networks")
    told = settle(game.enter("only"), [maps(0)])
    assert (told.compiled, told.graphs, game.runner.compiled) == ((), 0, False)
    assert [line.partition(" is not compiled: ")[0] for line in told.lines] == [
        "generator",
        "discriminator",
    ]


class Foreign(nn.Module):
    """Somebody's network, which torch's compiler does not get through in one piece."""

    def __init__(self, how: str) -> None:
        super().__init__()
        self.how = how
        self.first, self.last = (nn.Conv2d(3, 3, 3, padding=1) for _ in range(2))

    def forward(self, x: Tensor) -> Tensor:
        x = self.first(x)
        if self.how == "breaks":
            torch._dynamo.graph_break()
        elif self.how == "asks":
            x = x * (2.0 if x.mean().item() > 0 else 1.0)
        return torch.tanh(self.last(x))


class ForeignSpec(GeneratorSpec, name="foreign"):
    how: str

    def build(self, given: Image, wanted: Image) -> nn.Module:
        return Foreign(self.how)


@pytest.mark.parametrize("how", ["breaks", "asks"])
def test_a_network_in_pieces_works_and_is_told(tiny: Make, how: str) -> None:
    recipe = tiny(only={"steps": STEPS}).model_copy(update={"generator": ForeignSpec(how=how)})
    losses, _ = Game(recipe).play()
    game = Game(recipe, "networks")
    runner = game.enter("only")
    torch.manual_seed(recipe.seed)
    settled = settle(runner, [maps(0)])
    assert [runner.step([maps(n)], n).numbers() for n in range(STEPS)] == losses
    assert settled.lines[-1].startswith("Compiled generator, discriminator in ")
    assert " times Python goes on between two of them: " in settled.lines[-1]


def test_what_the_compiler_cannot_is_told_and_goes_on(
    tiny: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: Any) -> None:
        raise AssertionError("expected stride 4, got 2\nand so on")

    monkeypatch.setattr(compiling, "BACKEND", broken)
    recipe = tiny(only={"steps": STEPS})
    losses, _ = Game(recipe).play()
    game = Game(recipe, "networks")
    assert game.play()[0] == losses
    (line,) = game.settled[0].lines
    assert line == (
        "Nothing is compiled, since torch cannot (AssertionError: expected stride 4, got 2)"
    )
    assert not game.runner.compiled


def test_a_variant_too_many_is_an_error(tiny: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    """Never slow in silence."""
    monkeypatch.setattr(compiling, "VARIANTS", 4)
    game = Game(tiny(), "networks")
    runner = game.enter("only")
    settle(runner, [maps(0)])
    runner.step([maps(0)])
    told = r"engine.compile: torch's compiler failed at this step \(.*limit.*engine.compile: off"
    with pytest.raises(UserError, match=told):
        _ = [runner.step([maps(0, batch=batch)]) for batch in (1, 3, 4, 5)]


def test_nothing_is_left_compiled_in_a_phase_that_is_not(tiny: Make) -> None:
    plain = {"steps": STEPS, "set": {"engine": {"compile": "off"}}}
    recipe = tiny({"engine.compile": "networks"}, first={"steps": STEPS}, second=plain)
    game = Game(recipe, "networks")
    game.enter("first")
    settle(game.runner, [maps(0)])
    assert game.runner.networks["generator"]._compiled_call_impl is not None
    game.enter("second")
    assert game.runner.networks["generator"]._compiled_call_impl is None
