"""Who only looks at pictures costs no step, sees the end of every phase, and looks again after a
resume.
"""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image

import gan_zoo
from gan_zoo.checks import check
from gan_zoo.components import hookimpl
from gan_zoo.components.watching import CallbackSpec
from gan_zoo.errors import UserError
from gan_zoo.recipe.recipe import Recipe
from gan_zoo.reporter import Reporter
from gan_zoo.runs import checkpoint
from gan_zoo.runs.folder import RunFolder

PREVIEWS = {"use": "previews", "count": 3, "every": 1}
SCORES = {"split": "val", "metrics": {"l1": {"use": "l1"}}, "best": "l1", "every": 1}


@pytest.fixture
def pairs(tmp_path: Path) -> Path:
    """Six pairs to learn from, three to look at."""
    draw = np.random.default_rng(0)
    for split, count in (("train", 6), ("val", 3)):
        (tmp_path / "pairs" / split).mkdir(parents=True)
        for n in range(count):
            pixels = draw.integers(0, 256, (16, 32, 3), dtype=np.uint8)
            Image.fromarray(pixels).save(tmp_path / "pairs" / split / f"{n}.png")
    return tmp_path / "pairs"


def recipe(root: Path, *, epochs: int = 3, **changes: Any) -> Recipe:
    small = {
        "data": {"use": "paired_folder", "root": str(root), "batch": 2, "workers": 0},
        "generator": {"width": 2, "depth": 3},
        "discriminator": {"width": 2, "layers": 1},
        "phases": {"main": {"epochs": epochs, "steps": None, "schedule": None}},
        "callbacks": None,
        "validation": None,
        "engine": {"device": "cpu", "checkpoint_every": 1000},
    }
    return Recipe.load("quickstart", set={**small, **changes})


def trained(made: Recipe, out: Path) -> RunFolder:
    return gan_zoo.train(made, out, reporter=Reporter(quiet=True))


def scored(run: RunFolder) -> list[int]:
    lines = [json.loads(line) for line in run.log.read_text().splitlines()]
    return [line["step"] for line in lines if "validation" in line]


def kept(run: Path) -> dict[str, bytes]:
    """What must be the same however often a run was cut."""
    found = sorted((*run.rglob("*.png"), *(run / "weights").rglob("*.safetensors")))
    return {str(path.relative_to(run)): path.read_bytes() for path in found}


@pytest.mark.parametrize(
    ("watched", "named"),
    [
        ({"validation": SCORES}, ""),
        ({"callbacks": {"previews": PREVIEWS, "health": None}}, "callbacks.previews: "),
        (
            {"callbacks": {"previews": PREVIEWS, "health": None}, "validation": SCORES},
            "callbacks.previews: ",
        ),
    ],
    ids=["validation", "previews", "both"],
)
def test_a_broken_picture_that_is_only_looked_at_costs_no_step(
    pairs: Path, tmp_path: Path, watched: dict[str, Any], named: str
) -> None:
    straight = trained(recipe(pairs, **watched), tmp_path / "straight")
    broken = pairs / "val/1.png"
    whole = broken.read_bytes()
    broken.write_bytes(whole[:400])  # the header is sound: no start finds it
    with pytest.raises(UserError) as caught:
        trained(recipe(pairs, **watched), tmp_path / "run")
    picture, saved = str(caught.value).splitlines()
    assert picture.startswith(f"{named}{broken} is damaged or cut short")
    assert picture.endswith("get it again, or take it out")
    assert saved == f"Step 3 is saved; gan-zoo resume {tmp_path / 'run'} looks again and goes on"
    (state,) = checkpoint.saved(tmp_path / "run/state")
    assert checkpoint.load(state)[0].step == 3
    broken.write_bytes(whole)
    run = gan_zoo.resume(tmp_path / "run", reporter=Reporter(quiet=True))
    assert scored(run) == ([3, 6, 9] if "validation" in watched else [])
    assert kept(run.path) == kept(straight.path)


@pytest.mark.parametrize(
    ("every", "epochs", "steps"), [(4, 5, [12, 15]), (4, 3, [9]), (4, 4, [12]), (2, 3, [6, 9])]
)
def test_the_end_of_a_phase_is_always_scored(
    pairs: Path, tmp_path: Path, every: int, epochs: int, steps: list[int]
) -> None:
    made = recipe(pairs, epochs=epochs, validation={**SCORES, "every": every})
    run = trained(made, tmp_path / "run")
    assert scored(run) == steps
    assert run.weights_step("best") in steps
    alone = [note for note in check(made).notes if "at its end alone" in note]
    assert alone == ["phase main: scored at its end alone, as validation.every is 4"] * (
        epochs < every
    )


def test_a_phase_that_ends_within_a_pass_is_scored(pairs: Path, tmp_path: Path) -> None:
    phases = {"main": None, "one": {"steps": 2}, "two": {"steps": 4}}
    run = trained(recipe(pairs, validation=SCORES, phases=phases), tmp_path / "run")
    assert scored(run) == [2, 5, 6]
    assert run.weights_phase("best") == "two"


@pytest.mark.parametrize("steps", [2, 3])
def test_a_run_that_ends_before_its_first_score_says_that_the_best_is_not_there(
    pairs: Path, tmp_path: Path, steps: int
) -> None:
    """An epoch is three steps."""
    made = recipe(pairs, validation=SCORES, **{"inference.weights": "best"})
    run = gan_zoo.train(made, tmp_path / "run", steps=steps, reporter=Reporter(quiet=True))
    told = "Nothing is in weights/best yet, which inference.weights asks for: until the first score"
    assert (told in run.text_log.read_text()) == (steps == 2)


class Looker:
    """Fails at a look, as whatever a stranger's callback may do."""

    looks = 0

    @hookimpl
    def on_epoch_end(self, run: Any) -> None:
        run.save()
        type(self).looks += 1
        if self.looks == 2:
            raise ZeroDivisionError("a stranger's")


class LookerSpec(CallbackSpec, name="looker"):
    def build(self) -> object:
        return Looker()


def test_any_error_of_a_look_costs_no_step(
    pairs: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The checkpoint comes first; a resume looks at the same step again, and then goes on."""
    made = recipe(pairs).model_copy(update={"callbacks": {"looker": LookerSpec()}})
    monkeypatch.setattr("gan_zoo.runs.folder.RunFolder.recipe", lambda run: made)
    with pytest.raises(ZeroDivisionError):
        trained(made, tmp_path / "run")
    (state, _) = checkpoint.saved(tmp_path / "run/state")
    position, _ = checkpoint.load(state)
    assert (position.step, position.looked) == (6, False)
    gan_zoo.resume(tmp_path / "run", reporter=Reporter(quiet=True))
    assert Looker.looks == 4  # epochs 1, 2, 2 and 3
    assert checkpoint.load(checkpoint.saved(tmp_path / "run/state")[0])[0].looked


def test_pictures_of_an_abandoned_end_are_made_again(pairs: Path, tmp_path: Path) -> None:
    """What a run went on to after the checkpoint that it resumes from is forgotten, as its log."""
    made = recipe(pairs, callbacks={"previews": PREVIEWS}, validation=SCORES)
    run = trained(made, tmp_path / "run")
    cut = tmp_path / "cut"
    shutil.copytree(run.path, cut)
    shutil.rmtree(cut / "state/step-000000009")
    assert checkpoint.load(checkpoint.saved(cut / "state")[0])[0].step == 6
    late = cut / "previews/main-000009.png"
    for path in (late, late.with_name("main-000012.png")):
        Image.new("RGB", (8, 8)).save(path)
    gan_zoo.resume(cut, reporter=Reporter(quiet=True))
    assert kept(cut) == kept(run.path)


class Meddler:
    """Saves where an epoch ends, draws in its look, and counts its looks."""

    fails_at = 0

    def __init__(self) -> None:
        self.looks = 0

    @hookimpl
    def on_step_end(self, run: Any, epoch_ended: bool) -> None:
        if epoch_ended:
            run.save()

    @hookimpl
    def on_epoch_end(self, run: Any) -> None:
        self.looks += 1
        torch.rand(3)
        run.batch()
        if self.looks == self.fails_at:
            raise ZeroDivisionError

    def state(self) -> dict[str, Any]:
        return {"looks": self.looks}

    def restore(self, state: dict[str, Any]) -> None:
        self.looks = state.get("looks", 0)


class MeddlerSpec(CallbackSpec, name="meddler"):
    def build(self) -> object:
        return Meddler()


def test_a_checkpoint_holds_no_half_of_a_look(
    pairs: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What a callback remembers and draws in a look that breaks is as before it, and made again."""
    made = recipe(pairs, validation=SCORES, **{"generator.dropout": "paper"})
    callbacks = {"meddler": MeddlerSpec(), "previews": recipe(pairs, callbacks={"p": PREVIEWS})}
    callbacks["previews"] = callbacks["previews"].callbacks["p"]  # type: ignore[union-attr]
    made = made.model_copy(update={"callbacks": callbacks})
    monkeypatch.setattr("gan_zoo.runs.folder.RunFolder.recipe", lambda run: made)
    straight = trained(made, tmp_path / "straight")
    monkeypatch.setattr(Meddler, "fails_at", 2)
    with pytest.raises(ZeroDivisionError):
        trained(made, tmp_path / "run")
    monkeypatch.setattr(Meddler, "fails_at", 0)
    run = gan_zoo.resume(tmp_path / "run", reporter=Reporter(quiet=True))
    assert scored(run) == scored(straight) == [3, 6, 9]
    assert kept(run.path) == kept(straight.path)
    for one in (run, straight):
        state = checkpoint.load(checkpoint.saved(one.state)[0])[1]
        assert state["callbacks"]["meddler"] == {"looks": 3}
