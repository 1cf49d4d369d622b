"""What cannot be exported says so before anything is written, with the cure."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from gan_zoo.errors import UserError
from gan_zoo.inference.export import onnx_files
from gan_zoo.inference.export.graph import Graph
from gan_zoo.inference.export.samples import read_samples
from gan_zoo.inference.translator import Translator
from gan_zoo.runs.folder import RunFolder
from gan_zoo_generators.unet_specs import UNetSpec
from tests.inference.export.conftest import PICTURES, write
from tests.inference.export.shipped import small_run

DROPS = {**PICTURES, "generator.dropout": "paper", "inference.dropout": True}


def loaded(run: RunFolder) -> Translator:
    return Translator.load(run, device="cpu", precision="float32")


def test_dropout_is_refused_with_the_cure(tmp_path: Path) -> None:
    run = small_run(tmp_path / "run", "quickstart", DROPS)
    with pytest.raises(
        UserError, match=r"inference\.dropout: true draws.*--set inference\.dropout=f"
    ):
        write(run, "torch")
    cured = RunFolder(run.path, {"inference.dropout": False})
    assert Graph(loaded(cured)).notes == []
    assert not (run.path / "export").exists()


def test_dropout_that_no_layer_has_is_nothing_to_refuse(tmp_path: Path) -> None:
    run = small_run(tmp_path / "run", "quickstart", {**PICTURES, "inference.dropout": True})
    assert len(Graph(loaded(run)).parts) == 2  # the generator, and the condition


def test_noise_is_refused(tmp_path: Path) -> None:
    changes = {**PICTURES, "conditions.z": {"use": "noise", "map": "source"}}
    run = small_run(tmp_path / "run", "quickstart", changes)
    with pytest.raises(UserError, match=r"conditions\.z \(noise\) is drawn anew for every picture"):
        write(run, "torch")


def test_a_stranger_that_does_not_say_so_is_refused(
    pictures: RunFolder, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(UNetSpec, "exportable", False)
    with pytest.raises(UserError, match=r"generator: unet does not say that .*exportable = True"):
        write(pictures, "torch")


def test_onnx_that_is_not_installed_is_told_with_the_line(
    pictures: RunFolder, monkeypatch: pytest.MonkeyPatch
) -> None:
    def found(name: str) -> Any:
        return None if name.startswith("onnx") else name

    monkeypatch.setattr(onnx_files, "find_spec", found)
    with pytest.raises(UserError, match=r"onnx and onnxscript and onnxruntime.*gan-zoo\[export\]"):
        write(pictures)


@pytest.mark.parametrize(
    ("how", "told"),
    [
        ({"to": "web"}, "to: web came; onnx or torch was expected"),
        ({"to": "torch", "out": "made.onnx"}, r"made\.onnx came; .* ends in \.pt2 was expected"),
        ({"to": "onnx", "out": "made"}, r"made came; .* ends in \.onnx was expected"),
        ({"to": "torch", "data": "here"}, "data: emoji has no root that could be changed"),
        ({"to": "torch", "weights": "best"}, "the run keeps weights latest"),
        ({"to": "torch", "set": {"generator.width": 9}}, "the run is trained, and can change only"),
    ],
    ids=str,
)
def test_mistakes_are_told(pictures: RunFolder, how: dict[str, Any], told: str) -> None:
    with pytest.raises(UserError, match=told):
        write(pictures, **how)


def test_data_that_is_not_at_hand_is_told_with_both_cures(tmp_path: Path) -> None:
    changes = {**PICTURES, "data": {"use": "paired_folder", "root": str(tmp_path / "gone")}}
    run = small_run(tmp_path / "run", "pix2pix", {**changes, "inference.dropout": False})
    with pytest.raises(UserError, match=r"gone.*\n.*--data DIR .*--input PICTURE") as caught:
        read_samples(loaded(run))
    assert "is not at hand" in str(caught.value)
