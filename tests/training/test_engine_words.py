"""Engine words by phase, and through a resume: the same files to the byte."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch

from gan_zoo.checks.contracts import contracts
from gan_zoo.checks.rehearsal import rehearse
from gan_zoo.engine.phase import PhaseRunner
from gan_zoo.errors import UserError
from gan_zoo.recipe.problems import RecipeError
from gan_zoo.recipe.recipe import Recipe
from gan_zoo.reporter import Reporter
from gan_zoo.training.run import resume, train

Few = Callable[..., Recipe]

AVERAGE = {"callbacks.average": {"use": "average", "decay": 0.5}}
RESUMED: dict[str, tuple[dict[str, Any], dict[str, Any]]] = {
    "float64": ({"engine.precision": "float64", **AVERAGE}, {}),
    "float16": ({"engine.precision": "float16"}, {}),
    "norms in half": (
        {"engine.precision": "bfloat16", "generator.norm": "instance"},
        {"engine.norms": "float32"},
    ),
    "pool": ({"method.pool": 3, "method.turns": "simultaneous"}, {}),
    "accumulate": ({"engine.accumulate": 2, "method.pool": 3}, {}),
    "penalty": ({"losses.r1": {"use": "r1", "every": 3}}, {}),
    "spectral": (
        {"discriminator.spectral": True, "engine.recompute": ["generator", "discriminator"]},
        {},
    ),
    "precision by phase": (AVERAGE, {"engine.precision": "float64"}),
    "layout by phase": ({"engine.memory_format": "channels_last"}, {}),
    "layout in one phase": ({}, {"engine.memory_format": "channels_last"}),
    "words in one phase": (
        {},
        {"engine.accumulate": 2, "engine.recompute": ["generator"], "engine.share_views": False},
    ),
}


def contents(folder: Path) -> dict[str, bytes]:
    kept = [*folder.glob("weights/*/*.safetensors"), *folder.glob("state/*/tensors.safetensors")]
    return {str(path.relative_to(folder)): path.read_bytes() for path in kept}


@pytest.mark.parametrize("cut", [2, 5])
@pytest.mark.parametrize("name", RESUMED)
def test_a_cut_run_ends_in_the_same_bytes(few: Few, tmp_path: Path, name: str, cut: int) -> None:
    changes, within = RESUMED[name]
    recipe = few(changes, one={"steps": 4, "set": within}, two={"steps": 3})
    whole = train(recipe, tmp_path / "whole", reporter=Reporter(quiet=True))
    part = train(recipe, tmp_path / "part", steps=cut, reporter=Reporter(quiet=True))
    resume(part.path, steps="all", reporter=Reporter(quiet=True))
    last = sorted(whole.state.glob("step-*"))[-1].name
    ours, theirs = contents(part.path), contents(whole.path)
    same = [key for key in theirs if key.startswith("weights") or last in key]
    assert len(same) >= 3
    assert [key for key in same if ours[key] != theirs[key]] == []


def test_deterministic_holds_in_the_phase_that_says_it(
    few: Few, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen: list[bool] = []
    step = PhaseRunner.step

    def watched(*args: Any) -> Any:
        seen.append(torch.are_deterministic_algorithms_enabled())
        return step(*args)

    monkeypatch.setattr(PhaseRunner, "step", watched)
    said = {"engine.deterministic": True}
    recipe = few(one={"steps": 1}, two={"steps": 1, "set": said}, three={"steps": 1})
    train(recipe, tmp_path / "run", reporter=Reporter(quiet=True))
    assert seen == [False, True, False]


@pytest.mark.skipif(torch.cuda.is_available(), reason="there is one")
def test_a_device_of_a_later_phase_is_refused_before_the_first(few: Few, tmp_path: Path) -> None:
    recipe = few(one={"steps": 1}, two={"steps": 1, "set": {"engine.device": "cuda"}})
    with pytest.raises(UserError, match=r"engine\.device: cuda came"):
        train(recipe, tmp_path / "run", reporter=Reporter(quiet=True))
    assert not (tmp_path / "run").exists()


def test_a_term_that_is_not_made_on_every_step_is_logged(few: Few, tmp_path: Path) -> None:
    changes = {"losses.r1": {"use": "r1", "every": 4}, "engine.log_every": 3}
    run = train(few(changes, one={"steps": 6}), tmp_path / "run", reporter=Reporter(quiet=True))
    logged = [json.loads(line) for line in run.log.read_text().splitlines()]
    shown = ["D_R1" in entry["losses"] for entry in logged if "losses" in entry]
    assert shown == [True, True]  # of the steps 1 and 5, written down with 3 and 6


def test_a_resume_logs_what_was_made_before_it(few: Few, tmp_path: Path) -> None:
    """The penalty of step 5 stands in the line of step 6, though the run was cut in between."""
    changes = {"losses.r1": {"use": "r1", "every": 4}, "engine.log_every": 3}
    recipe = few({**changes, "engine.checkpoint_every": 5}, one={"steps": 9})
    run = train(recipe, tmp_path / "run", reporter=Reporter(quiet=True))
    expected = [json.loads(line)["losses"] for line in run.log.read_text().splitlines()]
    assert "D_R1" in expected[1]
    shutil.rmtree(run.state / "step-000000009")
    resume(run.path, reporter=Reporter(quiet=True))
    assert [json.loads(line)["losses"] for line in run.log.read_text().splitlines()] == expected


@pytest.mark.parametrize("changes", [{}, {"engine.accumulate": 8}, {"engine.share_views": False}])
def test_the_rehearsal_is_a_real_step_of_simultaneous_turns(
    tiny: Any, changes: dict[str, Any]
) -> None:
    wide = {"data.load": [64, 64], "data.crop": [64, 64], "method.turns": "simultaneous"}
    [found] = rehearse(tiny({**wide, **changes}))
    [plain] = rehearse(tiny(wide))
    if "engine.accumulate" in changes:
        inputs = 2 * (2 * 3 * 64 * 64) * (4 + 1)  # of one more batch, as floats and as 8 bits
        assert found.peak_bytes < 1.05 * (plain.peak_bytes + 7 * inputs)  # no graph is held twice
        assert found.flop == 8 * plain.flop
    elif changes:
        assert found.flop > plain.flop
        assert found.peak_bytes != plain.peak_bytes
    assert found.peak_bytes > 0


@pytest.mark.parametrize(
    ("within", "told"),
    [
        ({"engine.recompute": ["generatr"]}, r"did you mean generator"),
        ({"losses.penalty.weight": 0.0}, r"losses\.gan\.form: .*gradient_penalty"),
    ],
)
def test_words_of_a_phase_are_checked_too(tiny: Any, within: dict[str, Any], told: str) -> None:
    game = {"losses.gan.form": "wasserstein", "losses.penalty": {"use": "gradient_penalty"}}
    recipe = tiny(game, one={"steps": 1}, two={"steps": 1, "set": within})
    with pytest.raises(RecipeError, match=told):
        contracts(recipe)


def test_two_averages_in_one_folder_are_refused() -> None:
    twice = {f"callbacks.{name}": {"use": "average"} for name in ("one", "two")}
    with pytest.raises(RecipeError, match=r"one and two would both write weights/average"):
        Recipe.load("quickstart", set=twice)
