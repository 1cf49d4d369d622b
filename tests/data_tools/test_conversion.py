"""Data -> files of another layout, equal when they are read back; a table of splits."""

from __future__ import annotations

import csv
import re
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

import numpy as np
import pytest
import torch
import yaml
from PIL import Image

from gan_zoo.components import DataError, Dataset, DataSpec, Sample, Values
from gan_zoo.components import Image as Shape
from gan_zoo.data_tools.conversion import compare, convert, write_anywhere
from gan_zoo.data_tools.division import divide
from gan_zoo.data_tools.subjects import data_of, open_usual
from gan_zoo.errors import UserError
from gan_zoo.registry.plugins import Plugin
from gan_zoo.registry.zoo import Zoo
from gan_zoo_data.folder_specs import LabelFolderSpec, PairedFolderSpec
from gan_zoo_data.shipped_specs import EmojiSpec, ScenesSpec
from gan_zoo_data.table_specs import ManifestSpec
from tests.cli.conftest import Command
from tests.data_tools.conftest import change, copy_pair, names, recipe

SCENES = ScenesSpec(size=(24, 40), samples=(5, 2, 3), seed=4)


class Tones:
    """Two samples of a stranger's."""

    def __init__(self, channels: int, dtype: torch.dtype, names: Sequence[str]) -> None:
        self.channels, self.dtype, self.names = channels, dtype, names

    def __len__(self) -> int:
        return len(self.names)

    def read(self, index: int, draw: np.random.Generator | None) -> Sample:
        shape = (self.channels, 6, 9)
        made = torch.randint(0, 255, shape, generator=torch.Generator().manual_seed(index))
        map_ = made.to(self.dtype) if self.dtype == torch.uint8 else made / 127.5 - 1
        return Sample(self.names[index], (), {"source": map_, "target": 255 - map_})

    def describe(self) -> str:
        return "tones"


class TonesSpec(DataSpec, name="tones"):
    """A stranger's data, of any channels."""

    channels: int = 3
    floats: bool = False
    names: tuple[str, ...] = ("a", "deep/b")

    def maps(self, size: object = None) -> dict[str, Shape]:
        return {name: Shape(self.channels, 6, 9) for name in ("source", "target")}

    def values(self, name: str) -> Values:
        return Values("float32", -1.0, 1.0) if self.floats else Values()

    def open(self, split: str, size: object = None) -> Dataset:
        if split == "val":
            raise DataError("no val")
        return Tones(self.channels, torch.float32 if self.floats else torch.uint8, self.names)

    def inputs(self, path: object, *, pairs: bool = False, maps: object = None) -> Dataset:
        raise DataError("none")

    @classmethod
    def write(
        cls, splits: Mapping[str, Iterable[Sample]], folder: Path, like: DataSpec
    ) -> DataSpec:
        """Loses what it is given."""
        assert all(list(samples) for samples in splits.values())
        return cls(names=("other", "names"))


@pytest.mark.parametrize("channels", [1, 2, 3, 4])
@pytest.mark.parametrize("to", [PairedFolderSpec, ManifestSpec], ids=lambda to: to.name)
def test_pictures_of_any_channels_are_equal_in_any_layout(
    to: type[DataSpec], channels: int, tmp_path: Path
) -> None:
    spec = TonesSpec(channels=channels)
    splits = open_usual(spec)
    assert [*splits] == ["train", "test"]
    written = convert(spec, splits, tmp_path / "out", to)
    compare(written, splits)
    assert len(written.open("test")) == 2
    assert written.inspect("train") == []


@pytest.mark.parametrize(
    ("like", "to"),
    [
        (SCENES, LabelFolderSpec),
        (SCENES, ManifestSpec),
        (LabelFolderSpec.example(), LabelFolderSpec),
        (LabelFolderSpec.example(), ManifestSpec),
        (ManifestSpec.example(), LabelFolderSpec),
        (LabelFolderSpec.example().model_copy(update={"instance": False}), LabelFolderSpec),
    ],
    ids=lambda spec: spec.name,
)
def test_ids_and_photos_are_equal_in_any_layout(
    like: DataSpec, to: type[DataSpec], tmp_path: Path
) -> None:
    splits = open_usual(like)
    written = convert(like, splits, tmp_path / "new" / "folder", to)
    compare(written, splits)
    assert {name: image.classes for name, image in written.maps().items()} == {
        name: image.classes for name, image in like.maps().items()
    }
    assert written.ignored_ids("label") == like.ignored_ids("label")


REFUSED = [
    (TonesSpec(floats=True), ManifestSpec, "none that float32 or float64 of -1..1 are read as"),
    (SCENES, PairedFolderSpec, "pairs are pictures called source and target; scenes has label"),
    (TonesSpec(), LabelFolderSpec, "ids called label"),
    (TonesSpec(names=("../a", "b")), PairedFolderSpec, "cannot be the name of a file"),
    (TonesSpec(names=("a", "a")), PairedFolderSpec, "cannot write"),
    (TonesSpec(), EmojiSpec, "emoji is data that cannot be written as files"),
    (TonesSpec(), TonesSpec, "was written, and is not found again"),
]


@pytest.mark.parametrize(("like", "to", "told"), REFUSED, ids=[told for _, _, told in REFUSED])
def test_what_does_not_fit_is_refused_and_nothing_is_left(
    like: DataSpec, to: type[DataSpec], told: str, tmp_path: Path
) -> None:
    (tmp_path / "there").mkdir()
    for folder in (tmp_path / "new", tmp_path / "there"):
        with pytest.raises(DataError, match=re.escape(told)):
            convert(like, open_usual(like), folder, to)
    assert [path.name for path in tmp_path.rglob("*")] == ["there"]


def test_a_stranger_writes_where_no_built_in_does(tmp_path: Path) -> None:
    zoo = Zoo([Plugin("mine", "gan-zoo-mine", "1", (TonesSpec,))])
    with pytest.raises(DataError, match="no layout holds it"):
        write_anywhere(SCENES, open_usual(SCENES), tmp_path / "a", zoo)
    written = write_anywhere(SCENES, open_usual(SCENES), tmp_path / "a")
    assert isinstance(written, LabelFolderSpec)
    with pytest.raises(UserError, match="is not empty"):
        write_anywhere(SCENES, open_usual(SCENES), tmp_path / "a")


def test_make_writes_what_needs_no_files(tmp_path: Path, zoo: Command) -> None:
    words = ("--theme", "street", "--size=[16, 24]", "--samples", "[3, 1, 2]", "--seed", "7")
    said = zoo("data", "make", "scenes", tmp_path / "made", *words)
    assert said.code == 0, said.err
    assert "3 of train, 1 of val, 2 of test; read back and equal" in said.out
    section = yaml.safe_load(said.out.partition("In a recipe\n")[2])["data"]
    assert section.pop("use") == "label_folder"
    made = LabelFolderSpec.model_validate(section)
    like = data_of("scenes", {"theme": "street", "size": (16, 24), "samples": (3, 1, 2), "seed": 7})
    compare(made, open_usual(like))


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (("scenes", "--themme", "street"), "themme: Extra inputs are not permitted"),
        (("scenes", "street"), "street came; options of the data are written --option value"),
        (("scenes", "--seed"), "--seed: no value came"),
        (("scene",), "unknown data 'scene'"),
        (("paired_folder", "--root", "here"), "paired_folder reads files"),
    ],
)
def test_make_says_what_is_wrong(
    words: tuple[str, ...], told: str, tmp_path: Path, zoo: Command
) -> None:
    name, *rest = words
    said = zoo("data", "make", name, tmp_path / "made", *rest)
    assert said.code == 2
    assert told in said.err


def test_convert_says_what_reads_it(pairs: Path, tmp_path: Path, zoo: Command) -> None:
    said = zoo("data", "convert", recipe(pairs), tmp_path / "out", "--to", "manifest")
    assert said.code == 0, said.err
    assert "40 of train, 10 of val; read back and equal" in said.out
    assert "use: manifest" in said.out
    assert len((tmp_path / "out/train.csv").read_text().splitlines()) == 41
    said = zoo("data", "convert", pairs / "recipe.yaml", tmp_path / "out", "--to", "manifest")
    assert said.code == 2
    assert "is not empty" in said.err


# ---------------------------------------------------------------------------------- split


def rows(table: Path) -> dict[str, str]:
    with table.open(newline="") as file:
        return {row["name"]: row["split"] for row in csv.DictReader(file)}


def test_a_split_follows_from_names_and_stands_when_files_come(
    pairs: Path, zoo: Command, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(pairs)
    said = zoo("data", "split", recipe(pairs), "--val", 0.2, "--test", 0.2)
    assert said.code == 0, said.err
    first = rows(pairs / "splits.csv")
    assert sorted(first) == sorted(names("train") + names("val"))
    counts = {split: [*first.values()].count(split) for split in ("train", "val", "test")}
    assert counts["train"] + counts["val"] + counts["test"] == 50
    assert all(count >= 4 for count in counts.values())
    assert f"{counts['train']} of train" in said.out
    section = yaml.safe_load(said.out.partition("In a recipe\n")[2])["data"]
    assert (section["use"], section["file"]) == ("manifest", "splits.csv")
    for name in names("val")[:3]:  # other files come, and their names are new
        for path in copy_pair(pairs, f"val/{name}", f"val/new-{name}"):
            change(path, lambda pixels: np.rot90(pixels))
    assert zoo("data", "split", pairs / "recipe.yaml", "--val", 0.2, "--test", 0.2).code == 2
    again = zoo(
        "data", "split", pairs / "recipe.yaml", "--val", 0.2, "--test", 0.2, "--out", "b.csv"
    )
    assert again.code == 0, again.err
    later = rows(pairs / "b.csv")
    assert len(later) == 53
    assert {name: later[name] for name in first} == first
    assert zoo("data", "split", pairs / "recipe.yaml", "--seed", 1, "--out", "c.csv").code == 0
    assert rows(pairs / "c.csv") != first


def test_what_is_alike_or_named_alike_stays_together(pairs: Path, tmp_path: Path) -> None:
    for number, name in enumerate(names("train")[:6]):
        copy_pair(pairs, f"train/{name}", f"val/twin{number}")
        for path in copy_pair(pairs, f"train/{name}", f"val/like{number}"):
            change(path, lambda pixels: pixels * 0.9)
    spec = PairedFolderSpec(root=str(pairs))
    splits = {split: spec.open(split) for split in ("train", "val")}
    shares = {"val": 0.3, "test": 0.2}
    made = divide(spec, splits, tmp_path / "a.csv", shares=shares)
    found = rows(tmp_path / "a.csv")
    for number, name in enumerate(names("train")[:6]):
        assert found[name] == found[f"twin{number}"] == found[f"like{number}"]
    assert len(made.together) == 6
    divide(spec, splits, tmp_path / "b.csv", shares=shares, by=r"^.")
    by_letter = rows(tmp_path / "b.csv")
    letters = {name[0]: split for name, split in by_letter.items()}
    assert all(letters[name[0]] == split for name, split in by_letter.items())
    divide(spec, splits, tmp_path / "c.csv", shares={"test": 0.3}, only="train")
    kept = rows(tmp_path / "c.csv")
    assert all(kept[name] == "val" for name in names("val"))
    assert set(kept[name] for name in names("train")) == {"train", "test"}


@pytest.mark.parametrize("direction", ["a_to_b", "b_to_a"])
def test_pairs_side_by_side_are_named_by_halves(direction: str, tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    for number in range(12):
        path = tmp_path / "data/train" / f"{number:02}.png"
        path.parent.mkdir(parents=True, exist_ok=True)
        Image.fromarray(rng.integers(0, 255, (8, 20, 3)).astype(np.uint8)).save(path)
    spec = PairedFolderSpec.model_validate(
        {"root": str(tmp_path / "data"), "direction": direction, "flip": 0.5, "crop": [8, 8]}
    )
    splits = {"train": spec.open("train")}
    made = divide(spec, splits, tmp_path / "s.csv", shares={"val": 0.3})
    assert isinstance(made.spec, ManifestSpec)
    assert made.spec.halves["source"] == ("left" if direction == "a_to_b" else "right")
    assert (made.spec.flip, made.spec.crop) == (0.5, (8, 8))
    assert sum(made.counts.values()) == 12
    assert (tmp_path / "s.csv").read_text().splitlines()[1].count("data/train/") == 2


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (("--val", 0.6, "--test", 0.5), "the shares add up to 1.1"),
        (("--val", 1.5), "--val: 1.5 came"),
        (("--by", "("), "is no regular expression"),
        (("--only", "tset"), "there is no split tset; there are train, val"),
        (("--val", 0.0001), "leave none for val"),
    ],
)
def test_split_says_what_is_wrong(
    words: tuple[object, ...], told: str, pairs: Path, zoo: Command
) -> None:
    said = zoo("data", "split", recipe(pairs), "--out", pairs / "s.csv", *words)
    assert said.code == 2
    assert told in said.err
    assert not (pairs / "s.csv").exists()


def test_data_without_files_has_no_table(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"scene 0 of train.*write files first"):
        divide(SCENES, open_usual(SCENES), tmp_path / "s.csv", shares={"val": 0.3})
