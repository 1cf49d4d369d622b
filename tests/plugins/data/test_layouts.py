"""Every layout that is found by itself: opened, recognized, with the values that lie on disk."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from gan_zoo.components import Found
from gan_zoo.errors import DataError
from gan_zoo.registry.recognition import recognize
from gan_zoo_data.folder_specs import LabelFolderSpec, PairedFolderSpec
from gan_zoo_data.folders.layouts import (
    BESIDE,
    SIDE_PATTERNS,
    SIDES,
    WITHIN,
    map_layouts,
    side_layouts,
)
from tests.plugins.data.making import INSTANCES, LABELS, ids, labelled, picture, save, spec

PAIRS = [  # folder of A, folder of B, the side's names in another spelling
    *((layout["A"], layout["B"]) for layout in [*BESIDE, WITHIN]),
    ("{split}/input", "{split}/target"),
    ("{split}/Input", "{split}/Target"),
    ("source/{split}", "target/{split}"),
    ("{split}_labels", "{split}_images"),
    ("Edges/{split}", "Photos/{split}"),
    ("{split}ing/A", "{split}ing/B"),  # a split called training
]


@pytest.mark.parametrize(("a", "b"), PAIRS)
def test_two_folders(tmp_path: Path, a: str, b: str) -> None:
    for split in ("train",):
        for number, name in enumerate(("one", "deep/two")):
            save(tmp_path / a.format(split=split) / f"{name}.png", picture(value=10 + number))
            save(tmp_path / b.format(split=split) / f"{name}.bmp", picture(value=20 + number))
    data = spec(tmp_path).open("train")
    read = [data.read(index, None) for index in range(len(data))]
    assert {
        sample.name: [int(sample.maps[side][2, 3, 5]) for side in ("source", "target")]
        for sample in read
    } == {"deep/two": [11, 21], "one": [10, 20]}
    assert int(read[0].maps["target"][0, 3, 5]) == 3  # its row
    [(name, found)] = recognize(tmp_path)
    assert (name, isinstance(found, Found)) == ("paired_folder", True)
    assert dict(found.pairs) == {"train": 2}
    assert found.spec.open("train").read(0, None).files == read[0].files
    assert found.spec.model_dump(exclude_unset=True) == {
        **{"use": "paired_folder", "root": str(tmp_path), "source": "rgb", "target": "rgb"}
    }
    [facts, *_] = spec(tmp_path).facts("train")
    assert facts.startswith("layout ")
    assert facts.endswith(", found by the folders' names")


def maps(root: Path, label: str, instance: str, target: str, name: str = "x") -> None:
    """One sample; a name for each map where they end differently."""
    names = name.split() if " " in name else [name] * 3
    save(root / label / f"{names[0]}.png", ids(LABELS))
    if instance:
        save(root / instance / f"{names[1]}.png", ids(INSTANCES, np.uint16))
    save(root / target / f"{names[2]}.png", picture(value=7))


CITY = "aachen/a_000_gtFine_labelIds aachen/a_000_gtFine_instanceIds aachen/a_000_leftImg8bit"
MAPS = {
    "pix2pixHD": ("train_label", "train_inst", "train_img", "x"),
    "imaginaire, split first": ("train/seg_maps", "train/instance_maps", "train/images", "x"),
    "imaginaire": ("seg_maps/train", "instance_maps/train", "images/train", "x"),
    "usual names": ("labels/train", "instances/train", "images/train", "x"),
    "masks": ("train/masks", "", "train/images", "x"),
    "Cityscapes": ("gtFine/train", "gtFine/train", "leftImg8bit/train", CITY),
    "ADE20K": ("annotations/training", "", "images/training", "ADE_train_00000001"),
    "COCO-Stuff": ("stuffthingmaps/train2017", "", "train2017", "000000000009"),
    "COCO-Stuff in images": ("stuffthingmaps/train2017", "", "images/train2017", "000000000009"),
    "COCO pixel maps": ("stuff_train2017_pixelmaps", "", "train2017", "000000000009"),
    "COCO panoptic": (
        *("stuffthingmaps/train2017", "panoptic_train2017", "train2017", "000000000009"),
    ),
}


@pytest.mark.parametrize("layout", MAPS)
def test_maps_in_place(tmp_path: Path, layout: str) -> None:
    label, instance, target, name = MAPS[layout]
    maps(tmp_path, label, instance, target, name)
    options = {"classes": 3} | ({} if instance else {"instance": False})
    data = labelled(tmp_path, **options).open("train")
    sample = data.read(0, None)
    assert len(data) == 1
    assert sample.maps["label"].tolist() == [LABELS]
    assert int(sample.maps["target"][2, 1, 4]) == 7
    if instance:
        assert sample.maps["instance"].tolist() == [INSTANCES]
    found = {name: said for name, said in recognize(tmp_path)}["label_folder"]
    assert isinstance(found, Found)
    assert dict(found.pairs) == {"train": 1}
    assert found.spec.maps()["label"].classes == (35 if layout == "Cityscapes" else 3)
    assert ("instance" in found.spec.maps()) == bool(instance)
    assert found.spec.open("train").read(0, None).files == sample.files
    assert recognize(tmp_path)[0].name == "label_folder"


def test_cityscapes_as_it_is_downloaded(tmp_path: Path) -> None:
    """Colors and polygons lie beside the ids; they are left alone, and counted."""
    for city in ("aachen", "bochum"):
        stem = f"{city}/{city}_000000_000019"
        maps(
            tmp_path,
            "gtFine/train",
            "gtFine/train",
            "leftImg8bit/train",
            f"{stem}_gtFine_labelIds {stem}_gtFine_instanceIds {stem}_leftImg8bit",
        )
        save(tmp_path / f"gtFine/train/{stem}_gtFine_color.png")
        (tmp_path / f"gtFine/train/{stem}_gtFine_polygons.json").write_text("{}")
    recipe = labelled(tmp_path)
    assert recipe.inspect("train") == []
    data = recipe.open("train")
    assert [data.read(n, None).name for n in range(2)] == [
        "aachen/aachen_000000_000019",
        "bochum/bochum_000000_000019",
    ]
    assert data.describe() == (
        f"2 label maps in {tmp_path}, matched by name without the endings of Cityscapes: "
        "label = gtFine/train, instance = gtFine/train, target = leftImg8bit/train; "
        "left alone 4 files whose names end otherwise"
    )
    suffixes = dict(label="_gtFine_labelIds", instance="_gtFine_instanceIds", target="_leftImg8bit")
    named = labelled(tmp_path, suffixes=suffixes)
    assert named.inspect("train") == []
    assert len(named.open("train")) == 2
    inputs = recipe.inputs(tmp_path / "gtFine/train")
    assert inputs.read(1, None).maps["instance"].tolist() == [INSTANCES]
    assert len(inputs) == 2
    with pytest.raises(DataError, match=r"is a folder of photos, but the model reads label maps"):
        recipe.inputs(tmp_path / "leftImg8bit/train")
    with pytest.raises(DataError, match=r"holds the splits of the data; name one, as .*gtFine/tr"):
        recipe.inputs(tmp_path)


def test_links_to_a_layout_are_not_a_second_one(tmp_path: Path) -> None:
    """What people did before: links as pix2pixHD's folders, into the folders of Cityscapes."""
    maps(tmp_path, "gtFine/train", "gtFine/train", "leftImg8bit/train", CITY)
    for link, place in (("label", "gtFine"), ("inst", "gtFine"), ("img", "leftImg8bit")):
        (tmp_path / f"train_{link}").symlink_to(tmp_path / place / "train")
    assert labelled(tmp_path).inspect("train") == []


def test_folders_named_in_the_recipe(tmp_path: Path) -> None:
    save(tmp_path / "raw/train/x.png", picture(value=1))
    save(tmp_path / "done/train/x.png", picture(value=2))
    data = spec(tmp_path, layout={"a": "raw/{split}", "b": "done/{split}"}).open("train")
    assert int(data.read(0, None).maps["target"][2, 0, 0]) == 2
    maps(tmp_path, "ids/train", "", "raw/train")
    layout = {"label": "ids/{split}", "target": "raw/{split}"}
    named = labelled(tmp_path, instance=False, layout=layout)
    assert named.inspect("train") == []
    assert named.facts("train")[0] == "layout ids/{split}, raw/{split}, as the recipe says"


def test_two_layouts_are_one_too_many(tmp_path: Path) -> None:
    for folder in ("train/A", "train/B", "train/input", "train/target"):
        save(tmp_path / folder / "x.png")
    told = (
        f"{tmp_path} has the split 'train' more than once: train/A/ and train/B/; train/input/ and "
        "train/target/; keep one of them, or say which: `layout: {a: '{split}/input', "
        "b: '{split}/target'}`"
    )
    assert spec(tmp_path).inspect("train") == [told]
    chosen = spec(tmp_path, layout={"a": "{split}/input", "b": "{split}/target"})
    assert chosen.inspect("train") == []
    [(_, refused)] = recognize(tmp_path)
    assert told in refused.why


def test_folders_inside_a_split_are_sides_only_if_their_names_are_the_same(tmp_path: Path) -> None:
    """Pairs side by side, sorted into folders that happen to be called so, as ever."""
    for name in ("a/1", "a/2", "b/3"):
        save(tmp_path / f"train/{name}.png", picture(width=12))
    data = spec(tmp_path).open("train")
    assert len(data) == 3
    assert "side by side" in data.describe()


def test_the_tables_have_no_row_twice() -> None:
    for layouts in (side_layouts(), map_layouts()):
        spelled = [tuple(folder.lower() for folder in layout.values()) for layout in layouts]
        assert len(spelled) == len({*spelled})
    assert len(side_layouts()) == 1 + len(SIDES) * len(SIDE_PATTERNS)


@pytest.mark.parametrize(
    ("options", "told"),
    [
        ({"layout": "sideways"}, "'sideways' came; a layout is one of the words for it"),
        ({"layout": {"a": "x/{split}"}}, "layout: name the folders of both sides, a and b"),
        ({"layout": {"a": "x", "b": "y/{split}"}}, "a: 'x' came; a folder in the root is expected"),
        ({"layout": {"a": "/x/{split}", "b": "y/{split}"}}, "a folder in the root is expected"),
        ({"layout": {"a": "../{split}", "b": "{split}"}}, "a folder in the root is expected"),
        ({"layout": {"c": "{split}", "b": "{split}"}}, "layout: c came; a and b have folders"),
        ({"suffixes": {"source": "_x"}}, "suffixes: source came; a and b have suffixes"),
        ({"suffixes": {"a": "_x"}, "layout": "side_by_side"}, "layout: side_by_side rules out"),
    ],
)
def test_refused_words(options: dict[str, object], told: str) -> None:
    with pytest.raises(ValueError, match="validation error") as caught:
        spec(Path("nowhere"), **options)
    [error] = caught.value.errors()  # type: ignore[attr-defined]
    assert told in error["msg"]


def test_a_map_without_a_folder_is_refused() -> None:
    with pytest.raises(ValueError, match="layout: the folder of instance is missing"):
        labelled(Path("nowhere"), layout={"label": "a/{split}", "target": "b/{split}"})


def test_recipes_of_earlier_runs_mean_what_they_meant(tmp_path: Path) -> None:
    """Whatever lies in the folder of the split was cut in halves then."""
    for side in "AB":
        save(tmp_path / "train" / side / "x.png", picture(height=8, width=8))
    old = spec(tmp_path, **PairedFolderSpec.earlier)
    assert len(old.open("train")) == 2
    assert len(spec(tmp_path).open("train")) == 1
    maps(tmp_path, "train_label", "train_inst", "train_img")
    assert len(labelled(tmp_path, **LabelFolderSpec.earlier).open("train")) == 1
