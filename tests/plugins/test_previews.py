"""Previews on disk: a file a sample and time, what was given once a phase, a sheet of them."""

from __future__ import annotations

from collections.abc import Callable
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from gan_zoo.checks import check
from gan_zoo.components import Sample, thinned
from gan_zoo.components.sheets import make_sheet
from gan_zoo.inference.files import translate_files
from gan_zoo.recipe.recipe import Recipe
from gan_zoo.reporter import Reporter
from gan_zoo.runs.folder import RunFolder
from gan_zoo.training.run import resume, train
from gan_zoo_callbacks.preview_files import PreviewFiles, name_files

USUAL = {"use": "previews", "count": 2, "every": 1}


@pytest.fixture(scope="module")
def recipe(tmp_path_factory: pytest.TempPathFactory) -> Callable[..., Recipe]:
    """Recipes of four steps a pass, on a few pictures of noise."""
    root = tmp_path_factory.mktemp("pairs")
    noise = np.random.default_rng(0)
    for split in ("train", "val", "test"):
        for side in "AB":
            (root / side / split).mkdir(parents=True)
            for number in range(8):
                pixels = noise.integers(0, 256, (64, 64, 3), np.uint8)
                Image.fromarray(pixels).save(root / side / split / f"{split}-{number}.png")
    return lambda **changes: changed(root, changes)


def changed(root: Path, changes: dict[str, Any]) -> Recipe:
    return Recipe.load(
        "quickstart",
        set={
            "data": {"use": "paired_folder", "root": str(root), "direction": "a_to_b"},
            "data.batch": 2,
            "data.workers": 0,
            "generator.width": 2,
            "generator.depth": 3,
            "discriminator.width": 2,
            "engine.device": "cpu",
            "engine.checkpoint_every": 4,
            "callbacks": {"previews": USUAL},
            "validation": None,
            "phases": {"main": None, "one": {"steps": 8}, "two": {"steps": 6}},
            **changes,
        },
    )


def shown(run: RunFolder) -> list[Sample]:
    """The two samples of `previews`."""
    dataset = run.recipe().data.open("val")
    return [dataset.read(n, None) for n in (0, len(dataset) // 2)]


def picture(path: Path) -> Image.Image:
    with Image.open(path) as opened:
        return opened.copy()


def trained(made: Recipe, out: Path, **how: Any) -> RunFolder:
    return train(made, out, reporter=Reporter(quiet=True), **how)


def files(folder: Path) -> list[str]:
    return sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*.png"))


@pytest.fixture(scope="module")
def run(recipe: Callable[..., Recipe], tmp_path_factory: pytest.TempPathFactory) -> RunFolder:
    callbacks = {"previews": USUAL, "late": {**USUAL, "count": 1, "every": 2, "split": "test"}}
    return trained(recipe(callbacks=callbacks), tmp_path_factory.mktemp("previews") / "run")


def test_the_folder_is_laid_out_by_callback_step_and_sample(run: RunFolder) -> None:
    names = [sample.name for sample in shown(run)]
    (test,) = [run.recipe().data.open("test").read(0, None).name]
    phases, maps = ("one", "two"), ("source", "target")
    ours = [(f"previews/{step:06d}", name) for step in (4, 8, 12, 14) for name in names]
    ours += [(f"previews/given-{p}/{m}", name) for p in phases for m in maps for name in names]
    late = [f"late/{step:06d}" for step in (8, 14)]
    late += [f"late/given-{p}/{m}" for p in phases for m in maps]
    sheets = ["one-000004", "one-000008", "one-000008-late", "two-000012", "two-000014"]
    expected = [f"{folder}/{name}.png" for folder, name in ours]
    expected += [f"{folder}/{test}.png" for folder in late]
    expected += [f"{sheet}.png" for sheet in [*sheets, "two-000014-late"]]
    assert files(run.previews) == sorted(expected)


def test_an_output_is_what_translate_writes(run: RunFolder, tmp_path: Path) -> None:
    for sample in shown(run):
        translate_files(run, sample.files[0], tmp_path, device="cpu")
        ours = run.previews / f"previews/000014/{sample.name}.png"
        assert ours.read_bytes() == (tmp_path / f"{sample.name}.png").read_bytes()


def test_the_sheet_is_made_of_the_files(run: RunFolder) -> None:
    own = run.previews / "previews"
    rows = []
    for name in (sample.name for sample in shown(run)):
        places = {m: own / f"given-two/{m}/{name}.png" for m in ("source", "target")}
        row = {**places, "output": own / f"000012/{name}.png"}
        rows.append({title: picture(path) for title, path in row.items()})
    sheet = picture(run.previews / "two-000012.png")
    assert np.array_equal(np.asarray(sheet), np.asarray(make_sheet(rows)))


def test_a_resume_drops_what_lies_beyond_its_checkpoint(
    recipe: Callable[..., Recipe], tmp_path: Path
) -> None:
    straight = trained(recipe(), tmp_path / "straight")
    cut = trained(recipe(), tmp_path / "cut", steps=8)
    own = cut.previews / "previews"
    beyond = [own / "000012/x.png", own / "given-two/source/x.png", own / ".000004/x.png"]
    beyond += [cut.previews / "two-000012.png", cut.previews / ".one-000004.png"]
    for path in beyond:
        path.parent.mkdir(parents=True, exist_ok=True)
        Image.new("RGB", (8, 8)).save(path)
    resume(cut.path, steps=8, reporter=Reporter(quiet=True))
    assert not any(path.exists() for path in beyond)
    resume(cut.path, steps="all", reporter=Reporter(quiet=True))
    assert files(cut.previews) == files(straight.previews)
    for name in files(straight.previews):
        assert (cut.previews / name).read_bytes() == (straight.previews / name).read_bytes()


def test_only_so_many_times_stay(recipe: Callable[..., Recipe], tmp_path: Path) -> None:
    made = recipe(callbacks={"previews": {**USUAL, "keep": 2}})
    run = trained(made, tmp_path / "run")
    own = run.previews / "previews"
    assert sorted(path.name for path in own.iterdir() if path.name[0] == "0") == [
        "000004",
        "000014",
    ]
    assert [path.name for path in sorted(run.previews.glob("*.png"))] == [
        "one-000004.png",
        "two-000014.png",
    ]


def test_times_are_thinned_by_the_logarithm_of_the_step() -> None:
    steps: list[int] = []
    for step in range(100, 100_001, 100):
        steps.append(step)
        steps = thinned(steps, 20)
    assert len(steps) == 20
    assert (steps[0], steps[-1]) == (100, 100_000)
    assert steps[:4] == [100, 200, 300, 400]
    ratios = [late / early for early, late in pairwise(steps[3:])]
    assert max(ratios) < 2.1  # no hole: evenly they would be 1.44


def test_files_tell_samples_apart() -> None:
    names = ["a/b", "a__b", "A__B", "a__b-2", "c", "x" * 300, "y" + "x" * 299]
    found = name_files(names)
    assert found[:5] == ["a__b", "a__b-2", "A__B-3", "a__b-2-2", "c"]
    assert len({name.casefold() for name in found}) == len(names)
    assert max(map(len, found)) < 110


def test_sheets_of_callbacks_whose_names_are_alike_stay_apart(tmp_path: Path) -> None:
    (tmp_path / "late").mkdir()
    for name in ("one-000004", "one-000008-late", "one-000008-too-late", "one-000008"):
        Image.new("RGB", (8, 8)).save(tmp_path / f"{name}.png")
    PreviewFiles(tmp_path, "late", 2).drop_after(4)
    PreviewFiles(tmp_path, "previews", 2).drop_after(4)
    assert files(tmp_path) == ["one-000004.png", "one-000008-too-late.png"]


def test_check_tells_the_disk_and_no_run_takes_more(
    run: RunFolder, recipe: Callable[..., Recipe]
) -> None:
    told = disk(run.recipe())
    sizes = {name: 0 for name in told}
    for path in run.previews.rglob("*.png"):
        late = "-late" in path.name or "late" in path.parts
        sizes["late" if late else "previews"] += path.stat().st_size
    for name, size in sizes.items():
        assert size / 1e6 < told[name] < 40 * size / 1e6
    fewer = disk(recipe(callbacks={"previews": {**USUAL, "keep": 2}}))
    assert fewer["previews"] < 0.9 * told["previews"]


def disk(made: Recipe) -> dict[str, float]:
    """Callback -> megabytes, as check notes them."""
    notes = [note for note in check(made).notes if "writes at most" in note]
    return {note[len("callbacks.") :].split(":")[0]: float(note.split()[-4]) for note in notes}
