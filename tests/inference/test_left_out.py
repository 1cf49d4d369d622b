"""Folders with inputs that cannot be translated, and places that cannot be written to."""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np
import pytest
from PIL import Image as PIL

from gan_zoo.components.data import Glance
from gan_zoo.errors import DataError, UserError
from gan_zoo.inference import targets
from gan_zoo.inference.files import translate_files
from gan_zoo.inference.targets import ignores_case, place_targets
from gan_zoo.runs.folder import RunFolder
from tests.inference import measured
from tests.inference.conftest import grey, picture


@pytest.fixture
def mixed(tmp_path: Path) -> Path:
    """Good, of another mode, good, with alpha, damaged behind its header, good."""
    folder = tmp_path / "in"
    folder.mkdir()
    for name in "acf":
        grey(picture(16, 16)).save(folder / f"{name}.png")
    PIL.new("RGB", (16, 16)).save(folder / "b.png")
    PIL.new("RGBA", (16, 16)).save(folder / "d.png")
    whole = (folder / "a.png").read_bytes()
    (folder / "e.png").write_bytes(whole[:-40])
    return folder


def names(folder: Path) -> list[str]:
    return sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*.*"))


def test_the_good_ones_are_done_and_the_bad_ones_named(
    run: RunFolder, mixed: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "out"
    with pytest.raises(UserError) as caught:
        translate_files(run, mixed, out, device="cpu")
    assert "3 of 6 inputs could not be translated and were left out: b, d, e; 3 written to" in str(
        caught.value
    )
    assert names(out) == ["a.png", "c.png", "f.png"]
    told = capsys.readouterr().err
    places = [told.index(f"{mixed / name}.png") for name in "bde"]
    assert places == sorted(places)
    assert told.count("left out: ") == 3
    assert "is color (RGB); the recipe says source: grey" in told


def test_strict_ends_at_once(run: RunFolder, mixed: Path, tmp_path: Path) -> None:
    with pytest.raises(DataError) as caught:
        translate_files(run, mixed, tmp_path / "out", device="cpu", strict=True)
    assert all(f"{name}.png" in str(caught.value) for name in "bd")
    assert not (tmp_path / "out").exists()
    for name in "bd":
        (mixed / f"{name}.png").unlink()
    with pytest.raises(DataError, match=r"e\.png is damaged"):
        translate_files(run, mixed, tmp_path / "out", device="cpu", strict=True)
    assert names(tmp_path / "out") == ["a.png", "c.png"]


def test_where_none_is_good_nothing_is_begun(run: RunFolder, mixed: Path, tmp_path: Path) -> None:
    for name in "acef":
        (mixed / f"{name}.png").unlink()
    with pytest.raises(DataError, match=r"(?s)b\.png is color.*d\.png is color with alpha"):
        translate_files(run, mixed, tmp_path / "out", device="cpu")
    assert not (tmp_path / "out").exists()


def test_data_that_tells_nothing_beforehand_is_judged_all_the_same(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    measured.join(monkeypatch)
    run = measured.trained(tmp_path / "run", {"callbacks": None})
    import tifffile

    folder = tmp_path / "in"
    folder.mkdir()
    tifffile.imwrite(folder / "a.tif", measured.numbers())
    tifffile.imwrite(folder / "b.tif", measured.numbers().astype(np.float32))
    with pytest.raises(UserError, match=r"1 of 2 inputs .* left out: number 2; 1 written"):
        translate_files(run, folder, tmp_path / "out", device="cpu")
    assert "b.tif is float32; uint16 was expected" in capsys.readouterr().err
    assert names(tmp_path / "out") == ["a.png"]


# ------------------------------------------------------------------ places


def seen(folder: Path, *files: str) -> list[Glance]:
    """Samples named as their files, which are there."""
    made = []
    for name in files:
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(b"input")
        made.append(Glance(Path(name).with_suffix("").as_posix(), (str(path),)))
    return made


def test_a_target_is_no_input_of_any_sample(tmp_path: Path) -> None:
    """Of its own, of another sample, by another letter case or through links."""
    inputs = tmp_path / "inputs"
    own, other = seen(inputs, "a.png", "b.jpg")
    assert place_targets([own, other], tmp_path / "out", ".png", None) == [
        tmp_path / "out/a.png",
        tmp_path / "out/b.png",
    ]
    crossed = [Glance("x", own.files), Glance("a", other.files)]
    with pytest.raises(UserError, match=r"a\.png is an input, and no input is overwritten"):
        place_targets(crossed, inputs, ".png", None)
    (tmp_path / "linked").symlink_to(inputs)
    with pytest.raises(UserError, match=r"linked/a\.png is an input"):
        place_targets(crossed, tmp_path / "linked", ".png", None)
    (tmp_path / "hard").mkdir()
    os.link(inputs / "a.png", tmp_path / "hard/x.png")
    with pytest.raises(UserError, match=r"hard/x\.png is an input"):
        place_targets(crossed, tmp_path / "hard", ".png", None)
    bad = [own, Glance("b", other.files, fault="bad")]
    assert place_targets(bad, tmp_path / "out", ".tif", None) == [tmp_path / "out/a.tif", None]


def test_no_two_targets_are_one_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    twice = [Glance("a", ("a.png",)), Glance("a", ("a.jpg",))]
    with pytest.raises(UserError, match=r"a\.png and a\.jpg would both be written to .*a\.png"):
        place_targets(twice, tmp_path, ".png", None)
    cases = [Glance("a/\u00e9", ("1",)), Glance("A/e\u0301", ("2",))]
    assert len(place_targets(cases, tmp_path / "out", ".png", None)) == 2
    monkeypatch.setattr(targets, "ignores_case", lambda folder: True)
    with pytest.raises(UserError, match=r"1 and 2 would both .* its file system ignores letter ca"):
        place_targets(cases, tmp_path / "out", ".png", None)


def test_a_file_system_that_ignores_case_is_told_by_its_folders(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / "Mixed"
    folder.mkdir()
    assert not ignores_case(folder / "not/there/yet")
    (tmp_path / "mIXED").symlink_to(folder)  # as if both names were one
    assert ignores_case(folder / "12/34")


@pytest.mark.parametrize("name", ["../a", "deep/../../a", "/tmp/a"])
def test_no_name_leads_out_of_the_folder(name: str, tmp_path: Path) -> None:
    with pytest.raises(UserError, match="would be written outside"):
        place_targets([Glance(name, ())], tmp_path, ".png", None)
