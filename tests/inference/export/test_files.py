"""Exported files make the run's pictures, in any number and of any size, and say what they are."""

from __future__ import annotations

import json
import re
from collections import Counter
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import onnxruntime
import pytest
import torch
import yaml

import gan_zoo
from gan_zoo.cli.terminal.exported import print_exported
from gan_zoo.components.instance_ids import renumber
from gan_zoo.errors import UserError
from gan_zoo.inference.export import comparing, exporting, torch_files
from gan_zoo.inference.export.exporting import Exported
from gan_zoo.inference.translator import Translator
from gan_zoo.runs.folder import RunFolder
from tests.inference.conftest import picture
from tests.inference.export.conftest import write

SIZES = [(64, 64), (33, 47), (5, 90), (1, 1), (3, 8), (8, 8)]


def about(path: Path) -> dict[str, Any]:
    """What an ONNX file says of itself."""
    model = onnx.load(path)
    onnx.checker.check_model(model)
    return {entry.key: entry.value for entry in model.metadata_props}


def run_file(path: Path, *inputs: np.ndarray) -> list[np.ndarray]:
    session = onnxruntime.InferenceSession(str(path), providers=["CPUExecutionProvider"])
    names = [port.name for port in session.get_inputs()]
    made: list[np.ndarray] = session.run(None, dict(zip(names, inputs, strict=True)))
    return made


def loaded(run: RunFolder) -> Translator:
    return gan_zoo.load(run, device="cpu", precision="float32")


# ---------------------------------------------------------------------------------- pictures


def test_onnx_makes_the_runs_pictures(onnx_of_pictures: Exported, pictures: RunFolder) -> None:
    made = onnx_of_pictures
    assert made.path == pictures.path / "export" / "mine.onnx"
    assert [*made.path.parent.iterdir()] == [made.path]
    assert made.figures.pictures == 24
    assert made.figures.sizes == ((64, 64), (47, 39), (23, 39))
    assert made.figures.largest < 1e-4
    assert made.figures.share == 1
    model = loaded(pictures)
    for height, width in SIZES:
        given = torch.stack([picture(height, width), 255 - picture(height, width)])
        eight, floats = run_file(made.path, given.numpy())
        assert (eight.dtype, floats.dtype) == (np.uint8, np.float32)
        for n in range(2):
            wanted = model.output({"source": given[n]})
            assert np.abs(floats[n] - wanted.numpy()).max() < 1e-4
            near = np.abs(eight[n].astype(int) - model.picture({"source": given[n]}).numpy())
            assert near.max() <= 1
        alone = run_file(made.path, given[1:].numpy())[1][0]  # the batch is no part of it
        assert np.abs(alone - floats[1]).max() < 1e-5


def test_onnx_norms_with_learned_statistics_do_not_train(onnx_of_pictures: Exported) -> None:
    nodes = onnx.load(onnx_of_pictures.path).graph.node
    kinds = {node.op_type for node in nodes}
    assert {"Conv", "ConvTranspose", "Tanh"} <= kinds
    assert not kinds & {"InstanceNormalization", "ScatterND", "RandomUniformLike", "Dropout"}
    modes = [a.i for node in nodes for a in node.attribute if a.name == "training_mode"]
    assert not any(modes)
    assert sum(onnx_of_pictures.operations.values()) == len(nodes)


def test_onnx_says_what_it_is(onnx_of_pictures: Exported, pictures: RunFolder) -> None:
    told = about(onnx_of_pictures.path)
    assert told == dict(onnx_of_pictures.about)
    assert yaml.safe_load(told["recipe"])["generator"]["depth"] == 3
    assert (told["weights"], told["step"], told["phase"]) == ("latest", "0", "main")
    assert (told["gan_zoo"], told["multiple"]) == ("0.1.0", "8")
    assert json.loads(told["tolerance"]) == {"largest": 1e-3, "levels": 1, "share": 0.9999}
    measured = json.loads(told["measured"])
    assert measured["largest"] == onnx_of_pictures.figures.largest
    assert (measured["pictures"], measured["sizes"][2]) == (24, [23, 39])
    [source] = json.loads(told["inputs"])
    assert source == {
        "name": "source",
        "type": "uint8",
        "shape": "B 1 H W",
        "meaning": "a picture of 8 bits",
    }
    assert [one["name"] for one in json.loads(told["outputs"])] == ["picture", "floats"]
    assert not {"classes", "palette", "styles"} & told.keys()


def test_torch_makes_the_same_bits(torch_of_pictures: Exported, pictures: RunFolder) -> None:
    assert torch_of_pictures.path.name == "mine.pt2"
    assert torch_of_pictures.figures.largest == 0
    beside = {torch_files.ABOUT: ""}
    module = torch.export.load(torch_of_pictures.path, extra_files=beside).module()
    assert json.loads(beside[torch_files.ABOUT]) == dict(torch_of_pictures.about)
    model = loaded(pictures)
    for height, width in SIZES:
        given = torch.stack([picture(height, width)] * 3)
        eight, floats = module(given)
        assert torch.equal(eight[2], model.picture({"source": given[2]}))
        assert (floats[2] - model.output({"source": given[2]})).abs().max() < 1e-6
        assert torch.equal(module(given[:1])[0], eight[:1])


def test_a_file_with_other_pictures_is_not_written(
    torch_of_pictures: Exported, pictures: RunFolder, monkeypatch: pytest.MonkeyPatch
) -> None:
    program = torch.export.load(torch_of_pictures.path)
    monkeypatch.setattr(exporting, "trace", lambda graph: program)
    before = torch_of_pictures.path.read_bytes()
    name = next(iter(program.state_dict))
    with torch.no_grad():
        program.state_dict[name] += 0.05
    with pytest.raises(UserError, match=r"other pictures than the run.* 24 pictures at 64x64"):
        write(pictures, "torch")
    assert torch_of_pictures.path.read_bytes() == before  # an earlier one stays
    assert not [*pictures.path.rglob(".export-*")]


# ---------------------------------------------------------------------------------- ids


def test_onnx_of_ids_has_edges_and_each_pictures_own_norm(
    onnx_of_labels: Exported, labels: RunFolder
) -> None:
    told = about(onnx_of_labels.path)
    assert json.loads(told["classes"]) == {"label": 9}
    assert json.loads(told["notes"]) == ["norm statistics are each picture's own"]
    kinds = onnx_of_labels.operations
    assert kinds["InstanceNormalization"] == 1
    assert not {"BatchNormalization", "ScatterND", "Dropout"} & kinds.keys()
    model = loaded(labels)
    draw = np.random.default_rng(0)
    label = draw.integers(0, 9, (2, 1, 21, 34)).astype(np.int32)
    instance = draw.integers(0, 9, (2, 1, 21, 34)).astype(np.int32) // 4 * 24001  # of any number
    floats = run_file(onnx_of_labels.path, label, instance)[1]
    for n in range(2):  # statistics are no batch's
        maps = {"label": torch.from_numpy(label[n]), "instance": torch.from_numpy(instance[n])}
        assert np.abs(floats[n] - model.output(maps).numpy()).max() < 1e-4


# ---------------------------------------------------------------------------------- styles, half


def test_half_onnx_of_two_resolutions_takes_styles(
    half_of_styles: Exported, styles: RunFolder
) -> None:
    assert half_of_styles.path.name == "mine-half.onnx"
    assert half_of_styles.figures.tolerance == comparing.HALF
    assert 1e-6 < half_of_styles.figures.largest < 1e-2
    graph = onnx.load(half_of_styles.path).graph
    kinds = Counter((one.data_type, len(one.dims)) for one in graph.initializer)
    assert kinds[onnx.TensorProto.FLOAT16, 4] > 8
    assert kinds[onnx.TensorProto.FLOAT, 4] == 0
    assert half_of_styles.operations["InstanceNormalization"] >= 8
    ports = [one["name"] for one in json.loads(about(half_of_styles.path)["inputs"])]
    assert ports == ["label", "instance", "styles_texture"]
    model = loaded(styles)
    draw = np.random.default_rng(0)
    label = torch.from_numpy(draw.integers(0, 9, (1, 30, 50)).astype(np.int32))
    raw = torch.from_numpy(draw.integers(0, 5, (1, 30, 50)).astype(np.int32)) * 1000
    numbered = renumber({"instance": raw}, model.shapes)["instance"]
    assert int(numbered.max()) == 4
    told = np.zeros((1, 256, 3), np.float32)
    told[0, :5] = draw.uniform(-1, 1, (5, 3))
    floats = run_file(half_of_styles.path, label[None].numpy(), numbered[None].numpy(), told)[1]
    style = {f"instance:{1000 * n}": torch.from_numpy(told[0, n]) for n in range(5)}
    maps = {"label": label, "instance": raw}
    wanted = model.output(maps, style=style).numpy()
    assert np.abs(floats[0] - wanted).max() < 1e-2
    assert np.abs(floats[0] - model.output(maps).numpy()).max() > 0.05  # styles do something


# ---------------------------------------------------------------------------------- said


def test_what_is_printed(torch_of_pictures: Exported, capsys: pytest.CaptureFixture[str]) -> None:
    print_exported(torch_of_pictures)
    first, *rest = capsys.readouterr().out.splitlines()
    nodes = sum(torch_of_pictures.operations.values())
    assert re.fullmatch(
        rf"{re.escape(str(torch_of_pictures.path))}: \d\.\d MB, {nodes} nodes", first
    )
    assert rest == [
        "  input source: uint8 B 1 H W, a picture of 8 bits",
        "  output picture: uint8 B 3 H W, target in 8 bits",
        "  output floats: float32 B 3 H W, the same in [-1, 1], as the network makes it",
        "Compared with the run on 24 pictures at 64x64, 47x39, 23x39: largest difference 0 "
        "(allowed 0.001), 100.0000% of pixels within 1 level of 255 (allowed 99.99%)",
    ]
