"""Translation of files and folders: where pictures go, and what cannot be written."""

from __future__ import annotations

import errno
from pathlib import Path

import numpy as np
import pytest
import torch

from gan_zoo.errors import UserError
from gan_zoo.inference import files
from gan_zoo.inference.files import translate_files
from gan_zoo.inference.translator import Translator
from gan_zoo.runs.folder import RunFolder
from tests.inference.conftest import grey, picture, pixels


@pytest.fixture
def inputs(tmp_path: Path) -> Path:
    folder = tmp_path / "inputs"
    (folder / "deep").mkdir(parents=True)
    grey(picture(20, 30)).save(folder / "a.bmp")
    grey(picture(30, 20)).save(folder / "deep" / "b.c.png")
    return folder


def test_a_folder_keeps_its_names(
    run: RunFolder,
    translator: Translator,
    inputs: Path,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    out = tmp_path / "made" / "here"
    assert translate_files(run, inputs, out, device="cpu") == 2
    found = sorted(path.relative_to(out).as_posix() for path in out.rglob("*") if path.is_file())
    assert found == ["a.png", "deep/b.c.png"]
    assert np.array_equal(pixels(out / "a.png"), np.asarray(translator(inputs / "a.bmp")))
    said = capsys.readouterr().out
    assert f"2 pictures in {inputs}, whole" in said
    assert "weights latest of phase main" in said
    assert "dropout on; cpu" in said
    assert "; seed 0\n" in said
    assert "2 padded by reflection to multiples of 16 and cropped back" in said

    (out / "a.png").write_bytes(b"from an earlier run")
    assert translate_files(run, inputs, out, device="cpu") == 2
    assert pixels(out / "a.png").shape == (20, 30, 3)


def test_one_file_goes_to_a_file_or_into_a_folder(
    run: RunFolder, inputs: Path, tmp_path: Path
) -> None:
    for out, written in (("made.png", "made.png"), ("folder", "folder/a.png")):
        assert translate_files(run, inputs / "a.bmp", tmp_path / out, device="cpu") == 1
        assert pixels(tmp_path / written).shape == (20, 30, 3)


def test_side_by_side_files_give_their_input_half(
    run: RunFolder, translator: Translator, tmp_path: Path
) -> None:
    left, right = picture(16, 16), picture(16, 16).flip(-1)
    grey(torch.cat([left, right], dim=-1)).save(tmp_path / "pair.png")
    translate_files(run, tmp_path / "pair.png", tmp_path / "out.png", pairs=True, device="cpu")
    assert np.array_equal(pixels(tmp_path / "out.png"), translator(left).movedim(0, -1).numpy())


@pytest.mark.parametrize(
    ("given", "out", "told"),
    [
        (
            "inputs/a.bmp",
            "out.jpg",
            "translations are PNG or TIFF files, which keep every pixel; name it",
        ),
        ("inputs", "out.png", "out.png names a file, but"),
        ("inputs", "inputs", "whose pictures are all inputs; name a folder elsewhere"),
        ("inputs", "inputs/made", "whose pictures are all inputs; name a folder elsewhere"),
        ("inputs/deep/b.c.png", "inputs/deep/b.c.png", "no input is overwritten"),
        ("inputs/deep/b.c.png", "inputs/deep", "no input is overwritten"),
        ("inputs", "inputs/a.bmp", "a.bmp is a file; a folder was expected"),
        ("inputs/a.bmp", "inputs/a.bmp/x/out.png", "out.png cannot be written: Not a directory"),
        ("inputs", "/proc/nowhere", "cannot be written"),
        ("nothing", "out", "there is no file or folder"),
    ],
)
def test_where_nothing_can_be_written(
    run: RunFolder, inputs: Path, tmp_path: Path, given: str, out: str, told: str
) -> None:
    before = {path: path.read_bytes() for path in inputs.rglob("*") if path.is_file()}
    with pytest.raises(UserError) as caught:
        translate_files(run, tmp_path / given, tmp_path / out, device="cpu")
    assert told in str(caught.value)
    assert {path: path.read_bytes() for path in inputs.rglob("*") if path.is_file()} == before


def test_a_full_disk_is_no_mistake_of_the_user(
    run: RunFolder, inputs: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(path: Path, content: bytes) -> None:
        raise OSError(errno.ENOSPC, "No space left on device", str(path))

    monkeypatch.setattr(files, "write_file", full)
    with pytest.raises(OSError, match=r"a\.png"):
        translate_files(run, inputs, tmp_path / "out", device="cpu")
