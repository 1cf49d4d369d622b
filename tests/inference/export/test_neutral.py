"""Exported files are handed on, and tell nothing of the machine that wrote them."""

from __future__ import annotations

import zipfile
from pathlib import Path

import onnx
import torch
import yaml

import gan_zoo
from gan_zoo.inference.export.about import describe
from gan_zoo.inference.export.exporting import Exported
from gan_zoo.inference.export.graph import Graph
from gan_zoo.inference.translator import Translator
from gan_zoo.runs.folder import RunFolder
from tests.inference.export.conftest import PICTURES
from tests.inference.export.shipped import small_run


def places() -> set[bytes]:
    """What no file may hold: where people, programs and this repository lie."""
    source = Path(gan_zoo.__file__).parents[1]
    torch_at = Path(torch.__file__).parents[1]
    found = {Path.home(), Path.cwd(), source, torch_at, source.resolve(), torch_at.resolve()}
    return {str(one).encode() for one in found if len(one.parts) > 1} | {b"site-packages"}


def told(content: bytes) -> list[bytes]:
    return sorted(one for one in places() if one in content)


def test_an_onnx_file_tells_nothing_of_the_machine(onnx_of_pictures: Exported) -> None:
    assert told(onnx_of_pictures.path.read_bytes()) == []
    model = onnx.load(onnx_of_pictures.path)
    held = [model, model.graph, *model.graph.node, *model.graph.value_info, *model.functions]
    keys = {entry.key for one in held for entry in one.metadata_props}
    assert "recipe" in keys
    assert [key for key in keys if key.startswith("pkg.")] == []


def test_a_torch_file_tells_nothing_of_the_machine(torch_of_pictures: Exported) -> None:
    assert told(torch_of_pictures.path.read_bytes()) == []
    with zipfile.ZipFile(torch_of_pictures.path) as packed:
        inside = {name: packed.read(name) for name in packed.namelist()}
    [program] = [name for name in inside if name.endswith("models/model.json")]
    assert {name: told(content) for name, content in inside.items() if told(content)} == {}
    assert b'File \\"' not in inside[program]


def test_the_recipe_is_the_whole_runs_without_paths(tmp_path: Path) -> None:
    root = tmp_path / "of ada" / "facades"
    changes = {
        **PICTURES,
        "data": {"use": "paired_folder", "root": str(root)},
        "phases.main.set": {"data.batch": 3},
    }
    run = small_run(tmp_path / "run", "pix2pix", {**changes, "inference.dropout": False})
    model = Translator.load(run, device="cpu", precision="float32")
    assert model.recipe.data.batch == 3
    written = describe(Graph(model), run, None)
    assert [key for key, value in written.items() if str(tmp_path) in value] == []
    recipe = yaml.safe_load(written["recipe"])
    assert recipe["data"]["root"] == "facades"
    assert recipe["data"]["batch"] == RunFolder(run.path).recipe().data.batch == 1
    assert recipe["phases"]["main"]["set"] == {"data.batch": 3}
