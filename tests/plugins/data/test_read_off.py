"""What files themselves say of a recipe: palettes, negative ids, columns of saved rows."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import tifffile
from PIL import Image as Pictures

from gan_zoo.components import Found, Refused
from gan_zoo.registry.recognition import recognize
from gan_zoo_data.folders.id_counts import Numbers, id_options
from tests.plugins.data.making import LABELS, ids, picture, save

COLORS = np.array([[128, 64, 128], [0, 0, 142], [220, 20, 60]], np.uint8)


def label_folder(root: Path) -> Found | Refused:
    return dict(recognize(root))["label_folder"]


def test_a_palette_is_read_off_painted_label_maps(tmp_path: Path) -> None:
    """By how much of a color there is, in the folders of pix2pixHD alone."""
    painted = np.array([[0, 0, 0, 1, 1, 2]] * 4)
    for name in "xy":
        save(tmp_path / f"train_label/{name}.png", Pictures.fromarray(COLORS[painted]))
        save(tmp_path / f"train_img/{name}.png")
    found = label_folder(tmp_path)
    assert isinstance(found, Found)
    assert found.spec.model_dump()["palette"] == {
        n: tuple(c) for n, c in enumerate(COLORS.tolist())
    }
    assert found.notes[0].startswith("palette: the 3 colors in 2 of 2 label maps, numbered by how")
    assert found.spec.decode("train") == []
    assert found.spec.open("train").read(0, None).maps["label"].tolist() == [painted.tolist()]
    assert recognize(tmp_path)[0].name == "label_folder"


def test_a_photo_is_no_painted_label_map(tmp_path: Path) -> None:
    save(tmp_path / "train_label/x.png", picture(height=20, width=20))  # 400 colors
    save(tmp_path / "train_img/x.png", picture(height=20, width=20))
    refused = label_folder(tmp_path)
    assert isinstance(refused, Refused)
    assert refused.why == (
        "label maps hold ids, one number a pixel, or a color a class, and "
        f"{tmp_path}/train_label holds color pictures of more than 64 colors"
    )


PAINTED = Pictures.fromarray(np.array([[[9, 0, 0], [0, 9, 0]] * 3] * 4, np.uint8))


def clear() -> Pictures.Image:
    made = PAINTED.convert("RGBA")
    made.putpixel((1, 1), (9, 0, 0, 40))
    return made


NO_TABLE = [  # a second map beside a painted one, and why there is no palette; None where there is
    ("b.png", PAINTED.convert("RGBA"), None),
    ("b.png", PAINTED.convert("P", palette=Pictures.Palette.ADAPTIVE), None),
    ("b.jpg", PAINTED, "stored as JPEG, which mixes the ids along every edge; "),
    ("b.tif", PAINTED.convert("CMYK"), "four inks (CMYK), but `palette` is about colors of 8 "),
    ("b.png", clear(), "a color picture in which pixels shine through (alpha below 255); save"),
    ("b.png", ids(LABELS), "grey (L), which holds a number a pixel, and other label maps beside"),
]


@pytest.mark.parametrize(("name", "second", "why"), NO_TABLE)
def test_a_table_of_colors_is_proposed_where_every_map_has_them(
    name: str, second: Pictures.Image, why: str | None, tmp_path: Path
) -> None:
    save(tmp_path / "train_label/a.png", PAINTED)
    save(tmp_path / "train_label" / name, second)
    for photo in "ab":
        save(tmp_path / f"train_img/{photo}.png")
    found = label_folder(tmp_path)
    assert isinstance(found, Refused if why else Found)
    if isinstance(found, Refused):
        assert found.why.startswith(f"{tmp_path}/train_label/{name} is {why}")
    else:
        assert found.spec.decode("train") == []


def test_negative_ids_are_told_as_they_are_stored(tmp_path: Path) -> None:
    """8 bits with a sign: Pillow alone would read 255 for -1."""
    numbers = np.array([[0, 0, 1, 1, -1, -1]] * 4, np.int8)
    (tmp_path / "train_label").mkdir()
    tifffile.imwrite(tmp_path / "train_label/x.tif", numbers)
    save(tmp_path / "train_img/x.png")
    found = label_folder(tmp_path)
    assert isinstance(found, Found)
    options = found.spec.model_dump(exclude_unset=True)
    assert (options["classes"], options["remap"], options["ignore"]) == (2, {-1: 255}, (255,))
    assert found.spec.decode("train") == []
    assert found.spec.open("train").read(0, None).maps["label"][0, 0].tolist() == [
        0,
        0,
        1,
        1,
        255,
        255,
    ]


@pytest.mark.parametrize(
    ("stored", "options"),
    [
        ({0, 1, 2}, {"classes": 3}),
        ({0, 255}, {"classes": 2, "remap": {255: 1}}),
        ({0, 4, 255}, {"classes": 5, "ignore": [255]}),
        ({-1, 0, 4, 255}, {"classes": 5, "remap": {-1: 255}, "ignore": [255]}),
        ({-1, -9, 300}, {"classes": 301, "remap": {-9: 65535, -1: 65535}, "ignore": [65535]}),
    ],
)
def test_what_reads_ids(stored: set[int], options: dict[str, object]) -> None:
    assert id_options(Numbers(frozenset(stored), 2, 1), 1)[0] == options


def rows(root: Path, columns: dict[str, list[Pictures.Image]], *splits: str) -> None:
    datasets = pytest.importorskip("datasets", reason="the extra datasets is not installed")
    features = datasets.Features({name: datasets.Image() for name in columns})
    made = datasets.Dataset.from_dict(columns, features=features)
    whole = datasets.DatasetDict(dict.fromkeys(splits, made)) if splits else made
    whole.save_to_disk(str(root))


PAIR = {"imageA": [picture(value=1)] * 2, "imageB": [picture(value=2)] * 2}
SKETCHES = [ids([[0, 90, 255] * 2] * 4)] * 2  # grey pictures of few values, as ids have them
READ = [  # columns, splits, the options of the recipe
    (PAIR, ("train", "validation"), {"pictures": {"source": "rgb", "target": "rgb"}}),
    (PAIR, (), {"pictures": {"source": "rgb", "target": "rgb"}}),
    (
        {"Input": PAIR["imageA"], "Target": PAIR["imageB"]},
        ("train",),
        {
            "pictures": {"source": "rgb", "target": "rgb"},
            "columns": {"source": "Input", "target": "Target"},
        },
    ),
    (
        {"photo": PAIR["imageA"], "seg": [ids(LABELS)] * 2},
        ("train", "dev"),
        {
            "pictures": {"target": "rgb"},
            "labels": {"label": 3},
            "columns": {"label": "seg", "target": "photo"},
            "splits": {"val": "dev"},
        },
    ),
    (
        {"source": PAIR["imageA"], "target": SKETCHES},
        ("train",),
        {"pictures": {"source": "rgb", "target": "grey"}},
    ),
    (
        {"source": SKETCHES, "target": PAIR["imageB"]},
        ("train",),
        {"pictures": {"source": "grey", "target": "rgb"}},
    ),
    (
        {"imageA": PAIR["imageA"], "imageB": SKETCHES},
        ("train",),
        {"pictures": {"source": "rgb", "target": "grey"}},
    ),
    (
        {"source": [ids(LABELS).convert("P")] * 2, "target": PAIR["imageB"]},
        ("train",),
        {
            "pictures": {"target": "rgb"},
            "labels": {"label": 3},
            "columns": {"label": "source"},
        },
    ),
    (
        {"sketch": SKETCHES, "photo": PAIR["imageB"]},
        ("train",),
        {
            "pictures": {"source": "grey", "target": "rgb"},
            "columns": {"source": "sketch", "target": "photo"},
        },
    ),
]


@pytest.mark.parametrize(("columns", "splits", "options"), READ)
def test_saved_rows_are_recognized(
    tmp_path: Path,
    columns: dict[str, list[Pictures.Image]],
    splits: tuple[str, ...],
    options: dict[str, object],
) -> None:
    rows(tmp_path / "rows", columns, *splits)
    [(name, found)] = recognize(tmp_path / "rows")
    assert name == "hf_dataset"
    assert isinstance(found, Found)
    said = found.spec.model_dump(exclude_unset=True)
    assert said == {"use": "hf_dataset", "root": str(tmp_path / "rows"), **options}
    told = (
        "seg is read as label ids; `pictures: {source: grey, target: rgb}` with `columns: {source: "
        "seg, target: photo}` reads pairs"
    )
    assert [note for note in found.notes if "reads pairs" in note] == [told] * ("seg" in columns)
    assert dict(found.pairs) == {"train": 2} | ({"val": 2} if len(splits) > 1 else {})
    for split in found.pairs:
        assert found.spec.decode(split) == []
        assert int(found.spec.open(split).read(0, None).maps["target"][-1, 0, 0]) in (0, 1, 2)


@pytest.mark.parametrize(
    ("columns", "splits", "told"),
    [
        ({"image": PAIR["imageA"]}, ("train",), "of which hold pictures: image. Say which are"),
        (PAIR, ("all",), r"has the splits all: say which is which, as `splits: {train: all}`"),
    ],
)
def test_saved_rows_that_say_too_little(
    tmp_path: Path, columns: dict[str, list[Pictures.Image]], splits: tuple[str, ...], told: str
) -> None:
    rows(tmp_path / "rows", columns, *splits)
    [(name, refused)] = recognize(tmp_path / "rows")
    assert (name, isinstance(refused, Refused)) == ("hf_dataset", True)
    assert told in refused.why
