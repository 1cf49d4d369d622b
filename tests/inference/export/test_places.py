"""Exports of whatever holds a model go where they may, and are told at once where they may not."""

from __future__ import annotations

import errno
import os
import shutil
import sys
import zipfile
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
import torch

import gan_zoo
from gan_zoo.cli import main
from gan_zoo.errors import UserError
from gan_zoo.inference.export import exporting
from gan_zoo.inference.export.places import choose_path, staged
from gan_zoo.inference.export.torch_files import TorchFile
from gan_zoo.runs.folder import RunFolder
from gan_zoo.runs.opening import open_model
from gan_zoo.runs.published import PublishedRun
from gan_zoo.runs.shared import Shared
from tests.inference.export.conftest import write


@pytest.fixture(scope="module")
def pushed(pictures: RunFolder, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("handed on") / "emoji-1.5"
    gan_zoo.push(pictures, folder, license="mit", data_statement="Emoji; MIT.", samples=False)
    return folder


@pytest.fixture(scope="module")
def zipped(pictures: RunFolder, tmp_path_factory: pytest.TempPathFactory) -> Path:
    target = tmp_path_factory.mktemp("zips") / "emoji.v2.zip"
    with zipfile.ZipFile(target, "w") as packed:
        for file in sorted(pictures.path.rglob("*")):
            if "export" not in file.parts:
                packed.write(file, Path("mine") / file.relative_to(pictures.path))
    return target


class ReachedError(Exception):
    """Tracing would begin."""


@pytest.mark.parametrize(
    ("which", "name"), [("pushed", "emoji-1.5.pt2"), ("zipped", "emoji.v2.pt2")]
)
def test_what_is_shared_is_exported_here(
    which: str,
    name: str,
    request: pytest.FixtureRequest,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    given: Path = request.getfixturevalue(which)
    before = sorted(given.parent.rglob("*"))
    assert choose_path(open_model(given), ".pt2", None, half=False) == Path(name)
    seen: list[str] = []

    def trace(graph: Any) -> Any:
        seen.extend(str(one.relative_to(tmp_path)) for one in tmp_path.rglob("*"))
        raise ReachedError

    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(exporting, "trace", trace)
    with pytest.raises(ReachedError):
        write(given, "torch")  # type: ignore[arg-type]
    assert sorted(seen) == [f".export-{name}", f".export-{name}/{name}"]
    assert [*tmp_path.iterdir()] == []
    assert sorted(given.parent.rglob("*")) == before


def test_names_of_what_is_shared(pictures: RunFolder, tmp_path: Path) -> None:
    run = open_model(pictures)
    assert choose_path(run, ".onnx", None, half=True) == run.path / "export" / "mine-half.onnx"
    run.shared = Shared("hub:ada/facades@v1.2")
    assert choose_path(run, ".onnx", None, half=False) == Path("facades.onnx")
    assert choose_path(run, ".onnx", None, half=True) == Path("facades-half.onnx")
    assert choose_path(run, ".onnx", tmp_path / "a.onnx", half=True) == tmp_path / "a.onnx"
    assert pictures.shared is None


def test_a_pushed_folder_is_not_written_to_from_inside(
    pushed: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(pushed)
    with pytest.raises(UserError, match=r"is not written to, .* --out"):
        choose_path(open_model("."), ".onnx", None, half=False)


def test_changes_are_taken_of_what_is_shared(pushed: Path) -> None:
    with pytest.raises(UserError, match="the run is trained, and can change only"):
        write(pushed, "torch", set={"generator.width": 9})  # type: ignore[arg-type]
    opened = open_model(pushed, {"inference.dropout": False})
    assert isinstance(open_model(opened), PublishedRun)


def test_the_command_takes_a_zip(
    zipped: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    line = ["gan-zoo", "export", str(zipped), "--to", "torch", "--out", "made.zip"]
    monkeypatch.setattr(sys, "argv", line)
    with pytest.raises(SystemExit) as ended:
        main()
    assert ended.value.code == 2
    assert "made.zip came; the name of a file that ends in .pt2" in capfd.readouterr().err


# ---------------------------------------------------------------------------------- written


def test_a_place_that_cannot_be_is_told_before_tracing(
    pictures: RunFolder, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "file").write_text("no folder")

    def trace(graph: Any) -> Any:
        raise ReachedError

    monkeypatch.setattr(exporting, "trace", trace)
    with pytest.raises(UserError, match=r"made\.pt2 cannot be written: Not a directory"):
        write(pictures, "torch", out=tmp_path / "file" / "made.pt2")
    with pytest.raises(ReachedError):
        write(pictures, "torch", out=tmp_path / "new" / "inner" / "made.pt2")
    assert [*tmp_path.iterdir()] == [tmp_path / "file"]  # what stays empty goes


def test_folders_stay_with_what_is_in_them_and_leftovers_go(tmp_path: Path) -> None:
    path = tmp_path / "new" / "made.pt2"
    left = tmp_path / "new" / ".export-made.pt2"
    left.mkdir(parents=True)
    (left / "made.pt2").write_text("half of it")  # of a process that was killed
    with staged(path) as place:
        assert place.read_text() == ""
        place.write_text("whole")
    assert path.read_text() == "whole"
    with pytest.raises(ReachedError), staged(path):
        raise ReachedError
    assert [*path.parent.iterdir()] == [path]
    assert path.read_text() == "whole"
    shutil.rmtree(path.parent)
    with staged(path) as place:
        place.write_text("new")
    assert path.read_text() == "new"


def test_a_full_disk_is_told_as_such(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    program = torch.export.export(torch.nn.Linear(2, 2), (torch.zeros(1, 2),))
    spec = SimpleNamespace(generator=SimpleNamespace(name="unet"))
    graph: Any = SimpleNamespace(model=SimpleNamespace(recipe=spec))
    made = TorchFile(program, graph)

    def full(handle: int) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    path = tmp_path / "new" / "made.pt2"
    with staged(path) as place:
        made.save(place, {"step": "3"})
    assert torch.equal(
        torch.export.load(path).module()(torch.ones(1, 2)), program.module()(torch.ones(1, 2))
    )
    shutil.rmtree(path.parent)
    monkeypatch.setattr(os, "fsync", full)
    with (
        pytest.raises(
            UserError, match=r"new.made\.pt2 cannot be written: No space left on device$"
        ),
        staged(path) as place,
    ):
        made.save(place, {"step": "3"})
    assert [*tmp_path.iterdir()] == []
