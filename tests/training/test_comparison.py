"""A resume on other data is refused, or said: the samples are a part of a run's state."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

import gan_zoo
from gan_zoo.errors import UserError
from gan_zoo.recipe.recipe import Recipe
from gan_zoo.reporter import Reporter
from gan_zoo.runs.folder import RunFolder

QUIET = Reporter(quiet=True)


def picture(path: Path, seed: int, width: int = 16) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    pixels = np.random.default_rng(seed).integers(0, 256, (16, width, 3), dtype=np.uint8)
    Image.fromarray(pixels).save(path)


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """Four pairs to learn from, two to look at."""
    for split, count in (("train", 4), ("val", 2)):
        for n in range(count):
            picture(tmp_path / f"data/A/{split}/{n}.png", n)
            picture(tmp_path / f"data/B/{split}/{n}.png", 10 + n)
    return tmp_path / "data"


def recipe(root: Path, **changes: Any) -> Recipe:
    small = {
        "data": {"use": "paired_folder", "root": str(root), "flip": 0.5, "workers": 0},
        "generator": {"width": 2, "depth": 3},
        "discriminator": {"width": 2, "layers": 1},
        "phases": {"main": {"steps": 8, "epochs": None, "schedule": None}},
        "callbacks": None,
        "validation": {"split": "val", "every": 1, "metrics": {"l1": {"use": "l1"}}},
        "engine": {"device": "cpu", "log_every": 1},
    }
    return Recipe.load("quickstart", set={**small, **changes})


@pytest.fixture
def cut(root: Path, tmp_path: Path) -> RunFolder:
    """A run of 8 steps, after 3 of them."""
    return gan_zoo.train(recipe(root), tmp_path / "run", steps=3, reporter=QUIET)


def added(root: Path) -> None:
    for side in "AB":
        picture(root / side / "train/9.png", 9)


def removed(root: Path) -> None:
    for side in "AB":
        for n in (1, 3):
            (root / side / f"train/{n}.png").unlink()


def replaced(root: Path) -> None:
    for n in range(4):
        Image.new("RGB", (16, 16)).save(root / f"B/train/{n}.png")


def renamed(root: Path) -> None:
    for side in "AB":
        (root / side / "train/0.png").rename(root / side / "train/00.png")


@pytest.mark.parametrize(
    ("change", "told"),
    [
        (added, "4 samples before, 5 now; new: 9"),
        (removed, "4 samples before, 2 now; gone: 1, 3"),
        (replaced, "of another size in bytes or of other labels: 0, 1, 2 and 1 more"),
        (renamed, "gone: 0; new: 00"),
    ],
)
def test_other_samples_to_learn_from_are_refused(
    root: Path, cut: RunFolder, change: Callable[[Path], None], told: str
) -> None:
    change(root)
    with pytest.raises(UserError) as caught:
        gan_zoo.resume(cut.path, steps="all", reporter=QUIET)
    assert str(caught.value) == (
        f"the samples that phase main learns from have changed: {told}. Put them back, name where "
        "they lie with --data DIR, or go on with those of now, to other numbers, with "
        "--changed-data"
    )
    gan_zoo.resume(cut.path, steps="all", changed_data=True, reporter=QUIET)
    assert f"Phase main goes on with other samples: {told}" in cut.text_log.read_text()
    gan_zoo.resume(cut.path, reporter=QUIET)  # those of now are the run's own from here on


def test_samples_that_are_only_looked_at_are_told_of(root: Path, cut: RunFolder) -> None:
    for side in "AB":
        (root / side / "val/1.png").unlink()
    gan_zoo.resume(cut.path, steps="all", reporter=QUIET)
    told = "The split 'val', which is only looked at, has changed: 2 samples before, 1 now; gone: 1"
    assert cut.text_log.read_text().count(told) == 1


def test_a_later_phase_s_own_data_is_compared_and_an_earlier_one_s_is_not(
    root: Path, tmp_path: Path
) -> None:
    other = tmp_path / "other"
    shutil.copytree(root, other)
    later = {"steps": 2, "set": {"data.root": str(other)}}
    phases = {"main": None, "one": {"steps": 2}, "two": later}
    cut = gan_zoo.train(recipe(root, phases=phases), tmp_path / "run", steps=3, reporter=QUIET)
    added(root)  # phase one is over
    gan_zoo.resume(cut.path, reporter=QUIET)
    removed(other)
    with pytest.raises(UserError, match="phase two learns from have changed: 4 samples before, 2"):
        gan_zoo.resume(cut.path, steps="all", reporter=QUIET)


def test_data_that_has_moved_goes_on_to_the_same_numbers(
    root: Path, cut: RunFolder, tmp_path: Path
) -> None:
    straight = gan_zoo.train(recipe(root), tmp_path / "straight", reporter=QUIET)
    root.rename(tmp_path / "moved")
    with pytest.raises(UserError, match=f"no folder {root}; name yours with --data DIR"):
        gan_zoo.resume(cut.path, steps="all", reporter=QUIET)
    with pytest.raises(UserError, match=r"^--data nowhere: there is no folder "):
        gan_zoo.resume(cut.path, steps="all", data="nowhere", reporter=QUIET)
    gan_zoo.resume(cut.path, steps="all", data=tmp_path / "moved", reporter=QUIET)
    for name in ("generator", "discriminator"):
        file = f"weights/latest/{name}.safetensors"
        assert (cut.path / file).read_bytes() == (straight.path / file).read_bytes()
    assert cut.recipe().data.root == str(tmp_path / "moved")  # type: ignore[attr-defined]
    gan_zoo.resume(cut.path, reporter=QUIET)
    assert "changed by hand" not in cut.text_log.read_text()


def test_other_data_in_the_place_of_what_has_moved_is_refused(
    root: Path, cut: RunFolder, tmp_path: Path
) -> None:
    shutil.copytree(root, tmp_path / "less")
    removed(tmp_path / "less")
    with pytest.raises(UserError, match="4 samples before, 2 now; gone: 1, 3"):
        gan_zoo.resume(cut.path, data=tmp_path / "less", reporter=QUIET)
    assert cut.recipe().data.root == str(root)  # type: ignore[attr-defined]


def test_data_without_a_root_cannot_move(tmp_path: Path) -> None:
    made = recipe(tmp_path).model_copy(update={"data": Recipe.load("quickstart").data})
    run = gan_zoo.train(made, tmp_path / "run", steps=1, reporter=QUIET)
    with pytest.raises(UserError, match="--data elsewhere: emoji lies nowhere; leave it out"):
        gan_zoo.resume(run.path, data="elsewhere", reporter=QUIET)


def test_a_damaged_sample_that_was_mended_is_the_same_data(root: Path, tmp_path: Path) -> None:
    """It was never learned from, so its bytes may change; others may not."""
    file = root / "A/train/2.png"
    whole = file.read_bytes()
    file.write_bytes(whole[: len(whole) // 2])
    with pytest.raises(UserError, match=r"2\.png is damaged"):
        gan_zoo.train(recipe(root), tmp_path / "run", reporter=QUIET)
    file.write_bytes(whole)
    straight = gan_zoo.train(recipe(root), tmp_path / "straight", reporter=QUIET)
    run = gan_zoo.resume(tmp_path / "run", reporter=QUIET)
    weights = "weights/latest/generator.safetensors"
    assert (run.path / weights).read_bytes() == (straight.path / weights).read_bytes()
    file.write_bytes(whole[: len(whole) // 2])
    with pytest.raises(UserError, match="of another size in bytes or of other labels: 2"):
        gan_zoo.resume(tmp_path / "run", reporter=QUIET)


def test_plugins_and_a_recipe_changed_by_hand_are_told(cut: RunFolder) -> None:
    plugins = json.loads((cut.path / "plugins.json").read_text())
    versions = {plugin["package"]: plugin["version"] for plugin in plugins}
    assert versions
    for plugin in plugins:
        plugin["version"] = "0.0.1"
    (cut.path / "plugins.json").write_text(json.dumps(plugins))
    written = (cut.path / "recipe.yaml").read_text()
    (cut.path / "recipe.yaml").write_text(written.replace("log_every: 1", "log_every: 2"))
    gan_zoo.resume(cut.path, steps="all", reporter=QUIET)
    said = cut.text_log.read_text()
    name, version = next(iter(versions.items()))
    assert f"Since the start changed: {name} 0.0.1 -> {version}. The last digits may differ" in said
    assert "recipe.yaml was changed by hand since the start: it is taken as it is now" in said


def test_a_run_that_kept_no_samples_keeps_them_from_its_resume_on(
    root: Path, cut: RunFolder
) -> None:
    (cut.path / "data.json").unlink()
    added(root)
    gan_zoo.resume(cut.path, reporter=QUIET)
    removed(root)
    with pytest.raises(UserError, match="5 samples before, 3 now; gone: 1, 3"):
        gan_zoo.resume(cut.path, reporter=QUIET)


def test_what_is_kept_is_once_for_phases_that_share_it(root: Path, tmp_path: Path) -> None:
    phases = {"main": None, "one": {"steps": 1}, "two": {"steps": 1, "set": {"data.batch": 2}}}
    run = gan_zoo.train(recipe(root, phases=phases), tmp_path / "run", reporter=QUIET)
    kept = run.data()
    assert kept is not None
    assert kept["phases"] == {phase: {"train": 0, "val": 1} for phase in ("one", "two")}
    learned = kept["splits"][0]
    files = [[root / side / f"train/{n}.png" for side in "AB"] for n in range(4)]
    assert learned == {
        "samples": 4,
        "names": ["0", "1", "2", "3"],
        "bytes": [sum(path.stat().st_size for path in pair) for pair in files],
    }


def test_fewer_samples_end_a_phase_that_is_past_its_new_end(root: Path, tmp_path: Path) -> None:
    """Ten steps are done of what is four by the samples of now: the phase is scored, and over."""
    made = recipe(root, phases={"main": None, "only": {"epochs": 4}})
    cut = gan_zoo.train(made, tmp_path / "run", steps=10, reporter=QUIET)
    for side in "AB":
        for n in (1, 2, 3):
            (root / side / f"train/{n}.png").unlink()
    gan_zoo.resume(cut.path, steps="all", changed_data=True, reporter=QUIET)
    said = cut.text_log.read_text()
    assert "Phase only has 4 steps by the samples of now, and 10 were taken: it is over" in said
    assert "Done after 10 steps" in said.splitlines()[-2]  # the page comes last
    lines = [json.loads(line) for line in cut.log.read_text().splitlines()]
    assert [line["step"] for line in lines if "validation" in line] == [4, 8, 10]
