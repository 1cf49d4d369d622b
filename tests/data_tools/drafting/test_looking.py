"""What is looked at in a folder before a recipe is drafted, and what is told of it."""

from __future__ import annotations

import unicodedata
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from gan_zoo.components.data import Found, Refused
from gan_zoo.data_tools import folder_answers
from gan_zoo.data_tools.drafting.looking import FirstRecipe, file_name, first_recipe
from gan_zoo.errors import UserError
from gan_zoo.recipe.recipe import Recipe
from gan_zoo.registry.recognition import Answer
from gan_zoo.registry.zoo import Zoo

PAIRS: Any = Zoo.installed().get("data", "paired_folder")


def plain(height: int, width: int) -> Image.Image:
    """Two colors, as a map has them."""
    return Image.fromarray(np.tri(height, width, dtype=np.uint8)[..., None].repeat(3, 2) * 255)


def noise(height: int, width: int) -> Image.Image:
    """What no map has."""
    values = np.random.default_rng(0).integers(0, 256, (height, width, 3))
    return Image.fromarray(values.astype(np.uint8))


Paint = Callable[[int, int], Image.Image]


def fill(root: Path, a: Paint = plain, b: Paint = noise, count: int = 3) -> Path:
    """Pairs in two folders."""
    for split in ("train", "val"):
        for side, paint in (("A", a), ("B", b)):
            (root / side / split).mkdir(parents=True)
            for number in range(count):
                paint(64, 64).save(root / side / split / f"{number}.png")
    return root


def found(root: Path, **options: Any) -> Found:
    """What recognizes them."""
    pairs = {"train": 3, "val": 3}
    return Found(PAIRS(root=str(root), **options), "two folders", pairs, ("one was skipped",))


@pytest.fixture
def answers(monkeypatch: pytest.MonkeyPatch) -> list[Answer]:
    """What all data say of a folder, in the place of what they would say."""
    said: list[Answer] = []
    monkeypatch.setattr(folder_answers, "recognize", lambda folder, zoo: said)
    return said


def direction(made: FirstRecipe, path: Path) -> Any:
    path.write_text(made.text)
    recipe: Any = Recipe.load(path)
    return recipe.data.direction


@pytest.mark.parametrize(
    ("a", "b", "expected", "told"),
    [
        (plain, noise, "a_to_b", "A is plainer"),
        (noise, plain, "b_to_a", "B is plainer"),
        (noise, noise, "a_to_b", "if B is your input"),
    ],
)
def test_the_plainer_side_is_the_input(
    a: Paint, b: Paint, expected: str, told: str, answers: list[Answer], tmp_path: Path
) -> None:
    root = fill(tmp_path / "my", a, b)
    answers.append(Answer("paired_folder", found(root)))
    made = first_recipe(root)
    assert direction(made, tmp_path / "mine.yaml") == expected
    [line] = [line for line in made.text.splitlines() if "direction" in line]
    assert told in line


def test_a_direction_that_was_found_stays(answers: list[Answer], tmp_path: Path) -> None:
    root = fill(tmp_path / "my", noise, plain)
    answers.append(Answer("paired_folder", found(root, direction="a_to_b")))
    assert direction(first_recipe(root), tmp_path / "mine.yaml") == "a_to_b"


def test_modes_go_with_their_sides(tmp_path: Path) -> None:
    """Turned, the source is B, and has B's mode and range."""
    draw = np.random.default_rng(0)
    for number in range(3):
        for side in "AB":
            (tmp_path / f"my/{side}/train").mkdir(parents=True, exist_ok=True)
        deep = draw.integers(0, 4000, (16, 16)).astype(np.uint16)
        Image.fromarray(deep).save(tmp_path / f"my/A/train/{number}.png")
        Image.new("RGB", (16, 16), (number, 0, 9)).save(tmp_path / f"my/B/train/{number}.png")
    made = first_recipe(tmp_path / "my")
    assert direction(made, tmp_path / "mine.yaml") == "b_to_a"
    data: Any = Recipe.load(tmp_path / "mine.yaml").data
    assert (data.source, data.target.mode) == ("rgb", "grey")
    assert data.inspect("train") == []
    assert data.open("train").read(0, None).maps["source"].shape[0] == 3


def test_what_was_found_is_told(answers: list[Answer], tmp_path: Path) -> None:
    root = fill(tmp_path / "my")
    answers += [
        Answer("paired_folder", found(root)),
        Answer("manifest", Found(PAIRS(root=""), "a table", {})),
        Answer("other", Refused("it is none of mine")),
    ]
    made = first_recipe(root)
    told = dict(made.found)
    assert made.base == "pix2pix"
    assert told["layout"] == "paired_folder: two folders"
    assert told["samples"] == "3 in train, 3 in val"
    assert told["sizes"] == "64x64 (height x width) in train"
    assert told["example"] == "0: A/train/0.png, B/train/0.png"
    assert told["note"] == "one was skipped"
    assert told["or"] == "manifest: a table"
    assert told["--like"].startswith("quickstart")
    assert first_recipe(root) == made


def test_broken_files_are_told_and_the_rest_is_looked_at(
    answers: list[Answer], tmp_path: Path
) -> None:
    root = fill(tmp_path / "my")
    (root / "B" / "train" / "1.png").write_bytes(b"no picture")
    answers.append(Answer("paired_folder", found(root)))
    made = first_recipe(root)
    assert dict(made.found)["mistakes"].startswith(f"1; the first: {root}/B/train/1.png")
    assert "direction: a_to_b" in made.text


def test_a_folder_of_broken_files_is_refused(answers: list[Answer], tmp_path: Path) -> None:
    root = fill(tmp_path / "my")
    for path in (root / "A" / "train").iterdir():
        path.write_bytes(b"no picture")
    answers.append(Answer("paired_folder", found(root)))
    with pytest.raises(UserError, match=r"nothing in train can be read: .*/A/train/0\.png"):
        first_recipe(root)


def test_refusals_come_in_their_own_words(answers: list[Answer], tmp_path: Path) -> None:
    with pytest.raises(UserError, match=r"no data knows this layout.*gan-zoo show data manifest"):
        first_recipe(tmp_path)
    answers.append(Answer("paired_folder", Refused("halves of two sizes")))
    with pytest.raises(UserError, match=r"^paired_folder: halves of two sizes$"):
        first_recipe(tmp_path)


def test_without_training_samples_there_is_nothing_to_draft(
    answers: list[Answer], tmp_path: Path
) -> None:
    spec = PAIRS(root=str(tmp_path))
    answers.append(Answer("paired_folder", Found(spec, "two folders", {"test": 9})))
    with pytest.raises(UserError, match="9 in test, and none in train"):
        first_recipe(tmp_path)


def test_another_recipe_is_extended_by_its_path(
    answers: list[Answer], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    root = fill(tmp_path / "my")
    answers.append(Answer("paired_folder", found(root)))
    (tmp_path / "recipes").mkdir()
    (tmp_path / "own.yaml").write_text("extends: quickstart\ngenerator: {width: 9}\n")
    monkeypatch.chdir(tmp_path)
    made = first_recipe(Path("my"), "own.yaml", Path("recipes"))
    (tmp_path / "recipes" / "mine.yaml").write_text(made.text)
    recipe: Any = Recipe.load("recipes/mine.yaml")
    assert recipe.generator.width == 9


@pytest.mark.parametrize(
    ("name", "file"),
    [
        ("My photos (2)", "My_photos_2.yaml"),
        ("фасады", "фасады.yaml"),
        ("日本 の 家", "日本_の_家.yaml"),
        ("हिन्दी", "हिन्दी.yaml"),  # whose vowels are marks
        (unicodedata.normalize("NFD", "Häuser+Läden"), "Häuser_Läden.yaml"),
        ("__a_b__", "a_b.yaml"),
        ("?!🙂", "recipe.yaml"),
        ("ж" * 120, "ж" * 100 + ".yaml"),  # 240 bytes, where a file's name has room for 255
    ],
)
def test_a_recipe_is_called_as_the_folder(name: str, file: str) -> None:
    assert file_name(Path("/data") / name) == file
