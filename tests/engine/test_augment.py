"""What the discriminator sees may be changed at random: in every turn, by one draw of all of it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch
import torch.nn.functional as F
from torch import Tensor

from gan_zoo.checks.contracts import contracts
from gan_zoo.checks.rehearsal import rehearse
from gan_zoo.components.augment import DrawnAugment, draw_augment
from gan_zoo.engine.assembly import assemble
from gan_zoo.engine.phase import PhaseRunner
from gan_zoo.engine.precision import Precision
from gan_zoo.recipe.problems import RecipeError
from gan_zoo.recipe.recipe import Recipe
from gan_zoo.registry.zoo import Zoo
from gan_zoo.training.run import resume, train
from gan_zoo_methods import paired
from tests.engine.conftest import LR, Line, Scale, assert_by_hand

Make = Callable[..., Recipe]

KINDS = ["color", "translation", "cutout"]
ON = {"method.augment": KINDS}
DOUBLE = Precision(torch.device("cpu"), "float64", "contiguous")


def game(recipe: Recipe, *, share: bool = True, layout: Any = "contiguous") -> PhaseRunner:
    torch.manual_seed(0)
    numbers = replace(DOUBLE, share_views=share, memory_format=layout)
    runner = PhaseRunner(assemble(recipe), "only", numbers)
    runner.begin()
    return runner


class Watch:
    """What is drawn in a game, and what comes into its discriminator."""

    def __init__(self, runner: PhaseRunner, monkeypatch: pytest.MonkeyPatch) -> None:
        self.drawn: list[DrawnAugment] = []
        self.came: list[tuple[Tensor, Tensor]] = []

        def draw(kinds: Any, like: Tensor) -> DrawnAugment:
            self.drawn.append(draw_augment(kinds, like))
            return self.drawn[-1]

        def note(module: Any, given: Any) -> None:
            several = given[1] if isinstance(given[1], list) else [given[1]]
            self.came += [(given[0].detach().clone(), p.detach().clone()) for p in several]

        monkeypatch.setattr(paired, "draw_augment", draw)
        runner.cast.networks["discriminator"].register_forward_pre_hook(note)


def received(batch: Mapping[str, Tensor]) -> tuple[Tensor, Tensor]:
    """Input and target as networks take them."""
    return tuple(batch[name].double() / 127.5 - 1 for name in ("source", "target"))


def test_a_step_is_the_one_written_out_here(linear: Recipe, noise: Any) -> None:
    method = linear.method.model_copy(update={"augment": tuple(KINDS)})
    runner = game(linear.model_copy(update={"method": method}))
    batch = noise(0)
    torch.manual_seed(9)
    terms = runner.step([batch]).numbers()

    torch.manual_seed(9)
    c, y = received(batch)
    g, d = Line().double(), Scale().double()
    fake = g(c)
    first = draw_augment(KINDS, y)
    seen = first.condition(c)
    d_fake = F.softplus(d(seen, first.picture(fake.detach()))[0][-1]).mean()
    d_real = F.softplus(-d(seen, first.picture(y))[0][-1]).mean()
    [slope] = torch.autograd.grad(0.5 * (d_fake + d_real), [d.weight])
    with torch.no_grad():
        d.weight.sub_(LR * slope)
    second = draw_augment(KINDS, y)  # the generator's turn has a draw of its own
    gan = F.softplus(-d(second.condition(c), second.picture(fake))[0][-1]).mean()
    l1 = 100 * (fake - y).abs().mean()  # of the pictures as they are
    slopes = torch.autograd.grad(gan + l1, list(g.parameters()))
    with torch.no_grad():
        for parameter, gradient in zip(g.parameters(), slopes, strict=True):
            parameter.sub_(LR * gradient)

    told = {"D_real": d_real, "D_fake": d_fake, "G_GAN": gan, "G_L1": l1}
    assert_by_hand(runner, terms, told, {"generator": g, "discriminator": d})


@pytest.mark.parametrize(
    ("turns", "share", "draws", "calls"),
    [
        ("alternate", True, 2, 4),
        ("generator_first", True, 2, 4),
        ("simultaneous", False, 2, 4),
        ("simultaneous", True, 1, 2),  # one pass serves both players, so they see one draw
    ],
)
def test_all_that_is_seen_in_a_turn_is_changed_by_one_draw(
    tiny: Make,
    noise: Any,
    monkeypatch: pytest.MonkeyPatch,
    turns: str,
    share: bool,
    draws: int,
    calls: int,
) -> None:
    matched = {"losses.features": {"use": "feature_matching"}, "method.turns": turns}
    runner = game(tiny({**ON, **matched}), share=share)
    watch, batch = Watch(runner, monkeypatch), noise(0)
    runner.step([batch])
    assert (len(watch.drawn), len(watch.came)) == (draws, calls)
    c, y = received(batch)
    for place, drawn in enumerate(watch.drawn):
        turn = watch.came[calls // draws * place :][: calls // draws]
        for seen, _ in turn:
            assert torch.equal(seen, drawn.condition(c))
        assert any(torch.equal(picture, drawn.picture(y)) for _, picture in turn)
        assert not torch.equal(turn[0][1], turn[1][1])
    whole = {tuple(seen.flatten().tolist()) for seen, _ in watch.came}
    assert len(whole) == draws  # the condition that is seen differs from turn to turn


@pytest.mark.parametrize("turns", ["alternate", "simultaneous"])
@pytest.mark.parametrize("layout", ["contiguous", "channels_last"])
def test_what_is_seen_has_the_layout_of_the_engine(
    tiny: Make, noise: Any, monkeypatch: pytest.MonkeyPatch, layout: str, turns: str
) -> None:
    penalty = {"losses.penalty": {"use": "r1"}, "method.turns": turns}
    runner = game(tiny({**ON, **penalty}), layout=layout)
    watch = Watch(runner, monkeypatch)
    runner.step([noise(0)])
    assert len(watch.came) == {"alternate": 4, "simultaneous": 3}[turns]
    kind = {"contiguous": torch.contiguous_format, "channels_last": torch.channels_last}[layout]
    for seen in (tensor for pair in watch.came for tensor in pair):
        assert seen.is_contiguous(memory_format=kind)


def test_maps_may_have_any_name(tiny: Make, noise: Any) -> None:
    runner = game(tiny(ON))
    batch = {**noise(0), "augment": noise(1)["source"], "drawn": noise(2)["source"]}
    scene = runner.method.scene(runner.cast, {name: m.double() for name, m in batch.items()})
    for name in ("augment", "drawn"):
        assert torch.equal(scene[name], batch[name].double())
    assert runner.step([batch]).numbers() == game(tiny(ON)).step([noise(0)]).numbers()


@pytest.mark.parametrize("turns", ["alternate", "simultaneous"])
def test_features_of_equal_pictures_match(tiny: Make, noise: Any, turns: str) -> None:
    """Which they would not by draws of their own: what is matched is what pictures show."""
    matched = {"losses.features": {"use": "feature_matching"}, "method.turns": turns}
    runner = game(tiny({**ON, **matched}))
    generator = runner.cast.networks["generator"]
    batch = noise(0)
    batch["target"] = batch["source"]
    generator.forward = lambda x: x + 0 * next(generator.parameters()).sum()  # type: ignore
    told = runner.step([batch]).numbers()
    assert told["G_GAN_Feat"] == 0
    assert told["G_L1"] == 0


def test_without_it_nothing_is_drawn_and_the_generator_is_not_touched(
    tiny: Make, noise: Any
) -> None:
    one, other = (
        game(tiny({"method.augment": kinds})).step([noise(0)]).numbers() for kinds in ([], KINDS)
    )
    assert one["G_L1"] == other["G_L1"]
    assert one["D_real"] != other["D_real"]
    quiet = game(tiny({"generator.dropout": "none"}))
    state = torch.get_rng_state()
    quiet.step([noise(0)])
    assert torch.equal(torch.get_rng_state(), state)


def test_held_fakes_are_changed_as_the_others(
    tiny: Make, noise: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A picture of the pool and what was seen beside it move together."""
    moves = {"method.augment": ["translation"], "method.pool": 2, "method.history": "exact"}
    runner = game(tiny({**moves, "discriminator.norm": "none"}))
    watch, history = Watch(runner, monkeypatch), runner.method.history  # type: ignore[attr-defined]
    shown, show = [], history.shown
    history.shown = lambda scene: shown.append(show(scene)) or shown[-1]
    for seed in range(6):
        runner.step([noise(seed)])
    fakes = watch.came[0::3]  # the fake first, then the real, then the generator's turn
    for (seen, picture), drawn, (beside, held) in zip(fakes, watch.drawn[::2], shown, strict=True):
        assert torch.equal(seen, drawn.condition(beside))
        assert torch.equal(picture, drawn.picture(held))


@pytest.mark.parametrize("loss", ["r1", "gradient_penalty"])
def test_penalties_take_the_slope_through_the_change(linear: Recipe, noise: Any, loss: str) -> None:
    """Of D(T(x)) by x: here T hides pixels, which then have none."""
    holes = linear.method.model_copy(update={"augment": ("cutout",)})
    penalty = Zoo.installed().claims("loss")[loss][0].spec(weight=2)
    losses = {**linear.losses, "penalty": penalty}
    runner = game(linear.model_copy(update={"method": holes, "losses": losses}))
    batch = noise(0)
    torch.manual_seed(9)
    terms = runner.step([batch]).numbers()
    torch.manual_seed(9)
    _, y = received(batch)
    drawn = draw_augment(["cutout"], y)
    seen = drawn.picture(torch.ones_like(y))  # B D H W
    squared = (seen * Scale().double().weight[:, 3:]).square().sum((1, 2, 3))
    expected = squared.mean() if loss == "r1" else (squared.sqrt() - 1).square().mean()
    assert terms["D_R1" if loss == "r1" else "D_GP"] == pytest.approx(expected.item(), rel=1e-12)
    assert (seen == 0).any()


def judges() -> list[Any]:
    claims = Zoo.installed().claims("discriminator").values()
    return [claim.spec.example() for claimed in claims for claim in claimed]


@pytest.mark.parametrize("judge", judges(), ids=lambda spec: type(spec).name)
@pytest.mark.parametrize("turns", ["alternate", "simultaneous"])
def test_every_discriminator_learns_with_it(tiny: Make, noise: Any, judge: Any, turns: str) -> None:
    made = tiny({**ON, "method.turns": turns}).model_copy(update={"discriminator": judge})
    runner = game(made)
    before = [p.detach().clone() for p in runner.cast.networks["discriminator"].parameters()]
    terms = runner.step([noise(0, side=32)]).numbers()
    assert all(abs(value) < 1e3 for value in terms.values())
    after = runner.cast.networks["discriminator"].parameters()
    assert any(not torch.equal(old, new) for old, new in zip(before, after, strict=True))


def test_micro_batches_have_draws_of_their_own(
    tiny: Make, noise: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    runner = game(tiny({**ON, "discriminator.norm": "none"}))
    watch, batches = Watch(runner, monkeypatch), [noise(0), noise(1)]
    runner.step(batches)
    assert len(watch.drawn) == 4
    for place, drawn in enumerate(watch.drawn):  # two in the discriminator's turn, then two
        assert torch.equal(
            watch.came[[0, 2, 4, 5][place]][0], drawn.condition(received(batches[place % 2])[0])
        )


def test_a_resumed_run_goes_on_to_the_same_bits(tmp_path: Path) -> None:
    changes = {
        **ON,
        "generator.width": 2,
        "discriminator.width": 2,
        "phases": {"main": {"epochs": None, "steps": 4, "schedule": None}},
        "callbacks": None,
        "validation": None,
        "data.workers": 0,
        "engine.device": "cpu",
    }
    recipe = Recipe.load("quickstart", set=changes)
    whole = train(recipe, tmp_path / "whole")
    train(recipe, tmp_path / "cut", steps=2)
    cut = resume(tmp_path / "cut", steps="all")
    for name in ("generator", "discriminator"):
        ours, theirs = (run.load_weights("latest", name) for run in (whole, cut))
        assert ours.keys() == theirs.keys()
        assert all(torch.equal(ours[key], theirs[key]) for key in ours)


def test_it_is_rehearsed(tiny: Make) -> None:
    on, off = (rehearse(tiny({"method.augment": kinds}))[0] for kinds in (KINDS, []))
    assert on.learning == off.learning
    assert on.peak_bytes > off.peak_bytes


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        (
            {
                **ON,
                "discriminator": None,
                "losses.gan": None,
                "optimizers.discriminator": None,
            },
            r"method\.augment: .*'color', 'translation', 'cutout'\] changes what a discriminator "
            "sees, and there is none; leave `augment` out; data.augment changes samples",
        ),
        ({"method.augment": ["color", "color"]}, r"method\.augment: .*name each once"),
        ({"method.augment": ["colour"]}, r"method\.augment.*did you mean color"),
    ],
)
def test_what_cannot_be_is_refused(tiny: Make, changes: dict[str, Any], told: str) -> None:
    with pytest.raises(RecipeError, match=told):
        contracts(tiny(changes))
