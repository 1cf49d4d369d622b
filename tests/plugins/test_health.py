"""Health: its numbers by hand, its sentences by two witnesses, and no trace in the weights."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image
from safetensors.torch import load_file
from torch import Tensor

from gan_zoo.recipe.recipe import Recipe
from gan_zoo.recipe.source import parse_set
from gan_zoo.reporter import Reporter
from gan_zoo.training.run import resume, train
from gan_zoo_callbacks.health_findings import Look, Probe, judge
from gan_zoo_callbacks.health_signals import (
    Pattern,
    Spot,
    common_spot,
    copied_share,
    separation,
    shrunk,
    spread,
    strongest_pattern,
)
from gan_zoo_callbacks.health_words import Cures

RECIPE: dict[str, Any] = {
    "optimizers": {"generator": {"lr": 2e-4}, "discriminator": {"lr": 2e-4}},
    "losses": {"gan": {"use": "adversarial", "weight": 1.0}, "l1": {"use": "l1", "weight": 100.0}},
    "generator": {"use": "unet", "upsampling": "transposed"},
    "discriminator": {"use": "patch", "conditional": True},
    "phases": {"main": {"epochs": 20, "steps": None}},
    "data": {"flip": 0.0},
}
CURES = Cures(RECIPE, "main", 7, 1000, 900)
STEPS = 2000


# ---------------------------------------------------------------------------------- numbers


def textures(count: int = 8, side: int = 64) -> Tensor:
    draw = torch.Generator().manual_seed(0)
    coarse = torch.rand(count, 3, side // 16, side // 16, generator=draw)
    smooth = torch.nn.functional.interpolate(coarse, size=(side, side), mode="bilinear")
    return 80 + 95 * smooth


def test_separation_is_against_the_middle_of_both() -> None:
    real, fake = torch.tensor([1.0, 0.8, 0.2]), torch.tensor([0.0, 0.1, 0.1])
    on_real, on_fake, margin = separation([real], [fake])
    assert margin == pytest.approx(2.0 / 3 - 0.2 / 3)
    assert (on_real, on_fake) == (pytest.approx(2 / 3), 1.0)  # the middle is 0.367
    both = separation([real, real], [fake, real - 1])
    assert both == (pytest.approx((2 / 3 + 1) / 2), 1.0, pytest.approx((0.6 + 1) / 2))


def test_pictures_are_as_far_apart_as_all_their_pairs() -> None:
    pictures = torch.tensor([0.0, 10.0, 40.0]).reshape(3, 1, 1, 1)
    assert spread(pictures) == pytest.approx((10 + 40 + 30) / 3)
    assert spread(pictures[:1]) == 0.0


@pytest.mark.parametrize("stride", [2, 4, 8])
def test_a_checkerboard_is_found_by_its_period_and_amplitude(stride: int) -> None:
    real = textures()
    column = torch.arange(64)
    wave = 5 * torch.cos(2 * torch.pi * column / stride)
    found = strongest_pattern((real + wave).clamp(-100, 400), real)
    assert found.stride == stride
    assert found.ratio > 3
    assert found.amplitude == pytest.approx(10 if stride == 2 else 5, rel=0.2)
    clean = strongest_pattern(real, real)
    assert clean.ratio < 3


def test_a_spot_is_found_where_it_is() -> None:
    real = textures()
    spoiled = real.clone()
    bright = real[:7, :, 20:22, 30:32].mean(dim=(1, 2, 3), keepdim=True) > 127
    spoiled[:7, :, 20:22, 30:32] = torch.where(bright, 0.0, 255.0)
    found = common_spot(spoiled, real)
    assert abs(found.x - 30.5) < 2.6
    assert abs(found.y - 20.5) < 2.6
    assert (found.outputs, found.targets) == (7 / 8, 0.0)
    assert common_spot(real, real).outputs == 0.0
    assert common_spot(real[..., :6, :6], real[..., :6, :6]) == Spot(0, 0, 0.0, 0.0)


def test_copies_are_nearer_to_training_than_real_pictures_are() -> None:
    real = textures(8)
    training = 255 - textures(8)
    assert copied_share(real, real, shrunk(training)) == 0.0
    made = torch.cat([training[:4] + 1, real[4:]])
    assert copied_share(made, real, shrunk(training)) == 0.5


# ---------------------------------------------------------------------------------- sentences


def probe(**changes: Any) -> Probe:
    usual = {
        "judge": "discriminator",
        "on_real": 0.7,
        "on_fake": 0.7,
        "real": 0.9,
        "fake": 0.1,
        "shares": {"gan": 0.1, "l1": 0.9},
        "adversarial": ["gan"],
    }
    return Probe(step=1000, **{**usual, **changes})


def look(step: int = 1000, **changes: Any) -> Look:
    return Look(**{"step": step, "alike": 0.7, "copied": 0.0, "unseen": 0.85, **changes})


def causes(
    probes: list[Probe], looks: list[Look], scored: Sequence[tuple[int, float]] = ()
) -> list[str]:
    found = judge(probes, looks, scored, STEPS, CURES, "l1")
    return [finding.cause for finding in found]


def test_a_usual_run_is_not_spoken_of() -> None:
    assert causes([probe()] * 3, [look(900)] * 4 + [look()]) == []
    assert causes([probe(on_real=0.99, on_fake=0.99)] * 3, [look()] * 4) == []  # a lead alone
    assert causes([probe(shares={"gan": 0.01, "l1": 0.99})] * 3, [look()] * 4) == []


def fast(rate: float) -> Cures:
    recipe = {**RECIPE, "optimizers": {**RECIPE["optimizers"], "discriminator": {"lr": rate}}}
    return Cures(recipe, "main", 7, 1000, 900)


@pytest.mark.parametrize(
    ("probes", "looks", "cures", "cause", "cure"),
    [
        (
            2 * [probe(on_real=0.99, on_fake=1.0, shares={"gan": 0.01, "l1": 0.99})],
            [look()],
            CURES,
            "lead",
            "--set optimizers.discriminator.lr=5e-05",
        ),
        (
            2 * [probe(on_real=0.99, on_fake=1.0)],
            [look()],
            fast(4e-3),
            "lead",
            "--set optimizers.discriminator.lr=0.001",
        ),
        (
            2 * [probe(on_real=0.95, on_fake=0.95, shares={"gan": 0.01, "l1": 0.99})],
            [look()],
            CURES,
            "share",
            "--set losses.gan.weight=4",
        ),
        (
            2 * [probe(on_real=0.95, on_fake=0.95, shares={"gan": 0.99, "l1": 0.01})],
            [look()],
            CURES,
            "share",
            "--set losses.gan.weight=0.25",
        ),
        (
            2 * [probe(on_real=0.95, on_fake=0.95)],
            [look(unseen=0.3)] * 4,  # 0.9 -> 0.3 of the way to 0.1
            CURES,
            "by heart",
            "--set data.flip=0.5",
        ),
        ([], [look(alike=0.2)] * 2, CURES, "alike", "--set losses.l1.weight=400"),
        ([], [look(moved=0.01)] * 2, CURES, "noise", "--set losses.l1.weight=25"),
        (
            [],
            [look(pattern=Pattern(2, 4.0, 2.5))] * 2,
            CURES,
            "checkerboard",
            "--set generator.upsampling=nearest",
        ),
        (
            2 * [probe()],
            [look(spot=Spot(10, 12, 0.9, 0.0)), look(spot=Spot(11, 12, 1.0, 0.1))],
            CURES,
            "spot",
            "--set optimizers.discriminator.lr=5e-05",
        ),
        ([], [look(copied=0.3)] * 2, CURES, "copies", "--set data.flip=0.5"),
    ],
    ids=lambda one: one if isinstance(one, str) else "",
)
def test_two_witnesses_make_a_sentence_with_one_cure(
    probes: list[Probe], looks: list[Look], cures: Cures, cause: str, cure: str
) -> None:
    [found] = judge(probes, looks, [], STEPS, cures, "l1")
    assert (found.cause, found.cure) == (cause, cure)
    key, value = next(iter(parse_set([cure.removeprefix("--set ")]).items()))
    assert found.change == (key, value)
    assert len(found.sentence) > 30


def test_one_look_alone_says_nothing_nor_does_a_young_run() -> None:
    for sick in (
        {"alike": 0.2},
        {"pattern": Pattern(2, 9.0, 9.0)},
        {"spot": Spot(9, 9, 1.0, 0.0)},
        {"copied": 1.0},
        {"moved": 0.0},
    ):
        assert causes([], [look(), look(**sick)]) == []
        assert causes([], [look(**sick)]) == []
        assert causes([], [look(100, **sick), look(190, **sick)]) == []
    apart = [look(spot=Spot(9, 9, 1.0, 0.0)), look(spot=Spot(30, 9, 1.0, 0.0))]
    assert causes([], apart) == []


def at(step: int) -> Cures:
    return Cures(RECIPE, "main", 7, step, step)


def stuck(step: int, scored: Sequence[tuple[int, float]]) -> list[str]:
    return [found.cause for found in judge([], [look(step)], scored, STEPS, at(step), "l1")]


def test_a_best_score_that_is_old_needs_others_after_it() -> None:
    scored = [(100, -5.0), *((100 * n, -6.0) for n in range(2, 8))]
    assert stuck(720, scored) == ["stuck"]
    assert stuck(690, scored) == []  # 590 steps are less than 30 %
    assert stuck(720, scored[:5]) == []  # four scores since
    assert stuck(720, [*scored, (710, -4.0)]) == []
    [found] = judge([], [look(720)], scored, STEPS, at(720), "l1")
    assert found.cure == "--set validation.early_stop='{metric: l1, patience: 5}'"
    assert "no better since step 100, over 6 scores" in found.sentence


def test_cures_say_what_the_recipe_can_change() -> None:
    loose = Cures({**RECIPE, "discriminator": {"conditional": False}}, "main", 7, 1000, 900)
    assert loose.bound() == ("discriminator.conditional", True)
    flipped = Cures({**RECIPE, "data": {"flip": 0.5}}, "main", 7, 1000, 900)
    assert flipped.more_data() == ("phases.main.epochs", 6)
    by_steps = {**RECIPE, "data": {}, "phases": {"main": {"steps": 2000}}}
    assert Cures(by_steps, "main", 7, 1000, 900).more_data() == ("phases.main.steps", 900)
    coarse = {"play": "generator.coarse", "epochs": 8, "set": {"losses.gan.weight": 2.0}}
    hd = {
        **RECIPE,
        "generator": {"upsampling": "transposed", "coarse": {"upsampling": "transposed"}},
        "phases": {"main": coarse},
    }
    assert Cures(hd, "main", 7, 1000, 900).smooth() == ("generator.coarse.upsampling", "nearest")
    assert Cures(hd, "main", 7, 1000, 900).weight("gan", 4) is None  # the phase's own goes before
    smooth = Cures({**RECIPE, "generator": {"upsampling": "nearest"}}, "main", 7, 1000, 900)
    assert smooth.smooth() is None


# ---------------------------------------------------------------------------------- the run


@pytest.fixture(scope="module")
def recipe(tmp_path_factory: pytest.TempPathFactory) -> Callable[..., Recipe]:
    """Recipes of ten steps, five of them a pass, on pictures of noise."""
    root = tmp_path_factory.mktemp("pairs")
    noise = np.random.default_rng(0)
    for split, count in (("train", 10), ("val", 8)):
        (root / split).mkdir()
        for number in range(count):
            pixels = noise.integers(0, 256, (32, 64, 3), np.uint8)
            Image.fromarray(pixels).save(root / split / f"{number}.png")
    small = {
        "data": {"use": "paired_folder", "root": str(root), "direction": "a_to_b"},
        "data.load": [36, 36],
        "data.crop": [32, 32],
        "data.batch": 2,
        "data.workers": 0,
        "generator": {"width": 2, "depth": 3},
        "discriminator": {"width": 2},
        "callbacks.previews": None,
        "validation": None,
        "engine": {"device": "cpu", "checkpoint_every": 3, "log_every": 5},
        "phases.main.epochs": None,
        "phases.main.steps": 10,
    }
    return lambda **changes: Recipe.load("quickstart", set={**small, **changes})


def logged(run: Path, key: str) -> list[Any]:
    lines = [json.loads(line) for line in (run / "log.jsonl").read_text().splitlines()]
    return [(line["step"], line[key]) for line in lines if key in line]


def weights(run: Path) -> dict[str, Tensor]:
    files = sorted((run / "weights" / "latest").glob("*.safetensors"))
    return {f"{f.stem}.{k}": t for f in files for k, t in load_file(f).items()}


@pytest.mark.parametrize("turns", ["alternate", "simultaneous"])
def test_a_run_that_is_listened_to_ends_with_the_same_bits(
    recipe: Callable[..., Recipe], tmp_path: Path, turns: str
) -> None:
    changes = {"generator.dropout": "paper", "generator.depth": 4, "method.turns": turns}
    plain = {**changes, "method.pool": 3}
    quiet = Reporter(quiet=True)
    without = train(recipe(**plain, **{"callbacks.health": None}), tmp_path / "a", reporter=quiet)
    listened = train(
        recipe(**plain, **{"callbacks.health.use": "health"}), tmp_path / "b", reporter=quiet
    )
    assert logged(listened.path, "health")
    ours, theirs = weights(without.path), weights(listened.path)
    assert ours.keys() == theirs.keys()
    assert all(torch.equal(ours[key], theirs[key]) for key in ours)
    losses = [[told for _, told in logged(r.path, "losses")] for r in (without, listened)]
    assert losses[0] == losses[1]


def test_its_numbers_go_on_after_a_stop(recipe: Callable[..., Recipe], tmp_path: Path) -> None:
    watched = recipe(**{"callbacks.health.use": "health"})
    quiet = Reporter(quiet=True)
    whole = train(watched, tmp_path / "whole", reporter=quiet)
    cut = train(watched, tmp_path / "cut", steps=7, reporter=quiet)
    resume(cut.path, steps="all", reporter=quiet)
    assert len(logged(whole.path, "health")) == 10
    assert logged(cut.path, "health") == logged(whole.path, "health")
    told = logged(whole.path, "health")[-1][1]
    assert {"share.gan", "share.l1", "discriminator.margin", "outputs.apart"} <= set(told)
    assert told["share.gan"] + told["share.l1"] == pytest.approx(1)
