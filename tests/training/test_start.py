"""A run looks at its data once before its first step, whatever phases and callbacks ask for."""

from __future__ import annotations

import sys
from collections import Counter
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

import gan_zoo
from gan_zoo.errors import DataError
from gan_zoo.recipe.recipe import Recipe
from gan_zoo.reporter import Reporter
from gan_zoo.runs import checkpoint
from gan_zoo.training.loop import Run
from gan_zoo_data.files import pictures

QUIET = Reporter(quiet=True)
COUNTS = {"train": 5, "val": 2}


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """Label maps, instance maps and photos."""
    draw = np.random.default_rng(0)
    for split, count in COUNTS.items():
        for kind in ("label", "inst", "img"):
            (tmp_path / f"data/{split}_{kind}").mkdir(parents=True)
            for n in range(count):
                shape = (16, 16, 3) if kind == "img" else (16, 16)
                pixels = draw.integers(0, 4, shape, dtype=np.uint8)
                Image.fromarray(pixels).save(tmp_path / f"data/{split}_{kind}/{n}.png")
    return tmp_path / "data"


def recipe(root: Path, **changes: Any) -> Recipe:
    """Three phases of three sizes, a validation and previews."""
    return Recipe.load(
        "quickstart_hd",
        set={
            "data": {"use": "label_folder", "root": str(root), "classes": 4, "workers": 0},
            "conditions.texture": None,
            "generator": {"use": "unet", "width": 2, "depth": 3},
            "discriminator": {"use": "patch", "width": 2, "layers": 1},
            "phases": {
                "a": {"steps": 1, "size": [16, 16]},
                "b": {"epochs": 1, "size": [32, 32]},
                "c": {"steps": 1, "size": [8, 8]},
            },
            "engine": {"device": "cpu"},
            **changes,
        },
    )


def test_one_listing_and_one_header_pass_a_split_and_no_pixel(
    root: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    listed, heads = Counter[str](), Counter[str]()
    stepped = False
    header, read = pictures.header, pictures.read

    def looked(path: Path, wanted: Any) -> Any:
        heads[str(path)] += 1
        return header(path, wanted)

    def decoded(path: Path, wanted: Any) -> Any:
        assert stepped, f"{path} was decoded before the first step"
        return read(path, wanted)

    def hear(event: str, arguments: tuple[Any, ...]) -> None:
        if event == "os.scandir" and str(root) in str(arguments[0]):
            listed[Path(str(arguments[0])).name] += 1

    def started(run: Any) -> None:
        nonlocal stepped
        stepped = True
        go(run)

    go = Run.go
    monkeypatch.setattr(Run, "go", started)
    monkeypatch.setattr(pictures, "header", looked)
    monkeypatch.setattr(pictures, "read", decoded)
    sys.addaudithook(hear)
    gan_zoo.train(recipe(root), tmp_path / "run", reporter=QUIET)
    kinds = [f"{split}_{kind}" for split in COUNTS for kind in ("label", "inst", "img")]
    assert listed == dict.fromkeys([root.name, *kinds], 1)  # the root for its folders' names
    assert len(heads) == 3 * sum(COUNTS.values())
    again = {path for path, count in heads.items() if count > 1}
    assert max(heads.values()) == 2  # which numbers a split has is asked of its first picture alone
    assert len(again) == len(COUNTS)
    assert all("_img/" in path for path in again)


def test_a_bad_id_ends_a_run_with_its_file_after_a_checkpoint(root: Path, tmp_path: Path) -> None:
    bad = root / "train_label/3.png"
    whole = bad.read_bytes()
    Image.fromarray(np.full((16, 16), 9, np.uint8)).save(bad)
    plain = recipe(root, validation=None, callbacks=None)
    with pytest.raises(DataError) as caught:
        gan_zoo.train(plain, tmp_path / "run", reporter=QUIET)
    told, saved = str(caught.value).splitlines()
    assert told.startswith(
        f"{bad} holds the id 9, but the recipe says classes: 4, which are 0 to 3"
    )
    (last, *_) = checkpoint.saved(tmp_path / "run/state")
    position, _ = checkpoint.load(last)
    assert saved.startswith(f"Step {position.step} is saved; once the file is mended, ")
    assert saved.endswith("with --changed-data). gan-zoo check reads all files")
    bad.write_bytes(whole)
    gan_zoo.resume(tmp_path / "run", reporter=QUIET)
    straight = gan_zoo.train(plain, tmp_path / "straight", reporter=QUIET)
    for name in ("generator", "discriminator"):
        file = f"weights/latest/{name}.safetensors"
        assert (tmp_path / "run" / file).read_bytes() == (straight.path / file).read_bytes()
