"""The folder of work: whose it is, what of it counts, and that one job has it at a time."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

import gan_zoo
from gan_zoo.errors import DataError, UserError
from gan_zoo.inference.tiling.digests import digest, identify
from gan_zoo.inference.tiling.norms import Moments
from gan_zoo.inference.tiling.source import Whole
from gan_zoo.inference.tiling.tiler import Tiler
from gan_zoo.inference.tiling.work import Work
from gan_zoo.runs.folder import RunFolder
from gan_zoo_data.windows import FileWindows
from tests.inference.conftest import grey, picture
from tests.inference.tiling.conftest import large

HOW: dict[str, Any] = {"device": "cpu", "tile": 64, "statistics": "exact"}


OPEN: list[Work] = []


@pytest.fixture(autouse=True)
def closing_all() -> Iterator[None]:
    yield
    while OPEN:
        OPEN.pop().close()


def begun(target: Path, settings: dict[str, Any] | None = None) -> Work:
    OPEN.append(Work(target, settings or {"the tile": 64}, (6, 4, 1), "uint8"))
    return OPEN[-1]


def moments(number: float) -> Moments:
    return Moments(3.0, torch.full((2,), number).double(), torch.ones(2).double())


def worked(target: Path) -> Path:
    """A folder with a row of tiles, and two norms."""
    work = begun(target)
    work.keep_statistics([moments(1), moments(2)], {"exact": True})
    work.add(np.full((2, 4, 1), 7, np.uint8), np.zeros((1, 1, 4), np.float32))
    work.close()
    return work.folder


def test_the_folder_of_another_is_left_alone(run: RunFolder, tmp_path: Path) -> None:
    given = large(tmp_path / "given.tif", 70, 80)
    there = tmp_path / "made.tif.tiles"
    there.mkdir()
    (there / "precious.txt").write_text("mine")
    with pytest.raises(UserError, match=r"made\.tif\.tiles holds precious\.txt and nothing by whi"):
        gan_zoo.translate(run, given, tmp_path / "made.tif", **HOW)
    (there / "precious.txt").rename(there / "state.json")
    with pytest.raises(UserError, match=r"holds state\.json and nothing by which"):
        begun(tmp_path / "made.tif")
    assert [(path.name, path.read_text()) for path in there.iterdir()] == [("state.json", "mine")]
    (tmp_path / "other.tif.tiles").write_text("mine")
    with pytest.raises(UserError, match=r"other\.tif\.tiles is a file"):
        begun(tmp_path / "other.tif")


def test_an_empty_folder_is_taken(tmp_path: Path) -> None:
    (tmp_path / "made.tif.tiles").mkdir()
    work = begun(tmp_path / "made.tif")
    assert json.loads((work.folder / "state.json").read_text())["row"] == 0
    work.remove()
    assert not work.folder.exists()


def test_only_what_is_its_own_is_removed(tmp_path: Path) -> None:
    folder = worked(tmp_path / "made.tif")
    (folder / "notes.txt").write_text("mine")
    begun(tmp_path / "made.tif", {"the tile": 96}).remove()
    assert [path.name for path in folder.iterdir()] == ["notes.txt"]


def test_what_is_whole_is_gone_on_with(tmp_path: Path) -> None:
    worked(tmp_path / "made.tif")
    work = begun(tmp_path / "made.tif")
    assert (work.row, work.done, work.told) == (1, 2, "goes on from row 2 of 6")
    assert [float(one.mean[0]) for one in work.values] == [1, 2]
    assert (work.read(0, 2) == 7).all()


@pytest.mark.parametrize("name", ["norm-1.npy", "carried-1.npy", "rows"])
@pytest.mark.parametrize("content", [None, b"", b"torn"])
def test_what_is_torn_starts_anew(tmp_path: Path, name: str, content: bytes | None) -> None:
    folder = worked(tmp_path / "made.tif")
    (folder / name).unlink()
    if content is not None:
        (folder / name).write_bytes(content)
    work = begun(tmp_path / "made.tif")
    assert (work.row, work.done, work.values, work.found) == (0, 0, [], {})
    assert work.told == f"{folder} is not whole; starts anew"
    work.keep_statistics([moments(5)], {"exact": True})
    work.keep_statistics([moments(5), moments(6)], {"exact": True})
    work.close()
    again = begun(tmp_path / "made.tif")
    assert [float(one.mean[0]) for one in again.values] == [5, 6]


def test_files_that_no_state_counts_are_overwritten(tmp_path: Path) -> None:
    work = begun(tmp_path / "made.tif")
    (work.folder / "norm-0.npy").write_bytes(b"torn")  # ended before the state was written
    work.keep_statistics([moments(5)], {"exact": True})
    work.close()
    assert [float(one.mean[0]) for one in begun(tmp_path / "made.tif").values] == [5]


def test_one_job_at_a_time(tmp_path: Path) -> None:
    first = begun(tmp_path / "made.tif")
    with pytest.raises(UserError, match=r"made\.tif\.tiles is the work of a translation that goes"):
        begun(tmp_path / "made.tif")
    first.close()
    begun(tmp_path / "made.tif").close()


def test_what_cannot_be_written(run: RunFolder, tmp_path: Path) -> None:
    given = large(tmp_path / "given.tif", 70, 80)
    (tmp_path / "out").write_text("a file")
    with pytest.raises(UserError, match=r"made\.tif cannot be written: "):
        gan_zoo.translate(run, given, tmp_path / "out" / "made.tif", **HOW)


class Data:
    """A picture of no file."""

    def __init__(self, picture: torch.Tensor) -> None:
        self.picture = picture

    def read(self, index: int, seed: None) -> Any:
        return type("Sample", (), {"maps": {"source": self.picture}, "files": ()})


class Silent:
    """Windows that tell nothing of themselves."""

    size, files, identity = (6, 4), (), ""


def test_pictures_have_an_identity(tmp_path: Path) -> None:
    made = torch.rand(1, 6, 4)
    one, same, other = (Whole(Data(x), 0, ["source"]) for x in (made, made.clone(), made + 1))  # type: ignore[arg-type]
    assert identify(one) == identify(same) != identify(other)
    silent: Any = Silent()
    assert identify(silent) != identify(silent)


def test_halves_of_a_file_are_other_pictures(run: RunFolder, tmp_path: Path) -> None:
    data = gan_zoo.load(run, device="cpu").recipe.data
    given = large(tmp_path / "given.tif", 70, 160)
    found = []
    for pairs in (False, True):
        windows: FileWindows = data.inputs(given, pairs=pairs).windows(0, ["source"])  # type: ignore[attr-defined]
        found.append(identify(windows))
        windows.close()
    assert [one["size"] for one in found] == [[70, 160], [70, 80]]
    assert found[0]["files"] == found[1]["files"]
    assert found[0]["part"] != found[1]["part"]


def test_styles_are_told_apart_by_their_numbers() -> None:
    """Words leave out the middle of many numbers."""
    numbers = torch.zeros(5000)
    other = numbers.clone()
    other[2500] = 1
    assert str(numbers) == str(other)
    assert digest({("", 0): numbers}) != digest({("", 0): other})
    assert digest({("", 0): numbers}) == digest({("", 0): numbers.clone()})
    assert digest(["a", "b"]) != digest(["ab"])


def test_one_at_fault_leaves_the_others(
    run: RunFolder,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    folder = tmp_path / "in"
    folder.mkdir()
    for name in ("a", "b", "c"):
        grey(picture(32, 32)).save(folder / f"{name}.png")
    own_open, own_needs = Tiler.open, Tiler.needs

    def opening(self: Tiler, dataset: Any, index: int) -> Any:
        if index == 0:
            raise DataError("a.png is gone")
        return own_open(self, dataset, index)

    def needing(self: Tiler, size: tuple[int, int]) -> bool:
        needing_count.append(size)
        if len(needing_count) == 1:
            raise UserError("takes no size near it")
        return own_needs(self, size)

    needing_count: list[Any] = []
    monkeypatch.setattr(Tiler, "open", opening)
    monkeypatch.setattr(Tiler, "needs", needing)
    with pytest.raises(UserError, match="2 of 3 inputs could not be translated and were left out"):
        gan_zoo.translate(run, folder, tmp_path / "out", device="cpu", tile=64)
    assert [path.name for path in (tmp_path / "out").iterdir()] == ["c.png"]
    said = capsys.readouterr().err
    assert "left out: a.png is gone" in said
    assert "b.png: takes no size near it" in said
