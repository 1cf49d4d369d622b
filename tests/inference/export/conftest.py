"""Small runs, and what was written of them: an export takes seconds, so few are made."""

from __future__ import annotations

from typing import Any

import pytest

import gan_zoo
from gan_zoo.inference.export.exporting import Exported
from gan_zoo.reporter import Reporter
from gan_zoo.runs.folder import RunFolder
from tests.inference.export.shipped import TEXTURE, small_run

COMMON = {"data.workers": 0, "validation": None, "callbacks": None}
# Batch norm with learned statistics, on pictures.
PICTURES = {
    **COMMON,
    "generator": {"use": "unet", "width": 8, "depth": 3, "dropout": "none"},
    "init.gain": 0.1,
}
# Batch norm with each picture's own, on ids of classes and instances.
LABELS = {
    **COMMON,
    "generator": {"use": "unet", "width": 4, "depth": 2, "dropout": "none"},
    "inference": {"norm": "picture", "dropout": False},
    "init.gain": 0.3,
}
# Two resolutions, instance norm, and styles.
STYLES = {
    **COMMON,
    **TEXTURE,
    "generator.blocks": 1,
    "generator.coarse": {"use": "global", "width": 4, "downsamplings": 1, "blocks": 1},
    "discriminator.each.width": 4,
    "init.gain": 0.2,
}


def write(run: RunFolder, to: str = "onnx", **how: Any) -> Exported:
    return gan_zoo.export(run, to, reporter=Reporter(quiet=True), **how)


@pytest.fixture(scope="session")
def pictures(tmp_path_factory: pytest.TempPathFactory) -> RunFolder:
    return small_run(tmp_path_factory.mktemp("pictures") / "mine", "quickstart", PICTURES)


@pytest.fixture(scope="session")
def labels(tmp_path_factory: pytest.TempPathFactory) -> RunFolder:
    return small_run(tmp_path_factory.mktemp("labels") / "mine", "scenes", LABELS)


@pytest.fixture(scope="session")
def styles(tmp_path_factory: pytest.TempPathFactory) -> RunFolder:
    return small_run(tmp_path_factory.mktemp("styles") / "mine", "quickstart_hd", STYLES)


@pytest.fixture(scope="session")
def onnx_of_pictures(pictures: RunFolder) -> Exported:
    return write(pictures)


@pytest.fixture(scope="session")
def torch_of_pictures(pictures: RunFolder) -> Exported:
    return write(pictures, "torch")


@pytest.fixture(scope="session")
def onnx_of_labels(labels: RunFolder) -> Exported:
    return write(labels)


@pytest.fixture(scope="session")
def half_of_styles(styles: RunFolder) -> Exported:
    return write(styles, half=True)
