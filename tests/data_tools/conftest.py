"""Sets of pictures to look at, and the command line."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterable
from pathlib import Path

import numpy as np
import pytest
import yaml
from PIL import Image

from gan_zoo_data.folder_specs import SAMPLE
from tests.cli.conftest import zoo

__all__ = ["zoo"]
MOVED = {"zzz", "speaker-low-volume", "pig-nose"}  # whose line art really lies elsewhere
TRAIN, VAL = 40, 10


def names(split: str) -> list[str]:
    """Of the pairs in the copy."""
    found = sorted(path.stem for path in (SAMPLE / "B" / split).iterdir())
    return [name for name in found if name not in MOVED][: TRAIN if split == "train" else VAL]


def recipe(root: Path, **data: object) -> Path:
    """A recipe of pairs in colors, or of other data."""
    section = {"use": "paired_folder", "root": str(root), "load": None, "crop": None, **data}
    said = {"extends": "quickstart", "data": {"batch": 1, "workers": 0, **section}}
    path = root / "recipe.yaml"
    path.write_text(yaml.safe_dump(said))
    return path


def change(path: Path, how: Callable[[np.ndarray], np.ndarray], **options: object) -> None:
    """Change the pixels of a file."""
    with Image.open(path) as opened:
        pixels = np.array(opened)
    Image.fromarray(how(pixels).clip(0, 255).astype(np.uint8)).save(path, **options)


@pytest.fixture
def pairs(tmp_path: Path) -> Path:
    """50 pairs of emoji in colors, in folders A and B."""
    for split in ("train", "val"):
        for name in names(split):
            for side in ("A", "B"):
                path = tmp_path / side / split / f"{name}.png"
                path.parent.mkdir(parents=True, exist_ok=True)
                with Image.open(SAMPLE / side / split / f"{name}.png") as opened:
                    opened.convert("RGB").save(path)
    return tmp_path


def copy_pair(root: Path, source: str, target: str) -> Iterable[Path]:
    """Both files of a pair under another name, as SPLIT/NAME."""
    made = []
    for side in ("A", "B"):
        made.append(root / side / f"{target}.png")
        shutil.copy(root / side / f"{source}.png", made[-1])
    return made
