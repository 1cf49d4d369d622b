"""Folders of label maps, instance maps and photos: matched by name, refused by name."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from pydantic import ValidationError

from gan_zoo.components.at_hand import read_once
from gan_zoo.components.shapes import Image
from gan_zoo.errors import DataError
from gan_zoo_data import samples
from tests.plugins.data.making import (
    EXTENSIONS,
    INSTANCES,
    LABELS,
    ids,
    labelled,
    picture,
    save,
    side_by_side,
    triple,
)


def test_shapes_from_the_recipe_alone() -> None:
    here = Path("nowhere")
    assert labelled(here, instances=40).maps() == {
        "label": Image(1, classes=3),
        "instance": Image(1, instances=40),
        "target": Image(3),
    }
    assert labelled(here, instance=False, target="grey", load=[9, 8], crop=[4, 5]).maps() == {
        "label": Image(1, 4, 5, classes=3),
        "target": Image(1, 4, 5),
    }
    assert labelled(here).maps((6, 7))["instance"].size == (6, 7)
    assert labelled(here, ignore=[255]).ignored_ids("label") == (255,)
    assert labelled(here, ignore=[255]).ignored_ids("instance") == ()


def test_files_are_matched_by_name_whatever_the_order(tmp_path: Path) -> None:
    """The published program pairs by place in a sorted list, which one odd name shifts."""
    recipe = triple(tmp_path, "abc")
    for old, new in (("a", "c2"), ("b", "a"), ("c2", "b")):
        (tmp_path / f"train_img/{old}.bmp").rename(tmp_path / f"train_img/{new}.bmp")
    data = recipe.open("train")
    assert recipe.inspect("train") == []
    values = {}
    for index in range(len(data)):
        sample = data.read(index, None)
        values[sample.name] = chr(int(sample.maps["target"][2, 0, 0]))
        assert sample.files == (
            f"{tmp_path}/train_label/{sample.name}.png",
            f"{tmp_path}/train_inst/{sample.name}.png",
            f"{tmp_path}/train_img/{sample.name}.bmp",
        )
    assert values == {"a": "b", "b": "a", "c": "c"}
    assert data.describe() == (
        f"3 label maps in {tmp_path}, matched by name: "
        "label = train_label, instance = train_inst, target = train_img"
    )


def cityscapes(root: Path, city: str = "", labels: str = "_gtFine_labelIds") -> None:
    for name in ("a_000_001", "a_000_002"):
        save(root / f"train_label/{city}{name}{labels}.png", ids(LABELS))
        instances = root / f"train_inst/{city}{name}_gtFine_instanceIds.png"
        save(instances, ids(INSTANCES, np.uint16))
        save(root / f"train_img/{city}{name}_leftImg8bit.png")


@pytest.mark.parametrize("city", ["", "aachen/"])
@pytest.mark.parametrize(
    ("labels", "scheme"),
    [
        ("_gtFine_labelIds", "Cityscapes"),
        ("_gtFine_labelTrainIds", "Cityscapes, train ids"),
    ],
)
def test_cityscapes_names(tmp_path: Path, city: str, labels: str, scheme: str) -> None:
    cityscapes(tmp_path, city, labels)
    recipe = labelled(tmp_path)
    data = recipe.open("train")
    assert [data.read(n, None).name for n in range(2)] == [f"{city}a_000_001", f"{city}a_000_002"]
    assert f", matched by name without the endings of {scheme}: " in data.describe()
    assert recipe.inspect("train") == []
    inputs = recipe.inputs(tmp_path / "train_label")
    assert inputs.read(1, None).files[1] == (
        f"{tmp_path}/train_inst/{city}a_000_002_gtFine_instanceIds.png"
    )
    one = recipe.inputs(tmp_path / f"train_label/{city}a_000_002{labels}.png")
    assert one.read(0, None).files[1] == inputs.read(1, None).files[1]


def test_one_odd_name_among_cityscapes_is_named(tmp_path: Path) -> None:
    cityscapes(tmp_path)
    odd = save(tmp_path / "train_label/odd.png", ids(LABELS))
    assert labelled(tmp_path).inspect("train") == [
        f"{odd} does not end in _gtFine_labelIds, as the names of Cityscapes do; "
        "rename it, take it out, or say `suffixes`"
    ]


def test_endings_of_ones_own(tmp_path: Path) -> None:
    save(tmp_path / "train_label/x_seg.png", ids(LABELS))
    save(tmp_path / "train_img/x_photo.png")
    recipe = labelled(tmp_path, instance=False, suffixes={"label": "_seg", "target": "_photo"})
    assert recipe.inspect("train") == []
    data = recipe.open("train")
    assert data.read(0, None).name == "x"
    assert "without the endings of the recipe: label = train_label" in data.describe()


# ---------------------------------------------------------------------------------- refusals


def test_a_missing_map_is_named_with_the_cure(tmp_path: Path) -> None:
    recipe = triple(tmp_path, "ab")
    (tmp_path / "train_inst/b.png").unlink()
    (tmp_path / "train_img/a.bmp").unlink()
    save(tmp_path / "train_img/z.bmp")
    label = f"{tmp_path}/train_label"
    told = [
        f"{tmp_path}/train_img/z.bmp has no label map {label}/z.*; add it, or take this file out",
        f"{label}/a.png has no photo {tmp_path}/train_img/a.*; add it, or take this file out",
        f"{label}/b.png has no instance map {tmp_path}/train_inst/b.*; add it, or take this file "
        "out, or say `instance: false`",
    ]
    assert recipe.inspect("train") == told
    with pytest.raises(DataError) as caught:
        recipe.open("train")
    assert str(caught.value) == "\n".join(told)


def test_missing_folders(tmp_path: Path) -> None:
    recipe = triple(tmp_path)
    for split, told in (
        (
            "val",
            f"{tmp_path} has no split 'val': looked for val_label/, val_inst/, val_img/ and other "
            "usual names; found train_img/, train_inst/, train_label/; its splits: train. Name "
            "another folder with --data DIR, name the folders so, or say where they lie: `layout: "
            "{label: 'LABELS/{split}', instance: 'INSTANCES/{split}', target: 'TARGETS/{split}'}`",
        ),
        (
            "test",
            f"{tmp_path}/test_label has no {tmp_path}/test_inst beside it; put the instance maps "
            "there, with the same names, or say `instance: false`",
        ),
    ):
        if split == "test":
            save(tmp_path / "test_label/x.png", ids(LABELS))
        with pytest.raises(DataError) as caught:
            recipe.open(split)
        assert str(caught.value) == told
        assert recipe.inspect(split) == [told]
    assert labelled(tmp_path / "no").missing() == [
        f"there is no folder {tmp_path}/no; name yours with --data DIR"
    ]
    with pytest.raises(DataError, match="there is no folder"):
        labelled(tmp_path / "no").open("train")


def test_instance_maps_may_be_absent_where_nobody_wants_them(tmp_path: Path) -> None:
    triple(tmp_path)
    (tmp_path / "train_inst/x.png").unlink()
    (tmp_path / "train_inst").rmdir()
    recipe = labelled(tmp_path, instance=False)
    assert recipe.inspect("train") == []
    assert list(recipe.open("train").read(0, None).maps) == ["label", "target"]


def test_another_size_is_named(tmp_path: Path) -> None:
    recipe = triple(tmp_path, load=[8, 8])
    photo = save(tmp_path / "train_img/x.bmp", picture(height=5))
    told = (
        f"{tmp_path}/train_label/x.png is 4x6 (height x width), but its partner {photo} is 5x6; "
        "make the two sizes equal, ids by nearest"
    )
    assert recipe.inspect("train") == [told]
    with pytest.raises(DataError) as caught:
        recipe.open("train").read(0, None)
    assert str(caught.value) == told
    save(tmp_path / "train_inst/x.png", ids([[0]]))
    assert "but its instance map" in recipe.inspect("train")[0]


def test_ids_out_of_range_are_found_by_a_check_and_when_they_are_read(tmp_path: Path) -> None:
    recipe = triple(tmp_path, "ab", instances=5)
    assert recipe.decode("train") == []
    strict = triple(tmp_path, "ab", classes=2, instances=4)
    told = strict.decode("train")
    folders = [tmp_path / name for name in ("train_label", "train_inst")]
    files = [f"2 files ({folder}/a.png, {folder}/b.png): " for folder in folders]
    assert told == [
        f"{files[0]}together they hold the id 2, but the recipe says classes: 2, which are 0 to 1; "
        "say `ignore: [2]` where they are no classes, `classes: 3` where they are, or correct the "
        "file",
        f"{files[1]}each holds up to 5 different ids, but the recipe says instances: 4; say "
        "`instances: 5` or more",
    ]
    save(tmp_path / "train_inst/b.png", ids([[0] * 6] * 4))
    assert labelled(tmp_path, instances=4).decode("train")[0] == (
        f"{tmp_path}/train_inst/a.png holds 5 different ids, but the recipe says instances: 4; "
        "say `instances: 5` or more"
    )
    assert strict.inspect("train") == []  # a run starts without reading pixels
    with pytest.raises(DataError, match="holds 5 different ids"):
        triple(tmp_path, instances=4).open("train").read(0, None)


def test_classes_that_no_map_holds_are_said(tmp_path: Path) -> None:
    assert triple(tmp_path, classes=5).remarks("train") == ["no pixel of the classes 3, 4 in label"]
    assert triple(tmp_path).remarks("train") == []


def test_ids_are_decoded_by_a_check_alone_and_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    looked: list[Path] = []
    read = samples.pictures.read
    monkeypatch.setattr(samples.pictures, "read", lambda *a: looked.append(a[0]) or read(*a))
    recipe = triple(tmp_path, "ab")
    assert recipe.inspect("train") == []
    assert list(recipe.sizes("train")) == [(4, 6)]
    assert looked == []
    with read_once():
        for size in ((4, 6), (8, 12), None):
            assert recipe.decode("train", size) == []
            assert recipe.remarks("train") == []
    assert len(looked) == len({*looked}) == 6
    save(tmp_path / "train_label/a.png", ids([[0, 9]] * 4))
    assert "holds the id 9" in recipe.decode("train")[-1]


@pytest.mark.parametrize(
    ("options", "told"),
    [
        (
            {"ignore": [255, 2]},
            "ignore: 2 came, which is a class; ignored ids lie beyond the 3 classes",
        ),
        (
            {"suffixes": {"photo": "_x"}},
            "suffixes: photo came; label, instance and target have suffixes",
        ),
        ({"classes": 0}, "Input should be greater than 0"),
        (
            {"load": [8, 8], "crop": [9, 8]},
            "crop is 9 high, but load makes the pictures 8 high; "
            "use a smaller crop or a larger load",
        ),
    ],
)
def test_refused_options(tmp_path: Path, options: dict[str, object], told: str) -> None:
    with pytest.raises(ValidationError) as caught:
        labelled(tmp_path, **options)
    assert [error["msg"] for error in caught.value.errors()] == [told]


# ---------------------------------------------------------------------------------- inputs


def test_inputs_find_the_instance_maps_beside(tmp_path: Path) -> None:
    recipe = triple(tmp_path, "ab", "test", load=[2, 2])
    data = recipe.inputs(tmp_path / "test_label")
    sample = data.read(1, None)
    assert (sample.name, list(sample.maps)) == ("b", ["label", "instance"])
    assert sample.maps["instance"].shape == (1, 4, 6)  # their own size
    assert data.describe() == f"2 label maps in {tmp_path}/test_label, instance maps beside"
    one = recipe.inputs(str(tmp_path / "test_label/b.png"), maps=["label", "instance"])
    assert one.read(0, None).files == sample.files


def test_inputs_need_no_map_that_nobody_asks_for(tmp_path: Path) -> None:
    recipe = triple(tmp_path / "data", split="test")
    alone = save(tmp_path / "mine/x.png", ids(LABELS))
    sample = recipe.inputs(alone, maps=["label"]).read(0, None)
    assert (list(sample.maps), sample.files) == (["label"], (str(alone),))
    instance = recipe.inputs(tmp_path / "data/test_inst", maps=["instance"])
    assert instance.describe() == f"1 instance map in {tmp_path}/data/test_inst"
    assert instance.read(0, None).maps["instance"].max() == 65535
    assert list(labelled(tmp_path, instance=False).inputs(alone).read(0, None).maps) == ["label"]


def test_relative_paths_find_their_instance_maps(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    recipe = triple(tmp_path, split="test")
    monkeypatch.chdir(tmp_path / "test_label")
    assert recipe.inputs("x.png").read(0, None).files == (
        "x.png",
        f"{tmp_path}/test_inst/x.png",
    )


def test_refused_inputs(tmp_path: Path) -> None:
    recipe = triple(tmp_path, split="test")
    alone = save(tmp_path / "mine/x.png", ids(LABELS))
    lonely = save(tmp_path / "test_label/y.png", ids(LABELS))
    refused = {
        alone: f"{alone}: the model asks for its instance map too, which is looked for in a folder "
        "*_inst beside a folder *_label; put the files into such folders, or give the maps by "
        "name from Python: {'label': ..., 'instance': ...}",
        lonely: f"{lonely}: the model asks for its instance map too; looked for "
        f"{tmp_path}/test_inst/y.*. Put it there",
        tmp_path: f"{tmp_path} holds the splits of the data; name one, as {tmp_path}/test_label",
        tmp_path / "test_img": f"{tmp_path}/test_img is a folder of photos, but the model reads "
        f"label maps; name {tmp_path}/test_label",
        tmp_path / "no.png": f"there is no file or folder {tmp_path}/no.png",
    }
    for path, told in refused.items():
        with pytest.raises(DataError) as caught:
            recipe.inputs(path)
        assert str(caught.value) == told
    with pytest.raises(DataError, match="label maps lie in files of their own, so leave it out"):
        recipe.inputs(alone, pairs=True)
    with pytest.raises(DataError, match="asks for depth, but inputs hold label, instance; let"):
        recipe.inputs(alone, maps=["label", "depth"])
    (tmp_path / "notes.txt").touch()
    with pytest.raises(DataError) as caught:
        recipe.inputs(tmp_path / "notes.txt")
    assert str(caught.value) == f"{tmp_path}/notes.txt is not a picture ({EXTENSIONS})"


def test_a_photo_is_no_label_map(tmp_path: Path) -> None:
    photo = save(tmp_path / "x.png", side_by_side(picture(), picture()))
    with pytest.raises(DataError, match=r"x\.png is a color picture, but the model reads a map"):
        labelled(tmp_path).inputs(photo, maps=["label"]).read(0, None)
