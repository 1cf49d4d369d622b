"""Tables of samples: CSV and JSONL, and every mistake by file and line."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
import torch
from pydantic import ValidationError

from gan_zoo.components.at_hand import read_once
from gan_zoo.components.shapes import Image
from gan_zoo.errors import DataError
from gan_zoo_data.table_specs import ManifestSpec
from tests.plugins.data.making import INSTANCES, LABELS, ids, labelled, picture, save, triple

COLUMNS = {"labels": {"label": 3}, "instances": {"instance": 8}, "pictures": {"target": "rgb"}}
PATHS = "train_label/{0}.png,train_inst/{0}.png,train_img/{0}.bmp"


def manifest(root: Path, **options: object) -> ManifestSpec:
    return ManifestSpec.model_validate({"root": str(root), **COLUMNS, **options})


def table(root: Path, lines: str, name: str = "train.csv") -> Path:
    path = root / name
    path.write_text(lines)
    return path


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """Two samples and their table."""
    triple(tmp_path, "ab")
    rows = [f"photo {name},{PATHS.format(name)}" for name in "ab"]
    table(tmp_path, "\n".join(["weather,label,instance,target", *rows]) + "\n")
    return tmp_path


def test_samples_are_those_of_the_folders(root: Path) -> None:
    options = {"load": [9, 9], "crop": [4, 4], "flip": 0.5}
    ours, theirs = manifest(root, **options), labelled(root, instances=8, **options)
    assert ours.maps() == theirs.maps()
    assert ours.inspect("train") == []
    assert ours.sizes("train").keys() == {(4, 4)}
    one, other = ours.open("train"), theirs.open("train")
    assert len(one) == len(other) == 2
    for index in range(2):
        read = [data.read(index, np.random.default_rng(5)) for data in (one, other)]
        assert read[0].files == read[1].files
        assert all(torch.equal(read[0].maps[name], m) for name, m in read[1].maps.items())
    assert [one.read(n, None).name for n in range(2)] == ["train_label/a", "train_label/b"]
    assert one.describe() == (
        f"2 lines of {root}/train.csv: label, instance, target; not used: weather; in training "
        "resized to 9x9, cropped at random to 4x4, mirrored with probability 0.5 (height x width)"
    )


def test_json_lines_give_the_same(root: Path) -> None:
    columns = ("label", "instance", "target")
    lines = []
    for name in "ab":
        row = dict(zip(columns, PATHS.format(name).split(","), strict=True))
        lines.append(json.dumps({**row, "name": f"house/{name}"}))
    table(root, "\n\n".join(lines), "train.jsonl")
    data = manifest(root, file="{split}.jsonl").open("train")
    sample = data.read(1, None)
    assert sample.name == "house/b"
    assert sample.files == manifest(root).open("train").read(1, None).files
    assert data.describe() == f"2 lines of {root}/train.jsonl: label, instance, target"


def test_a_column_may_tell_the_splits(root: Path) -> None:
    rows = [f"{split},{PATHS.format(name)}" for split, name in (("train", "a"), ("test", "b"))]
    table(root, "\n".join(["split,label,instance,target", *rows]), "all.csv")
    recipe = manifest(root, file="all.csv")
    assert [recipe.open(s).read(0, None).name[-1] for s in ("train", "test")] == ["a", "b"]
    assert recipe.inspect("val") == [
        f"{root}/all.csv has no line of the split 'val'; its splits are train, test"
    ]
    with pytest.raises(DataError, match="has no column split; add it, or give every split a table"):
        manifest(root, file="train.csv").open("train")


@pytest.mark.parametrize(
    ("lines", "told"),
    [
        ("", "{path} has no lines"),
        ("split,label,instance,target\n", "{path} has no lines"),
        ("split,label\ntrain\n", "{path}:2: 1 cell, but the first line names 2 columns; write"),
        ("split,label\nval,x\ntrain\n", "{path}:3: 1 cell, but the first line names 2 columns"),
        ("label\nx\n", "{path} has no column split; add it, or give every split a table of"),
    ],
)
def test_mistakes_come_before_the_split(tmp_path: Path, lines: str, told: str) -> None:
    """A table without a good line lacks more than a split."""
    path = table(tmp_path, lines, "all.csv")
    [said] = manifest(tmp_path, file="all.csv").inspect("train")
    assert said.startswith(told.format(path=path))
    with pytest.raises(DataError) as caught:
        manifest(tmp_path, file="all.csv").open("train")
    assert str(caught.value) == said


def test_a_table_of_all_splits_is_read_once(
    root: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    triple(tmp_path, "abcde")
    splits = {"a": "train", "b": "val", "c": "train", "d": "test", "e": "train"}
    rows = [f"{split},{PATHS.format(name)}" for name, split in splits.items()]
    rows.insert(2, "val,absent.png,absent.png,absent.png")
    path = table(root, "\n".join(["split,label,instance,target", *rows]) + "\n", "all.csv")
    read: list[Path] = []
    own = Path.read_bytes
    monkeypatch.setattr(Path, "read_bytes", lambda file: (read.append(file), own(file))[1])
    for phase in (manifest(root, file="all.csv"), manifest(root, file="all.csv", flip=0.5)):
        with read_once():
            found = {split: phase.inspect(split) for split in ("train", "val", "test")}
            opened = {split: phase.open(split) for split in ("train", "test")}
            again = {split: phase.inspect(split) for split in ("test", "val", "train")}
        assert read.count(path.resolve()) == 1
        read.clear()
        assert found == again
        assert {split: len(lines) for split, lines in found.items()} == {
            "train": 0,
            "val": 3,
            "test": 0,
        }
        assert {split: len(data) for split, data in opened.items()} == {"train": 3, "test": 1}


def test_columns_say_the_shapes() -> None:
    recipe = manifest(Path("no"), pictures={"source": "grey", "target": 4}, crop=[4, 6])
    assert recipe.maps() == {
        "label": Image(1, 4, 6, classes=3),
        "instance": Image(1, 4, 6, instances=8),
        "source": Image(1, 4, 6),
        "target": Image(4, 4, 6),
    }
    assert manifest(Path("no"), ignore=[255]).ignored_ids("label") == (255,)
    assert manifest(Path("no"), ignore=[255]).ignored_ids("target") == ()


def test_one_file_may_be_two_maps(tmp_path: Path) -> None:
    """A palette file is ids, and a grey one may be a picture beside."""
    save(tmp_path / "x.png", ids(LABELS))
    table(tmp_path, "label,source\nx.png,x.png\n")
    recipe = manifest(tmp_path, pictures={"source": "grey"}, instances={})
    assert recipe.inspect("train") == []
    sample = recipe.open("train").read(0, None)
    assert [m.dtype for m in sample.maps.values()] == [torch.int32, torch.uint8]
    assert sample.files == (f"{tmp_path}/x.png",)


HEAD = "label,instance,target\n"
GOOD = PATHS.format("a")


@pytest.mark.parametrize(
    ("lines", "told"),
    [
        (
            "label,target\ntrain_label/a.png,train_img/a.bmp\n" * 1,
            ["{path}:1: no column instance; there are label, target"],
        ),
        (
            HEAD + "train_label/a.png",
            [
                "{path}:2: 1 cell, but the first line names 3 columns; write the cells that are "
                "missing, or take the line out"
            ],
        ),
        (
            GOOD + "\n" + GOOD,
            [
                f"{{path}}:1: {GOOD.replace(',', ', ')[:60]} came, which are files; the first line "
                f"names the columns: write one above it, with {column} over the files that are it"
                for column in ("label", "instance", "target")
            ],
        ),
        (
            HEAD + GOOD + "\n" + PATHS.format("z"),
            [
                "{path}:3: label: there is no file {root}/train_label/z.png; paths start from "
                "{root}",
                "{path}:3: instance: there is no file {root}/train_inst/z.png; paths start from "
                "{root}",
                "{path}:3: target: there is no file {root}/train_img/z.bmp; paths start from "
                "{root}",
            ],
        ),
        (
            HEAD + GOOD + "\n\n" + GOOD,
            [
                "{path}:4: the name train_label/a came before, in {path}:2; take one line out, or "
                "name the samples in a column name"
            ],
        ),
        (
            HEAD + "train_label/a.png,,train_img/a.bmp",
            ["{path}:2: instance is empty; write the path of a file, or take the line out"],
        ),
        (
            HEAD + GOOD + ",more",
            [
                "{path}:2: 4 cells, but the first line names 3 columns; put a cell that holds "
                'commas in quotes: "..."'
            ],
        ),
        (HEAD + '"' + GOOD, ["{path}:2: unexpected end of data; quotes must be closed"]),
        (
            "label,label,target\n" + GOOD,
            ["{path}:1: the column 'label' is there twice; name every column once"],
        ),
        (HEAD, ["{path} has no lines"]),
        ("", ["{path} has no lines"]),
        (
            "name," + HEAD + "../../up," + GOOD,
            ["{path}:2: the name '../../up' came; a name is a text such as a1 or house/a1"],
        ),
    ],
)
def test_mistakes_in_a_table(root: Path, lines: str, told: list[str]) -> None:
    path = table(root, lines)
    told = [line.format(path=path, root=root) for line in told]
    assert manifest(root).inspect("train") == told
    with pytest.raises(DataError) as caught:
        manifest(root).open("train")
    assert str(caught.value) == "\n".join(told)


@pytest.mark.parametrize(
    ("line", "told"),
    [
        ('{"label": "x"', "not JSON: Expecting ',' delimiter (character 14)"),
        ("[1, 2]", '[1, 2] came; {"map": "path", ...} was expected'),
        (
            '{"label": 7, "instance": "a", "target": "a"}',
            "label: there is no file ROOT/7; paths start from",
        ),
        ('{"instance": "a"}', "no column label; there are instance"),
    ],
)
def test_mistakes_in_json_lines(root: Path, line: str, told: str) -> None:
    path = table(root, "\n" + line, "train.jsonl")
    said = manifest(root, file="{split}.jsonl").inspect("train")[0]
    assert said.startswith(f"{path}:2: {told}".replace("ROOT", str(root)))


def test_absent_and_unreadable_tables(root: Path) -> None:
    assert manifest(root).inspect("val") == [
        f"there is no table {root}/val.csv; there are train.csv. `file` names the table"
    ]
    assert manifest(root / "no").missing() == [
        f"there is no folder {root}/no; name yours with --data DIR"
    ]


def test_files_are_judged_as_everywhere(root: Path) -> None:
    save(root / "train_label/b.png", ids([[0, 7]] * 4))
    save(root / "train_img/a.bmp", picture("L"))
    sized = f"{root}/train_label/b.png is 4x2 (height x width), but its instance map "
    assert [line.split(";")[0] for line in manifest(root).decode("train")] == [
        f"{root}/train_img/a.bmp is grey (L)",
        f"{sized}{root}/train_inst/b.png is 4x6",
        f"{root}/train_label/b.png holds the id 7, but the recipe says labels.label: 3, which are "
        "0 to 2",
    ]


@pytest.mark.parametrize(
    ("options", "told"),
    [
        (
            {"labels": {}, "instances": {}, "pictures": {}},
            "no column came; name those of pictures, labels or instances",
        ),
        (
            {"pictures": {"label": "rgb"}},
            "the column label came twice; a map is a picture, labels or instances",
        ),
        (
            {"pictures": {"split": "rgb"}},
            "a map called split came, but that column has a meaning of its own",
        ),
        (
            {"ignore": [2]},
            "ignore: 2 came, which is a class; ignored ids lie beyond the 3 classes",
        ),
        (
            {"pictures": {"target": "color"}},
            "a mode is rgb, grey, rgba, cmyk, or the number of channels of the files; did you mean "
            "rgb?",
        ),
        (
            {"file": "train.xlsx"},
            "'train.xlsx' came, but the name of a table is expected: a .csv or .tsv file, whose "
            "cells stand between separators, a .jsonl or .json file of objects, or a .txt file "
            "with an image and its label a line",
        ),
        (
            {"columns": {"photo": "target"}},
            "columns: photo came, but the maps are target, label, instance; the map stands before "
            "the colon, its column behind it",
        ),
        (
            {"columns": {"target": "name"}},
            "a map called name came, but that column has a meaning of its own",
        ),
    ],
)
def test_refused_options(tmp_path: Path, options: dict[str, object], told: str) -> None:
    with pytest.raises(ValidationError) as caught:
        manifest(tmp_path, **options)
    assert [error["msg"] for error in caught.value.errors()] == [told]


# ---------------------------------------------------------------------------------- inputs


def test_a_table_of_inputs(root: Path) -> None:
    path = table(root, "label,instance\ntrain_label/a.png,train_inst/a.png\n", "mine.csv")
    data = manifest(root / "elsewhere", load=[2, 2]).inputs(path)
    sample = data.read(0, None)
    assert [*sample.maps] == ["label", "instance"]
    assert sample.maps["instance"].tolist() == [INSTANCES]  # its own size
    assert data.describe() == f"1 line of {path}: label, instance"
    only = manifest(root).inputs(path, maps=["label"])
    assert [*only.read(0, None).maps] == ["label"]
    trained = manifest(root).inputs(root / "train.csv", maps=["label"])  # all lines, no target
    assert (len(trained), [*trained.read(0, None).maps]) == (2, ["label"])


def test_files_of_the_one_map_that_is_asked_for(root: Path) -> None:
    data = manifest(root).inputs(root / "train_label", maps=["label"])
    assert data.describe() == f"2 label maps in {root}/train_label, whole"
    assert data.read(1, None).name == "b"
    with pytest.raises(DataError) as caught:
        manifest(root).inputs(root / "train_label")
    assert str(caught.value) == (
        f"{root}/train_label is no table (.csv .tsv .json .jsonl .txt); the model asks for label "
        "and instance, so name one with these columns"
    )
    with pytest.raises(DataError, match="a table names files of their own, so leave it out"):
        manifest(root).inputs(root / "train.csv", pairs=True)
    with pytest.raises(DataError, match=r"mine\.csv; there are train\.csv"):
        manifest(root).inputs(root / "mine.csv")
