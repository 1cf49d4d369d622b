"""Folders whose tables name pictures: the recipe that reads them, or why none does."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from gan_zoo.components import Found, Refused
from gan_zoo_data.folder_specs import TINY
from gan_zoo_data.table_specs import ManifestSpec
from tests.plugins.data.making import SHARED, ids, picture, save

TABLE = "source,target\nx/a.png,y/a.png\nx/b.png,y/b.png\n"


def two_pairs(root: Path) -> None:
    for name in "ab":
        save(root / f"x/{name}.png", picture())
        save(root / f"y/{name}.png", picture("L").point(lambda value: 60 * value))


def write(root: Path, **files: str) -> None:
    for name, content in files.items():
        path = root / name.replace("__", "/").replace("_dot_", ".")
        path.parent.mkdir(exist_ok=True)
        path.write_text(content)


def tables(root: Path) -> None:
    two_pairs(root)
    write(root, train_dot_csv=TABLE, val_dot_csv=TABLE[:-16])


def split_column(root: Path) -> None:
    two_pairs(root)
    lines = "split;imageB;imageA;text\ntrain;x\\a.png;y\\a.png;q\nval;x\\b.png;y\\b.png;q\n"
    write(root, all_dot_csv=lines)


def image_folder(root: Path) -> None:
    """As Hugging Face's imagefolder."""
    for split in ("train", "test"):
        for name in ("1.png", "1_seg.png"):
            image = ids([[0, 1, 1] * 2, [2, 255, 0] * 2] * 2) if "seg" in name else picture()
            save(root / split / name, image)
        line = '{"file_name": "1.png", "mask_file_name": "1_seg.png", "text": "a house"}\n'
        (root / split / "metadata.jsonl").write_text(line)


def list_of_paths(root: Path) -> None:
    """As joliGEN's."""
    save(root / "imgs/1.png", picture())
    save(root / "masks/1.png", ids([[0, 3] * 3] * 4))
    for split in ("trainA", "testA"):
        (root / split).mkdir()
        (root / split / "paths.txt").write_text("imgs/1.png masks/1.png\n")


PAIR = {"pictures": {"source": "rgb", "target": "grey"}}
FOUND: dict[str, tuple[Callable[[Path], None], dict[str, object], dict[str, int]]] = {
    "a table a split": (tables, {"file": "{split}.csv", **PAIR}, {"train": 2, "val": 1}),
    "a column of splits": (
        split_column,
        {
            "file": "all.csv",
            "pictures": {"source": "grey", "target": "rgb"},
            "columns": {"source": "imageA", "target": "imageB"},
        },
        {"train": 1, "val": 1},
    ),
    "an image folder": (
        image_folder,
        {
            "file": "{split}/metadata.jsonl",
            "pictures": {"target": "rgb"},
            "labels": {"label": 3},
            "ignore": (255,),
            "columns": {"target": "file_name", "label": "mask_file_name"},
        },
        {"train": 1, "test": 1},
    ),
    "a list of paths": (
        list_of_paths,
        {
            "file": "{split}A/paths.txt",
            "pictures": {"target": "rgb"},
            "labels": {"label": 4},
            "columns": {"target": "image"},
        },
        {"train": 1, "test": 1},
    ),
}


@pytest.mark.parametrize("layout", FOUND)
def test_recognized(tmp_path: Path, layout: str) -> None:
    make, options, pairs = FOUND[layout]
    make(tmp_path)
    found = ManifestSpec.recognize(tmp_path)
    assert isinstance(found, Found)
    assert found.spec == ManifestSpec.model_validate({"root": str(tmp_path), **options})
    assert found.pairs == pairs
    for split, count in pairs.items():
        assert len(found.spec.open(split)) == count
        assert found.spec.decode(split) == []


def test_the_tiny_sample() -> None:
    found = ManifestSpec.recognize(TINY)
    assert isinstance(found, Found)
    assert found.spec == ManifestSpec.example().model_copy(update={"file": "{split}.csv"})
    assert found.pairs == {"train": 4, "val": 2, "test": 2}
    assert found.why == "the columns label, instance, target of {split}.csv name pictures"
    assert list(found.notes) == [
        "label was judged by 4 files; `gan-zoo check` names ids beyond.",
        "instance was judged by 4 files; `gan-zoo check` names ids beyond.",
    ]


def no_split(root: Path) -> None:
    two_pairs(root)
    write(root, metadata_dot_csv=TABLE)


def no_photo(root: Path) -> None:
    save(root / "l.png", ids([[0, 1]]))
    write(root, train_dot_csv="label,instance\nl.png,l.png\n")


@pytest.mark.parametrize(
    ("make", "told"),
    [
        (
            no_split,
            "metadata.csv names pictures, but not which are for training: add a column split with "
            "train and val, or make a table of each and say `file: '{split}.csv'`",
        ),
        (no_photo, "{split}.csv names pictures, but none is a picture to learn: label (labels), "),
    ],
)
def test_refused(tmp_path: Path, make: Callable[[Path], None], told: str) -> None:
    make(tmp_path)
    said = ManifestSpec.recognize(tmp_path)
    assert isinstance(said, Refused)
    assert said.why.startswith(f"{tmp_path}/{told}")


def strange(root: Path) -> None:
    two_pairs(root)
    write(
        root,
        train_dot_csv="image,text\nx/a.png,a house\n",
        requirements_dot_txt="torch numpy",
        notes_dot_json="[1, 2",
        absent_dot_csv="source,target\nno.png,none.png",
    )
    (root / "scores.csv").write_bytes(b"\xff\xfe\x00")


@pytest.mark.parametrize("make", [two_pairs, strange])
def test_not_a_table_of_pairs(tmp_path: Path, make: Callable[[Path], None]) -> None:
    make(tmp_path)
    assert ManifestSpec.recognize(tmp_path) is None


@pytest.mark.skipif(not SHARED.is_dir(), reason="real pictures are not at hand")
def test_real_folders_are_none() -> None:
    found = {path.name: ManifestSpec.recognize(path) for path in SHARED.iterdir() if path.is_dir()}
    assert set(found.values()) == {None}
