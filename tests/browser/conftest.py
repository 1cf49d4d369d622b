from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.ablation.some_folders import leave_ablation, some_grid
from tests.report.conftest import Folder

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")


@pytest.fixture(scope="session")
def browser() -> Iterator[Any]:
    """The system's chromium; none is downloaded."""
    if CHROMIUM is None:
        pytest.skip("no chromium is on the PATH: apt-get install chromium")
    playwright = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
    pytest.importorskip("bokeh", reason="the extra `report` is not installed")
    with playwright.sync_playwright() as started:
        opened = started.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        yield opened
        opened.close()


@pytest.fixture(scope="session")
def pages(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """A page of one run, one that compares three, and those of ablations: of variants that the file
    names, and of a grid.
    """
    pytest.importorskip("bokeh", reason="the extra `report` is not installed")
    from gan_zoo.ablation.page import report_ablation
    from gan_zoo.report.writing import write_report

    root = tmp_path_factory.mktemp("browser")
    runs = [Folder(root / name) for name in ("first", "second", "third")]
    for n, run in enumerate(runs):
        run.train(4000).show(list(range(100, 4001, 100)), ["ant", "lock"], size=64, shade=n)
        for k in range(1, 11):
            run.score(400 * k, 30.0 - k - n)
    told = {"cause": "spot", "sentence": "A spot repeats.", "cure": "--set a=b"}
    signals = [{"step": step, "health": {"share": step / 4000}} for step in range(200, 4001, 200)]
    runs[0].log([*signals, {"step": 4000, "warning": told}])
    runs[0].say("2026-11-01 10:00:00 start", "2026-11-01 10:05:00 Done after 4000 steps, 5 min")
    paths = [run.path for run in runs]
    ablations = [root / "losses", root / "grid"]
    leave_ablation(ablations[0], failed=[("gan", 1)])
    leave_ablation(ablations[1], plan=some_grid(), shifts={"unet.l1": 1.0}, samples=["ant"])
    return {
        "one": write_report(paths[:1]),
        "three": write_report(paths),
        **{path.name: report_ablation(path) for path in ablations},
    }
