"""COCO's panoptic maps as they are downloaded: colors are segments, whose categories JSON tells."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image as Pictures

from gan_zoo.components import DataError, Found, Refused
from gan_zoo.registry.recognition import recognize
from gan_zoo_data.files.segments import read_segments
from gan_zoo_data.folder_specs import LabelFolderSpec
from tests.plugins.data.making import picture, save
from tests.plugins.data.test_layouts_trained import HIGH, WIDE, recognized, train_and_translate

NUMBERS = [0, 5000, 5001, 70000, 2**24 - 1, 9]  # of the segments, a sixth of the columns each
CATEGORIES = [0, 1, 1, 3, 200, 200]
INFO = [
    {"id": number, "category_id": category, "iscrowd": int(number == 9), "bbox": [0, 0, 1, 1]}
    for number, category in zip(NUMBERS[1:], CATEGORIES[1:], strict=True)
]
NAMES = [{"id": id, "name": f"c{id}", "isthing": int(id < 92)} for id in (1, 3, 7, 200)]


def panoptic(numbers: list[int]) -> Pictures.Image:
    columns = np.array(numbers).repeat(WIDE // len(numbers))
    colors = np.stack([columns >> shift & 255 for shift in (0, 8, 16)], -1).astype(np.uint8)
    return Pictures.fromarray(np.broadcast_to(colors, (HIGH, WIDE, 3)).copy())


def coco(
    root: Path, split: str = "train2017", *, maps: str = "annotations/panoptic_{}", info: Any = INFO
) -> Path:
    """Two samples, the photos where COCO's archives put them."""
    folder = root / maps.format(split)
    for name in ("000000000009", "000000000025"):
        save(folder / f"{name}.png", panoptic(NUMBERS))
        save(root / split / f"{name}.jpg", picture(height=HIGH, width=WIDE, value=80))
    told = {
        "annotations": [
            {"image_id": int(name), "file_name": f"{name}.png", "segments_info": info}
            for name in ("000000000009", "000000000025")
        ],
        "categories": NAMES,
    }
    folder.with_name(f"{folder.name}.json").write_text(json.dumps(told))
    return folder


def spec(root: Path, **options: object) -> LabelFolderSpec:
    said = {"classes": 201, "label_colors": "panoptic", "instance_colors": "rgb24"}
    return LabelFolderSpec.model_validate({"root": str(root), **said, **options})


@pytest.mark.parametrize("maps", ["annotations/panoptic_{}", "panoptic_{}"])
def test_ids_are_the_categories_of_segments(tmp_path: Path, maps: str) -> None:
    coco(tmp_path, maps=maps)
    [(name, found), *_] = recognize(tmp_path)
    assert name == "label_folder"
    assert isinstance(found, Found)
    assert dict(found.pairs) == {"train": 2}
    inside = maps.format("train2017")
    assert found.why == (
        f"{inside}/ holds COCO's panoptic maps and train2017/ photos; label ids are the categories "
        f"that {inside}.json gives the segments, instance ids the segments themselves"
    )
    assert found.spec == spec(tmp_path)
    assert found.spec.decode("train") == []
    sample = found.spec.open("train").read(1, None)
    assert sample.name == "000000000025"
    assert sample.maps["label"][0, 3, 2::4].tolist() == CATEGORIES
    assert sample.maps["instance"][0, 3, 2::4].tolist() == NUMBERS
    assert spec(tmp_path).facts("train")[0] == (
        f"layout {maps.format('{split}')}, {{split}}, found by the folders' names; label ids are "
        f"the categories that {inside}.json gives the segments"
    )
    assert spec(tmp_path).remarks("train") == ["no pixel of the class 7 in label"]


def test_categories_are_merged_by_remap(tmp_path: Path) -> None:
    coco(tmp_path)
    merged = spec(tmp_path, classes=3, remap={1: 0, 3: 1, "others": 2}, instance=False)
    assert merged.decode("train") == []
    assert merged.open("train").read(0, None).maps["label"][0, 0, ::4].tolist() == [
        2,
        0,
        0,
        1,
        2,
        2,
    ]


def test_it_trains_and_translates(tmp_path: Path) -> None:
    root = tmp_path / "coco"
    coco(root)
    folder = coco(root, "val2017")
    conditions = {
        "picture": None,
        "labels": {"use": "one_hot"},
        "edges": {"use": "boundary", "map": "instance"},
    }
    made = train_and_translate(tmp_path, recognized(root), folder, conditions=conditions)
    assert [path.name for path in made] == ["000000000009.png", "000000000025.png"]


def test_inputs_are_maps_with_their_json_beside(tmp_path: Path) -> None:
    """In the layout, one of its files, a folder elsewhere; photos are refused."""
    coco(tmp_path / "data")
    folder = coco(tmp_path / "new", "mine")
    data = spec(tmp_path / "data")
    for path in (folder, folder / "000000000009.png"):
        sample = data.inputs(path).read(0, None)
        assert sample.maps["label"][0, 3, 2::4].tolist() == CATEGORIES
        assert sample.maps["instance"][0, 3, 2::4].tolist() == NUMBERS
    with pytest.raises(DataError, match="is a folder of photos, but the model reads label maps"):
        data.inputs(tmp_path / "data/train2017")
    folder.with_name("panoptic_mine.json").unlink()
    with pytest.raises(DataError, match=r"panoptic_mine.json, which says the category of each, is"):
        data.inputs(folder)


def test_what_json_and_maps_say_must_agree(tmp_path: Path) -> None:
    folder = coco(tmp_path, info=INFO[1:])
    [told] = spec(tmp_path).decode("train")
    assert "hold the color [136, 19, 0] (128 pixels), which are no segments of" in told
    save(folder / "000000000030.png", panoptic(NUMBERS))
    save(tmp_path / "train2017/000000000030.jpg", picture(height=HIGH, width=WIDE))
    with pytest.raises(DataError, match=r"30.png: .*panoptic_train2017.json says nothing of it"):
        spec(tmp_path).open("train")
    coco(tmp_path)
    (tmp_path / "train2017/000000000030.jpg").unlink()
    (folder / "000000000030.png").unlink()
    [told] = spec(tmp_path, classes=134, instance=False).decode("train")
    assert "say `ignore: [200]` where they are no classes, `classes: 201`" in told


@pytest.mark.parametrize(
    ("text", "told"),
    [
        (None, "which says the category of each, is not there"),
        ("{", "is no table of panoptic segments (Expecting property name"),
        ("{}", "is no table of panoptic segments (no 'categories')"),
        ('{"categories": [], "annotations": [{"segments_info": []}]}', "(no 'file_name')"),
        ("[]", "is no table of panoptic segments (list indices"),
        ("[" * 200_000, "panoptic_train2017.json is nested too deeply to be read"),
        (
            '{"categories": [], "annotations": [{"file_name": "a.png", "segments_info": '
            '[{"id": 5, "category_id": 4}]}]}',
            "a has the category 4, which it does not list",
        ),
        (
            '{"categories": [{"id": 4}], "annotations": [{"file_name": "a.png", "segments_info": '
            '[{"id": 0, "category_id": 4}]}]}',
            "a has the segment 0, a color that there is not",
        ),
        (
            '{"categories": [{"id": 0}], "annotations": [{"file_name": "a.png", "segments_info": '
            '[{"id": 5, "category_id": 0}]}]}',
            "a has the category 0, and 0 is what no segment covers: number categories from 1, as "
            "by adding 1",
        ),
        (
            '{"categories": [{"id": -1}], "annotations": [{"file_name": "a.png", "segments_info": '
            '[{"id": 5, "category_id": -1}]}]}',
            "a has the category -1, and 0 is what",
        ),
        (
            '{"categories": [{"id": 4}], "annotations": [{"file_name": "a.png", "segments_info": '
            '[{"id": 5, "category_id": 4}, {"id": 5, "category_id": 4}]}]}',
            "a has the segment 5 twice; a color is one segment, so take one out",
        ),
        (
            '{"categories": [], "annotations": [{"file_name": "b/a.png", "segments_info": []}, '
            '{"file_name": "b/a.jpg", "segments_info": []}]}',
            "tells the segments of b/a twice; take one out",
        ),
    ],
)
def test_a_json_file_that_is_another(tmp_path: Path, text: str | None, told: str) -> None:
    folder = coco(tmp_path)
    file = folder.with_name("panoptic_train2017.json")
    file.unlink() if text is None else file.write_text(text)
    with pytest.raises(DataError) as caught:
        read_segments(folder)
    assert told in str(caught.value)
    assert [told in line for line in spec(tmp_path).inspect("train")] == [True]
    refused = [found for name, found in recognize(tmp_path) if name == "label_folder"]
    assert isinstance(refused[0], Refused)


def test_samples_are_others_where_json_says_other_labels(tmp_path: Path) -> None:
    """A resume would go on with them; what pictures alone say stays the bytes of their files."""
    folder = coco(tmp_path)
    before = dict(spec(tmp_path).open("train").identity())
    colors = LabelFolderSpec.model_validate(
        {"root": str(tmp_path), "classes": 2, "palette": {0: [0, 0, 0]}, "instance": False}
        | {"layout": {"label": "annotations/panoptic_{split}2017", "target": "{split}2017"}}
    )
    photos = tmp_path / "train2017"
    assert dict(colors.open("train").identity()) == {
        name: sum(path.stat().st_size for path in (folder / f"{name}.png", photos / f"{name}.jpg"))
        for name in before
    }
    coco(tmp_path, info=[{**INFO[0], "category_id": 7}, *INFO[1:]])
    after = dict(spec(tmp_path).open("train").identity())
    assert before.keys() == after.keys()
    assert all(before[name] != after[name] for name in before)


def nested(root: Path, files: list[str]) -> LabelFolderSpec:
    """Maps of one name in two folders, and what JSON calls them, the second of other categories."""
    for inside in ("a", "b"):
        save(root / f"panoptic_train2017/{inside}/9.png", panoptic(NUMBERS))
        save(root / f"train2017/{inside}/9.jpg", picture(height=HIGH, width=WIDE))
    both = [INFO, [{**one, "category_id": 7} for one in INFO]]
    told = [
        {"file_name": file, "segments_info": info} for file, info in zip(files, both, strict=False)
    ]
    text = json.dumps({"annotations": told, "categories": NAMES})
    (root / "panoptic_train2017.json").write_text(text)
    return spec(root)


def test_maps_of_one_name_are_told_apart_by_their_folders(tmp_path: Path) -> None:
    data = nested(tmp_path, ["a/9.png", "b/9.png"])
    for made in (data.open("train"), data.inputs(tmp_path / "panoptic_train2017")):
        labels = [made.read(n, None).maps["label"][0, 3, 2::4].tolist() for n in (0, 1)]
        assert labels == [CATEGORIES, [0, 7, 7, 7, 7, 7]]


def test_maps_of_one_name_that_json_does_not_tell_apart(tmp_path: Path) -> None:
    data = nested(tmp_path, ["9.png"])
    maps = tmp_path / "panoptic_train2017"
    said = (
        f"{maps}/b/9.png and {maps}/a/9.png are both called 9 by {maps}.json; keep one, or write "
        "their folders into its `file_name`"
    )
    assert data.inspect("train") == [said]
    with pytest.raises(DataError, match="are both called 9 by"):
        data.inputs(maps)
    (maps / "b/9.png").unlink()
    (tmp_path / "train2017/b/9.jpg").unlink()
    assert data.open("train").read(0, None).maps["label"][0, 3, 2::4].tolist() == CATEGORIES


def test_a_changed_json_file_is_read_anew(tmp_path: Path) -> None:
    folder = coco(tmp_path)
    first = read_segments(folder)
    assert first is read_segments(folder)
    coco(tmp_path, info=INFO[:-1])
    again = read_segments(folder)
    assert again != first
    assert again.table["000000000009"].shape == (2, 4)
    assert str(first.stamp[0]) in repr(first)
    assert len(repr(first)) < 500  # of hundreds of thousands of maps, in keys of caches


def test_other_recipes_are_told_of_it(tmp_path: Path) -> None:
    coco(tmp_path)
    plain = LabelFolderSpec.model_validate({"root": str(tmp_path), "classes": 201})
    [told] = plain.inspect("train")
    assert "`label_colors: panoptic` reads their categories" in told
    layout = {name: "annotations/panoptic_{split}" for name in ("label", "instance")}
    layout["target"] = "{split}"
    named = spec(tmp_path, layout=layout, instance_colors=None)
    [told] = named.inspect("train")
    assert "say `instance_colors: rgb24`" in told
    with pytest.raises(ValueError, match="keep one of them"):
        spec(tmp_path, palette={0: [0, 0, 0]})


def test_colored_instance_maps_beside_class_maps_are_recognized(tmp_path: Path) -> None:
    """With the class maps of COCO-Stuff, the panoptic maps tell instances alone."""
    coco(tmp_path, maps="panoptic_{}")
    for name in ("000000000009", "000000000025"):
        stuff = np.zeros((HIGH, WIDE), np.uint8)
        stuff[:, 4:] = 3
        save(tmp_path / f"stuffthingmaps/train2017/{name}.png", Pictures.fromarray(stuff))
    found = dict(recognize(tmp_path))["label_folder"]
    assert isinstance(found, Found)
    assert found.spec.model_dump()["instance_colors"] == "rgb24"
    sample = found.spec.open("train").read(0, None)
    assert sample.maps["label"][0, 0, ::4].tolist() == [0, 3, 3, 3, 3, 3]
    assert sample.maps["instance"][0, 3, 2::4].tolist() == NUMBERS
