"""A file takes ids, and says how they come out of files that hold something else."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from gan_zoo.inference.export.about import describe
from gan_zoo.inference.export.graph import Graph
from gan_zoo.inference.translator import Translator
from gan_zoo.runs.folder import RunFolder
from gan_zoo_data.folder_specs import LabelFolderSpec
from gan_zoo_data.table_specs import ManifestSpec
from tests.inference.export.conftest import LABELS
from tests.inference.export.shipped import small_run

REMAP = {7: 0, 255: 2, "others": 1}
PALETTE = {0: [0, 0, 0], 2: [128, 64, 128]}


def labelled(**options: Any) -> LabelFolderSpec:
    return LabelFolderSpec(root="here", classes=3, **options)


@pytest.mark.parametrize(
    ("options", "label", "instance"),
    [
        ({}, {}, {}),
        ({"remap": REMAP}, {"remap": REMAP}, {}),
        ({"palette": PALETTE}, {"palette": PALETTE}, {}),
        ({"palette": PALETTE, "remap": {2: 1}}, {"palette": PALETTE, "remap": {2: 1}}, {}),
        (
            {"label_colors": "panoptic", "instance_colors": "rgb24"},
            {"colors": "panoptic"},
            {"colors": "rgb24"},
        ),
    ],
    ids=str,
)
def test_rules_of_folders(
    options: dict[str, Any], label: dict[str, Any], instance: dict[str, Any]
) -> None:
    spec = labelled(**options)
    assert spec.id_rules("label") == label
    assert spec.id_rules("instance") == instance
    assert spec.id_rules("target") == {}


def test_rules_of_columns() -> None:
    spec = ManifestSpec(
        root="here",
        file="a.csv",
        pictures={"target": "rgb"},
        labels={"roofs": 3, "ground": 2},
        instances={"instance": 9},
        remap={"roofs": {255: 1}},
        palette={"ground": {0: [0, 0, 0], 1: [9, 9, 9]}},
        instance_colors="rgb24",
    )
    assert spec.id_rules("roofs") == {"remap": {255: 1}}
    assert spec.id_rules("ground") == {"palette": {0: [0, 0, 0], 1: [9, 9, 9]}}
    assert spec.id_rules("instance") == {"colors": "rgb24"}


@pytest.fixture
def painted(tmp_path: Path) -> RunFolder:
    data = {
        "use": "label_folder",
        "root": "here",
        "classes": 3,
        "ignore": [255],
        "palette": PALETTE,
        "remap": {2: 1},
        "instance_colors": "rgb24",
    }
    return small_run(tmp_path / "run", "scenes", {**LABELS, "data": data})


def test_a_file_says_how_ids_come_out_of_files(painted: RunFolder) -> None:
    told = describe(Graph(Translator.load(painted, device="cpu")), painted, None)
    meanings = {one["name"]: one["meaning"] for one in json.loads(told["inputs"])}
    assert meanings == {
        "label": "ids of classes, 0 to 2, and 255 for none; those of the data's files become these "
        "by palette and remap before they come",
        "instance": "ids of instances, any numbers from 0; those of the data's files become these "
        "by colors before they come",
    }
    assert json.loads(told["palette"]) == {"label": {"0": [0, 0, 0], "2": [128, 64, 128]}}
    assert json.loads(told["remap"]) == {"label": {"2": 1}}
    assert json.loads(told["colors"]) == {"instance": "rgb24"}
