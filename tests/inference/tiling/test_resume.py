"""A job that was ended goes on where it was, and ends with the same bytes."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest

import gan_zoo
from gan_zoo.inference.tiling import gathering
from gan_zoo.inference.tiling.work import Work
from gan_zoo.runs.folder import RunFolder
from tests.inference.tiling.conftest import large, trained

HOW: dict[str, Any] = {"device": "cpu", "tile": 64}


class Stopped(Exception):
    """As if the process had ended here."""


def stop_after(monkeypatch: pytest.MonkeyPatch, name: str, times: int) -> None:
    """End what is done when a method of Work has returned so often."""
    own, count = getattr(Work, name), 0

    def counted(self: Work, *arguments: Any) -> None:
        nonlocal count
        own(self, *arguments)
        count += 1
        if count == times:
            raise Stopped

    monkeypatch.setattr(Work, name, counted)


@pytest.mark.parametrize("whose", ["sampled", "exact"])
def test_equal_bytes(
    run: RunFolder,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    whose: str,
) -> None:
    given = large(tmp_path / "given.tif")
    how = {**HOW, "statistics": whose}
    monkeypatch.setattr(gathering, "FIRST", 4)
    monkeypatch.setattr(gathering, "BOUND", 255.0)
    gan_zoo.translate(run, given, tmp_path / "once.tif", **how)
    for name, times in (("keep_statistics", 1), ("add", 1), ("add", 2), ("add", 1)):
        with monkeypatch.context() as patch:
            stop_after(patch, name, times)
            with pytest.raises(Stopped):
                gan_zoo.translate(run, given, tmp_path / "made.tif", **how)
        assert not (tmp_path / "made.tif").exists()
    capsys.readouterr()
    gan_zoo.translate(run, given, tmp_path / "made.tif", **how)
    said = capsys.readouterr().out
    assert "goes on from row" in said
    assert "passes, about" not in said  # no statistics are gathered again
    assert (tmp_path / "made.tif").read_bytes() == (tmp_path / "once.tif").read_bytes()
    assert sorted(path.name for path in tmp_path.iterdir()) == ["given.tif", "made.tif", "once.tif"]


def test_what_has_changed_starts_anew(
    run: RunFolder,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    given, out = large(tmp_path / "given.tif"), tmp_path / "made.tif"
    other = trained(tmp_path / "other", seed=1)

    def stopped() -> str:
        capsys.readouterr()
        with monkeypatch.context() as patch:
            stop_after(patch, "add", 1)
            with pytest.raises(Stopped):
                gan_zoo.translate(model, given, out, **how)
        return capsys.readouterr().out

    model, how = run, {**HOW, "statistics": "exact"}
    assert "anew" not in stopped()
    how = {**HOW, "statistics": "exact", "overlap": 24}
    assert "starts anew: the overlap has changed since" in stopped()
    model = other
    assert "starts anew: the networks, the weights have changed since" in stopped()
    os.utime(given, (1, 1))
    assert "starts anew: the input has changed since" in stopped()
    gan_zoo.translate(model, given, out, **how)
    gan_zoo.translate(model, given, tmp_path / "once.tif", **how)
    assert out.read_bytes() == (tmp_path / "once.tif").read_bytes()


def test_killed(run: RunFolder, tmp_path: Path) -> None:
    """By a signal that nothing can answer, in the midst of rows."""
    given = large(tmp_path / "given.tif", 250, 100)
    words = f"{str(run.path)!r}, {str(given)!r}, {str(tmp_path / 'made.tif')!r}"
    code = f"import gan_zoo; gan_zoo.translate({words}, device='cpu', tile=64, statistics='exact')"
    job = subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.DEVNULL)
    state = tmp_path / "made.tif.tiles" / "state.json"
    try:
        while job.poll() is None:
            if state.exists() and json.loads(state.read_text())["done"]:
                break
            time.sleep(0.01)
    finally:
        job.send_signal(signal.SIGKILL)
        job.wait()
    assert job.returncode == -signal.SIGKILL
    assert not (tmp_path / "made.tif").exists()
    for name in ("made", "once"):
        gan_zoo.translate(run, given, tmp_path / f"{name}.tif", **HOW, statistics="exact")
    assert (tmp_path / "made.tif").read_bytes() == (tmp_path / "once.tif").read_bytes()
