"""A profile of a run's steps: what it tells, and that nothing of the run is other for it."""

from __future__ import annotations

import gzip
import json
import re
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from gan_zoo.engine.phase import PhaseRunner
from gan_zoo.engine.regions import STEP, region
from gan_zoo.recipe.recipe import Recipe
from gan_zoo.reporter import Reporter
from gan_zoo.runs.folder import RunFolder
from gan_zoo.training import loop, profiling
from gan_zoo.training.loop import Run
from gan_zoo.training.run import resume, train
from gan_zoo.training.step_times import BETWEEN, REST, Cell, StepTimes
from tests.training.test_engine_words import contents

Few = Callable[..., Recipe]
Table = dict[str, dict[str, float]]  # row -> column -> milliseconds


def trained(recipe: Recipe, out: Path, **more: Any) -> RunFolder:
    return train(recipe, out, reporter=Reporter(quiet=True), report=False, **more)


def losses(run: RunFolder) -> list[Any]:
    lines = [json.loads(line) for line in run.log.read_text().splitlines()]
    return [line["losses"] for line in lines if "losses" in line]


def tables(run: RunFolder) -> list[Table]:
    """The tables of a run's profile."""
    made: list[Table] = []
    rows: list[list[str]] = []
    for line in [*(run.path / "profile" / "table.md").read_text().splitlines(), ""]:
        if line.startswith("|"):
            rows.append([cell.strip() for cell in line.strip("|").split("|")])
        elif rows:
            (_, *head), _, *body = rows
            cells = {name: zip(head, row, strict=True) for name, *row in body}
            made.append({n: {k: _number(v) for k, v in row} for n, row in cells.items()})
            rows = []
    return made


def _number(cell: str) -> float:
    return float(cell.rstrip("%") or 0)


def marks(run: RunFolder) -> list[str]:
    """The names of all regions in a run's trace."""
    with gzip.open(run.path / "profile" / "trace.json.gz", "rt", encoding="utf-8") as file:
        events = json.load(file)["traceEvents"]
    names = [str(event.get("name", "")) for event in events]
    return [name.removeprefix("gan-zoo: ") for name in names if name.startswith("gan-zoo: ")]


@pytest.fixture
def short(monkeypatch: pytest.MonkeyPatch) -> None:
    """Two steps warm up, four are profiled."""
    monkeypatch.setattr(profiling, "WARM", 2)
    monkeypatch.setattr(profiling, "STEPS", 4)


@pytest.fixture
def lengths(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """Microseconds of every profiled step, by another clock than the profiler's."""
    found: list[float] = []
    original = profiling.region

    @contextmanager
    def timed(name: str) -> Iterator[None]:
        with original(name):
            began = time.perf_counter()
            yield
            if name == STEP:
                found.append(1e6 * (time.perf_counter() - began))

    monkeypatch.setattr(profiling, "region", timed)
    return found


@pytest.fixture
def steps(monkeypatch: pytest.MonkeyPatch) -> list[StepTimes]:
    """The steps that the page is made of."""
    found: list[StepTimes] = []
    page = profiling.profile_page

    def kept(steps: list[StepTimes], alone: float, described: str) -> str:
        found[:] = steps
        return page(steps, alone, described)

    monkeypatch.setattr(profiling, "profile_page", kept)
    return found


@pytest.mark.usefixtures("short")
def test_rows_and_columns_add_up_to_the_step(
    few: Few, tmp_path: Path, lengths: list[float], steps: list[StepTimes]
) -> None:
    run = trained(few(only={"steps": 8}), tmp_path / "run", profile=True)
    assert len(steps) == len(lengths) == 4
    for step, length in zip(steps, lengths, strict=True):
        assert step.end - step.start == pytest.approx(length, rel=0.05, abs=2000)
        assert sum(step.cpu.values()) == pytest.approx(step.end - step.start, rel=1e-6)
    by_way, by_kind = tables(run)
    told = (run.path / "profile" / "table.md").read_text()
    [length] = map(float, re.findall(r"which took (.+) ms", told))
    for table, column in ((by_way, "both"), (by_kind, "all")):
        rows = sum(row[column] for name, row in table.items() if name != "all")
        assert rows == pytest.approx(table["all"][column], rel=0.01)
        assert rows == pytest.approx(length, rel=0.02)
    for row in by_kind.values():
        assert sum(row.values()) == pytest.approx(2 * row["all"], abs=0.06)
    assert [*by_kind] == [
        "conditions.picture",
        "discriminator",
        "generator",
        "losses.gan",
        "losses.l1",
        "optimizer",
        "looking at gradients",
        "reading numbers",
        "receiving data",
        "waiting for data",
        "the rest",
        "all",
    ]
    for network in ("generator", "discriminator"):
        assert by_way[network]["backward"] > 0.1
        assert by_kind[network]["convolution"] > 0.1
    assert by_kind["optimizer"]["optimizer"] == by_kind["optimizer"]["all"] > 0
    assert by_kind["losses.l1"]["convolution"] == 0


@pytest.mark.usefixtures("short")
@pytest.mark.parametrize("anew", [[], ["generator"]])
def test_a_profile_changes_no_number(few: Few, tmp_path: Path, anew: list[str]) -> None:
    recipe = few({"engine.log_every": 1, "engine.recompute": anew}, only={"steps": 6})
    with_it = trained(recipe, tmp_path / "with", profile=True)
    without = trained(recipe, tmp_path / "without")
    assert (with_it.path / "profile" / "table.md").is_file()
    assert not (without.path / "profile").exists()
    assert len(losses(with_it)) == 6
    assert losses(with_it) == losses(without)
    assert contents(with_it.path) == contents(without.path)


@pytest.mark.usefixtures("short")
def test_it_is_said_which_steps_are_profiled(few: Few, tmp_path: Path) -> None:
    run = trained(few(only={"steps": 8}), tmp_path / "run", profile=True)
    folder = re.escape(str(run.path / "profile"))
    said = run.text_log.read_text()
    assert "Profiling 4 steps from step 3 on, or as many as the phase has left\n" in said
    done = rf"Profiled 4 steps of [\d.]+ ms: {folder}/table.md; trace.json.gz beside it opens in"
    assert len(re.findall(done, said)) == 1
    assert said.index("Profiled") < said.index("Done after 8 steps")
    page = (run.path / "profile" / "table.md").read_text()
    assert "Phase only, steps 3 to 6, on cpu, float32, contiguous; torch" in page
    assert "median of 4 profiled" in page
    assert marks(run).count("step") == 4


@pytest.mark.usefixtures("short")
def test_a_phase_that_only_warms_up_is_passed_by(few: Few, tmp_path: Path) -> None:
    run = trained(few(one={"steps": 2}, two={"steps": 4}), tmp_path / "run", profile=True)
    page = (run.path / "profile" / "table.md").read_text()
    assert "Phase two, steps 5 to 6, on" in page
    assert marks(run).count("step") == 2


def test_a_run_too_short_says_so_and_a_resume_profiles_nothing(few: Few, tmp_path: Path) -> None:
    run = trained(few(only={"steps": 20}), tmp_path / "run", steps=5, profile=True)
    [told] = re.findall(r"Nothing was profiled: .+", run.text_log.read_text())
    assert told.endswith("no phase took more than 5 steps here, and the first 5 only warm up")
    resume(run.path, steps="all", reporter=Reporter(quiet=True), report=False)
    assert not (run.path / "profile").exists()


@pytest.mark.usefixtures("short")
def test_looks_at_pictures_are_in_no_step_and_in_no_trace(
    few: Few, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    looked_at: list[int] = []

    def look(run: Run, *_: Any) -> None:
        looked_at.append(run.position.step)
        with region("a look"):
            pass

    monkeypatch.setattr(Run, "_look_is_wanted", lambda run: run.position.step in (1, 3))
    monkeypatch.setattr(loop, "is_due", lambda *_, **__: True)
    monkeypatch.setattr(Run, "_validate", look)
    scored = {"validation": {"split": "val", "metrics": {"l1": {"use": "l1"}}, "every": 1}}
    run = trained(few(scored, only={"steps": 7}), tmp_path / "run", profile=True)
    assert looked_at == [1, 3, 7]
    assert "median of 4 profiled" in (run.path / "profile" / "table.md").read_text()
    found = marks(run)
    assert found.count("step") == 3  # the longer stretch
    assert "a look" not in found


@pytest.mark.usefixtures("short")
def test_a_run_that_fails_in_between_lets_the_profiler_go(
    few: Few, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    step = PhaseRunner.step

    def failing(self: PhaseRunner, batches: Any, number: int) -> Any:
        if number == 4:
            raise OSError("no space left")
        return step(self, batches, number)

    with monkeypatch.context() as patch:
        patch.setattr(PhaseRunner, "step", failing)
        with pytest.raises(OSError, match="no space left"):
            trained(few(only={"steps": 8}), tmp_path / "cut", profile=True)
    assert not (tmp_path / "cut" / "profile").exists()
    whole = trained(few(only={"steps": 8}), tmp_path / "whole", profile=True)
    assert marks(whole).count("step") == 4


def test_the_command_line_profiles(zoo: Callable[..., Any], tmp_path: Path) -> None:
    tiny = ("generator.width=4", "generator.depth=4", "data.workers=0", "discriminator.width=4")
    words = [word for change in (*tiny, "callbacks=null") for word in ("--set", change)]
    run = tmp_path / "run"
    done = zoo("run", "quickstart", *words, "--steps", "8", "--profile", "--out", run)
    assert done.code == 0
    assert "Profiled 3 steps of" in done.out
    assert {path.name for path in (run / "profile").iterdir()} == {"table.md", "trace.json.gz"}
    assert done.err == ""


def test_the_page_of_a_device_says_how_much_it_idles() -> None:
    cpu = {Cell("generator", "convolution", False): 1000.0, Cell(REST, BETWEEN, False): 3000.0}
    device = {Cell("generator", "convolution", True): 1500.0, Cell(REST, BETWEEN, False): 0.0}
    step = StepTimes(0, 4000, cpu, device, launches=7, gaps=[2000.0, 500.0])
    page = profiling.profile_page([step, step], 3.5, "Phase only, steps 6 to 7, on cuda")
    _, _, on_device = page.partition("## On the device")
    assert "without the profiler, 3.5 ms" in page
    assert (
        "Of 4.0 ms, the device worked 1.5 ms and had nothing to do 2.5 ms (62%), in 2 gaps a step, "
        "the longest 2.00 ms. 7 kernels and copies a step were launched."
    ) in on_device
    assert "| generator |         |     1.50 | 1.50 | 100.0% |" in on_device
    assert "| the rest  |    3.00 |          | 3.00 |  75.0% |" in page
    assert "the rest" not in on_device
