"""`gan-zoo init DIR`: a recipe that checks and trains, for every layout that people bring."""

from __future__ import annotations

import shlex
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from gan_zoo.checks import contracts
from gan_zoo.recipe.recipe import Recipe
from tests.cli.conftest import Command

NARROW = ("--set", "generator.width=2", "--set", "data.workers=0", "--set", "callbacks=null")
JUDGES = {"pix2pix": "discriminator.width=2", "pix2pixhd_512": "discriminator.each.width=2"}


def save(path: Path, values: np.ndarray) -> None:
    """A file of these pixels."""
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(values).save(path)


def photo(height: int, width: int, seed: int) -> np.ndarray:
    """Colors, nowhere alike."""
    shape = (height, width, 3)
    return np.random.default_rng(seed).integers(0, 256, shape).astype(np.uint8)


def drawing(height: int, width: int, seed: int) -> np.ndarray:
    """Two colors."""
    return np.tri(height, width, seed, dtype=np.uint8)[..., None].repeat(3, 2) * 200


def ids(height: int, width: int, seed: int, most: int = 4) -> np.ndarray:
    """Blocks of 0 to less than `most`."""
    blocks = np.random.default_rng(seed).integers(0, most, (height // 8, width // 8))
    blocks.flat[:most] = range(most)
    return np.kron(blocks, np.ones((8, 8), int)).astype(np.uint8)


def side_by_side(root: Path) -> None:
    """Photos left, drawings right, as pix2pix's facades."""
    for split, count in (("train", 4), ("val", 2), ("test", 2)):
        for n in range(count):
            both = np.concatenate([photo(64, 64, n), drawing(64, 64, n)], axis=1)
            save(root / split / f"{n}.png", both)


def endings(root: Path) -> None:
    """Couples in one folder a split: x_A beside x_B."""
    for split in ("train", "val"):
        for n in range(3):
            save(root / split / f"{n:03}_A.png", drawing(64, 96, n))
            save(root / split / f"{n:03}_B.png", photo(64, 96, n))


def two_folders(root: Path) -> None:
    """Drawings in A, photos in B, whose names end in _A and _B."""
    for split in ("train", "val"):
        for n in range(3):
            save(root / "A" / split / f"{n:03}_A.png", drawing(64, 96, n))
            save(root / "B" / split / f"{n:03}_B.png", photo(64, 96, n))


def pix2pixhd(root: Path) -> None:
    """Labels, instances and photos, without a validation split."""
    for split in ("train", "test"):
        for n in range(3):
            save(root / f"{split}_label" / f"{n}.png", ids(64, 64, n))
            save(root / f"{split}_inst" / f"{n}.png", ids(64, 64, n).astype(np.uint16) * 1000)
            save(root / f"{split}_img" / f"{n}.png", photo(64, 64, n))


def cityscapes(root: Path) -> None:
    """As it is downloaded: two trees, by town."""
    for split in ("train", "val"):
        for n in range(2):
            name = f"{split}/ulm/ulm_{n:06}_000019"
            save(root / "leftImg8bit" / f"{name}_leftImg8bit.png", photo(64, 128, n))
            labels = ids(64, 128, n, 34)
            for kind, values in (("labelIds", labels), ("instanceIds", labels.astype(np.uint16))):
                save(root / "gtFine" / f"{name}_gtFine_{kind}.png", values)


LAYOUTS: dict[str, tuple[Callable[[Path], None], str]] = {
    "side by side": (side_by_side, "pix2pix"),
    "couples in a folder": (endings, "pix2pix"),
    "two folders": (two_folders, "pix2pix"),
    "pix2pixhd": (pix2pixhd, "pix2pixhd_512"),
    "cityscapes": (cityscapes, "pix2pixhd_512"),
}


@pytest.mark.parametrize("layout", LAYOUTS)
def test_what_it_writes_checks_and_trains(
    layout: str, zoo: Command, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    fill, base = LAYOUTS[layout]
    fill(tmp_path / "my data")
    monkeypatch.chdir(tmp_path)
    said = zoo("init", "my data")
    assert (said.code, said.err) == (0, "")
    assert f"my_data.yaml extends {base}. Next:" in said.out
    check, preview, run = [shlex.split(line) for line in said.out.splitlines()[-3:]]
    assert [check[:2], preview[:3], run[:2]] == [
        ["gan-zoo", "check"],
        ["gan-zoo", "data", "preview"],
        ["gan-zoo", "run"],
    ]
    text = Path("my_data.yaml").read_text()
    assert len([line for line in text.splitlines() if line.split("#")[0].strip()]) <= 20
    narrow = (*NARROW, "--set", JUDGES[base])
    checked = zoo(*check[1:], *narrow)
    assert checked.code == 0, checked.out + checked.err
    assert "Mistakes" not in checked.out
    assert "Needed" not in checked.out
    trained = zoo(*run[1:], *narrow, "--set", "validation=null", "--steps", 20, "--out", "run")
    assert trained.code == 0, trained.out + trained.err
    zoo("init", "my data", "--out", "again.yaml")
    assert Path("again.yaml").read_text() == text


def test_a_recipe_to_follow_is_named(
    zoo: Command, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pix2pixhd(tmp_path / "mine")
    monkeypatch.chdir(tmp_path)
    assert zoo("init", "mine", "--like", "pix2pixhd").code == 0
    recipe = Recipe.load("mine.yaml")
    contracts(recipe)
    assert [phase.size for phase in recipe.phases.values()] == [(32, 32), (64, 64), (64, 64)]
    said = zoo("init", "mine", "--like", "pix2pixdh", "--out", "other.yaml")
    assert said.code == 2
    assert "did you mean pix2pixhd or" in said.err
    assert not Path("other.yaml").exists()


def test_nothing_is_overwritten_unasked(
    zoo: Command, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    side_by_side(tmp_path / "mine")
    monkeypatch.chdir(tmp_path)
    Path("mine.yaml").write_text("my own work")
    said = zoo("init", "mine")
    assert said.code == 2
    assert said.err == (
        "mine.yaml is there already; --out FILE takes another name, --force replaces it\n"
    )
    assert Path("mine.yaml").read_text() == "my own work"
    assert zoo("init", "mine", "--force").code == 0
    itself = zoo("init", "mine", "--like", "mine.yaml", "--force")
    assert (itself.code, itself.err) == (
        2,
        "mine.yaml would extend itself; name another file: --out FILE\n",
    )
    assert zoo("init", "mine", "--out", "absent/mine.yaml").err == (
        "there is no folder absent to write mine.yaml into\n"
    )
    assert "mine is a folder; name a file" in zoo("init", "mine", "--out", "mine").err


def test_a_folder_that_nobody_knows_is_refused_in_words(
    zoo: Command, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    save(tmp_path / "mine" / "holiday.png", photo(8, 8, 0))
    for folder in ("mine", "absent"):
        said = zoo("init", folder)
        assert said.code == 2
        assert folder in said.err
        assert "Traceback" not in said.err
        assert not [*tmp_path.glob("*.yaml")]
    side_by_side(tmp_path / "all" / "facades")
    said = zoo("init", "all")
    assert (said.code, said.err) == (2, "all holds data and is none itself; name all/facades\n")
