"""The page of an ablation: its numbers, its drawing, its pictures, and nothing that breaks it."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import replace
from html import unescape
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from gan_zoo.ablation.page import make_page, report_ablation, write_page
from gan_zoo.ablation.pages import shots
from gan_zoo.ablation.pages.forest import Axis, make_axis
from gan_zoo.ablation.plan import Plan
from gan_zoo.ablation.results import Result
from gan_zoo.ablation.table import Cell, Table
from gan_zoo.ablation.table_making import make_table
from gan_zoo.ablation.tables.footers import INTERVALS
from gan_zoo.ablation.tables.layout import lay_out
from gan_zoo.cli import app
from gan_zoo.errors import UserError
from gan_zoo.evaluation.statistics import Interval
from tests.ablation.some_folders import SHIFTS, leave_ablation, some_grid

EVIL = "<script>alert(1)</script>\"'&</textarea>"
LINE = "MemoryError: 2 GiB"


def text_of(page: str) -> str:
    """What a reader sees, without scripts and tags."""
    shown = re.sub(r"<(script|style)\b.*?</\1>", "", page, flags=re.S)
    return unescape(re.sub(r"\s+", " ", re.sub(r"<[^>]*>", " ", shown)))


def board_of(page: str) -> dict[str, Any]:
    """The data of the pictures."""
    told = re.search(r'id="boards">(.*?)</script>', page)
    assert told is not None
    (board,) = json.loads(told[1])
    return board


def made(
    folder: Path, plan: Plan, results: Mapping[str, Result], failed: Mapping[str, str] | None = None
) -> tuple[Table, str]:
    failed = failed or {}
    states = {key: f"failed: {cause}" for key, cause in failed.items()}
    table = make_table(plan, results, states, {key: LINE for key in failed})
    return table, make_page(folder, plan, table, results)


def test_the_page_has_what_the_table_has(tmp_path: Path) -> None:
    folder, plan, results = leave_ablation(tmp_path / "a", samples=["ant"], side=16)
    table, page = made(folder.path, plan, results)
    headings = re.findall(r"<h2>(.*?)</h2>", page)
    assert headings == ["In one look", "Table", "Differences", "Pictures", "Variants", "World"]
    bold = set()
    told = text_of(page)
    for block in lay_out(table):
        assert f"<caption><span>{block.title}</span></caption>" in page
        for entry in (entry for row in block.rows for entry in row):
            assert f"{entry.text} {entry.aside}".strip() in told
            bold |= {entry.text} if entry.bold else set()
    assert set(re.findall(r"<td[^>]*><strong>(.*?)</strong>", page)) == bold
    assert len(bold) >= 8
    for sentence in (
        "What each part of the loss does",
        " from l1_cgan in a score whose interval is off zero.",
        f"Of {table.comparisons} differences, any that is not real is off zero 1 time in 20.",
        "Protocols in full: table.json.",
        "How it was measured",
        INTERVALS,
        "All 15 runs are done: 5 variants by 3 seeds (0, 1 and 2).",
        "losses.gan: null",
        "the base as it is",
        "cpu, 1 thread a run",
        "gan-zoo 0.1.0, torch 2.6.0",
        "512 MiB",
        "Every run went through at its first try.",
        "All values in which they differ",
    ):
        assert sentence in told


def test_a_verdict_names_only_what_may_be_believed(tmp_path: Path) -> None:
    folder, plan, results = leave_ablation(
        tmp_path / "a", samples=["ant"], side=16, failed=[("gan", 1)]
    )
    table, page = made(folder.path, plan, results, {"gan-1": "memory"})
    believed = {
        (row.variant, name) for row in table.rows for name, cell in row.cells.items() if cell.bold
    }
    findings = re.search(r'<ul class="findings">(.*?)</ul>', page)
    assert findings is not None
    for name, told in re.findall(r"<li><strong>(.*?)</strong>(.*?)</li>", findings[1]):
        verdict, _, rest = told.partition("no verdict on")
        assert {v for v in SHIFTS if re.search(rf"\b{v} \(", verdict)} == {
            variant for variant, column in believed if column == name
        }
        assert "gan (2 of 3 seeds)" in rest
    told = text_of(page)
    assert "14 of 15 runs are done" in told
    assert f"gan, seed 1 failed: memory {LINE}" in told
    (shown,) = re.findall(r'<div class="outcome">(.*?)<ul', page, re.S)
    assert shown.count("seed 1 failed: memory") == 1
    assert "Tries (1)" in told


def test_no_verdict_is_none_that_there_is_no_difference(tmp_path: Path) -> None:
    told = {}
    for name, failed in (
        ("whole", []),
        ("part", [("l1", 2)]),
        ("alone", [("l1_cgan", seed) for seed in range(3)]),
    ):
        folder, plan, results = leave_ablation(
            tmp_path / name, samples=["ant"], side=16, shifts={"l1": 0.0}, failed=failed
        )
        table, page = made(folder.path, plan, results)
        assert not any(cell.bold for row in table.rows for cell in row.cells.values())
        told[name] = text_of(page)
    assert (
        "No difference to l1_cgan may be believed, which is not that there is none" in told["whole"]
    )
    assert "There is no verdict yet: not all runs are done." in told["part"]
    assert "Nothing can be said yet: no seed is done in l1_cgan and another" in told["alone"]
    assert "may be believed, which" not in told["part"] + told["alone"]


def test_one_seed_is_not_spoken_of_as_chance(tmp_path: Path) -> None:
    folder, plan, results = leave_ablation(tmp_path / "a", samples=["ant"], side=16, seeds=(0,))
    told = text_of(made(folder.path, plan, results)[1])
    assert "12 differences were taken." in told
    assert "1 time in 20" not in told


@pytest.mark.parametrize("seeds", [(0,), (0, 1)])
def test_few_seeds_give_no_verdict(tmp_path: Path, seeds: tuple[int, ...]) -> None:
    folder, plan, results = leave_ablation(tmp_path / "a", samples=["ant"], side=16, seeds=seeds)
    _, page = made(folder.path, plan, results)
    assert "There is no verdict: it takes 3 seeds or more." in text_of(page)
    assert not re.search('class="(better|worse)"', page)
    assert page.count('class="open"') == 4 * 3
    assert page.count('class="seed"') == 4 * 3 * len(seeds)


def test_an_ablation_that_has_not_begun_has_a_page(tmp_path: Path) -> None:
    folder, plan, _ = leave_ablation(tmp_path / "a", samples=["ant"], side=16)
    _, page = made(folder.path, plan, {})
    told = text_of(page)
    assert "Nothing can be said yet" in told
    assert "0 of 15 runs are done" in told
    assert "Seed 2 is missing of all." in told
    assert "There is no difference yet" in told
    assert "There are no pictures" in told


# ------------------------------------------------------------------ the drawing


def cell(low: float, mean: float, high: float, *each: float) -> Cell:
    return Cell({}, 0.0, None, Interval(mean, low, high), dict(enumerate(each)))


@pytest.mark.parametrize(
    ("cells", "low", "high", "ticks"),
    [
        ([cell(-1, 1, 3, 0.5, 1.5)], -1.2, 3.2, ["-1", "0", "+1", "+2", "+3"]),
        ([cell(2, 3, 4, 3, 3)], -0.2, 4.2, ["0", "+1", "+2", "+3", "+4"]),
        # two seeds: ends of the t distribution, of which as much is seen as the dots take
        ([cell(-40, 1, 42, 0, 2)], -2.3, 4.3, ["-2", "-1", "0", "+1", "+2", "+3", "+4"]),
        ([cell(float("-inf"), 0.02, float("inf"), 0.02)], -0.001, 0.021, None),
        ([cell(0, 0, 0, 0, 0)], -1.1, 1.1, None),
    ],
)
def test_an_axis_holds_zero_and_every_seed(
    cells: list[Cell], low: float, high: float, ticks: list[str] | None
) -> None:
    axis = make_axis(cells)
    assert axis.low < 0 < axis.high
    assert (axis.low, axis.high) == pytest.approx((low, high))
    assert ticks is None or [*axis.ticks.values()] == ticks


@pytest.mark.parametrize("scale", [1e-6, 0.003, 0.7, 1, 26, 1234, 5e7])
def test_ticks_are_few_round_and_different(scale: float) -> None:
    axis = Axis(-0.31 * scale, 0.69 * scale)
    assert 3 <= len(axis.ticks) <= 8
    assert len(set(axis.ticks.values())) == len(axis.ticks)
    assert all(float(told) == pytest.approx(value) for value, told in axis.ticks.items())


def test_the_forest_lies_where_the_numbers_say(tmp_path: Path) -> None:
    folder, plan, results = leave_ablation(tmp_path / "a", samples=["ant"], side=16)
    table, page = made(folder.path, plan, results)
    figures = re.findall(r'<figure class="forest">(.*?)</figure>', page, re.S)
    assert len(figures) == len(table.columns) == 3
    for figure, column in zip(figures, table.columns, strict=True):
        rows = re.findall(r'<li><span class="who">(.*?)</span>(.*?)</li>', figure, re.S)
        assert [name for name, _ in rows] == list(SHIFTS)
        own = {row.variant: row.cells[column.name] for row in table.rows}
        axis = make_axis(own.values())
        for name, drawing in rows:
            found = own[name].difference
            assert found is not None
            mean = re.search(r'cx="([\d.]+)%" cy="13"', drawing)
            assert mean is not None
            place = axis.low + float(mean[1]) / 100 * (axis.high - axis.low)
            assert place == pytest.approx(found.mean, abs=1e-4 * (axis.high - axis.low))
            assert drawing.count('class="seed"') == 3
            assert ("<strong" in drawing) == own[name].bold
        assert "of the line" in figure


def test_an_interval_that_goes_on_has_arrows(tmp_path: Path) -> None:
    folder, plan, results = leave_ablation(tmp_path / "a", samples=["ant"], side=16, seeds=(0,))
    _, page = made(folder.path, plan, results)
    *_, of_set = re.findall(r'<figure class="forest">(.*?)</figure>', page, re.S)
    assert of_set.count('class="beyond"') == 2 * len(SHIFTS)  # one seed bounds no score of sets


# ------------------------------------------------------------------ pictures


def test_every_combination_shows_its_own_run(tmp_path: Path) -> None:
    plan = some_grid()
    folder, _, results = leave_ablation(
        tmp_path / "a", plan=plan, shifts={"unet.l1": 1.0}, samples=["ant", "bee"], side=16
    )
    _, page = made(folder.path, plan, results)
    board = board_of(page)
    assert [dial["stops"] for dial in board["dials"]] == [
        ["unet", "deep"],
        ["l1", "cgan"],
        ["0", "1", "2"],
    ]
    chosen, reference = board["columns"].values()
    assert len(chosen["shown"]) == len(reference["shown"]) == 2 * 2 * 3
    assert chosen["labels"][:3] == [f"unet.l1, seed {seed}" for seed in range(3)]
    assert chosen["shown"][6:9] == [None] * 3
    assert chosen["labels"][6] == "deep.l1, seed 0: left out"
    assert reference["labels"] == [f"unet.cgan, seed {seed}" for seed in range(3)] * 4
    assert board["given"] == ["source", "target"]
    frames = [uri for uri in chosen["frames"][0] if uri]
    assert len(frames) == len(set(frames)) == 3 * 3 - 2  # two are on the page
    assert board["samples"] == ["ant", "bee"]
    assert "deep.l1 leave_out" in text_of(page)


def test_a_run_that_failed_has_no_picture_and_a_reason(tmp_path: Path) -> None:
    folder, plan, results = leave_ablation(
        tmp_path / "a", samples=["ant"], side=16, failed=[("l1", 0), ("l1", 1), ("gan", 2)]
    )
    _, page = made(folder.path, plan, results, {"l1-0": "memory", "gan-2": "other"})
    chosen = board_of(page)["columns"]["0"]
    told = dict(zip(chosen["labels"], chosen["shown"], strict=True))
    assert told["l1, seed 0: failed: memory"] is told["l1, seed 1: waiting"] is None
    assert told["gan, seed 2: failed: other"] is None
    assert told["l1, seed 2"] is not None
    assert "gan, seed 0" in text_of(page)  # the first that there is


def test_pictures_have_a_bound(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    names = [f"s{n}" for n in range(6)]
    folder, plan, results = leave_ablation(tmp_path / "a", samples=names, side=64)
    _, whole = made(folder.path, plan, results)
    everything = sum(len(uri) for uri in re.findall(r"data:image/webp[^\"]*", whole))
    assert "samples are shown" not in whole
    for share, said in (
        (0.7, "4 of 6 samples are shown."),
        (0.3, "Pictures of seed 0 alone have room here."),
        (0.02, "nor for samples but the first."),
    ):
        monkeypatch.setattr(shots, "BYTES", int(share * everything))
        _, page = made(folder.path, plan, results)
        assert said in page
        board = board_of(page)
        outputs = sum(len(uri or "") for row in board["columns"]["0"]["frames"] for uri in row)
        assert outputs <= share * everything
        assert len(page) < share * everything + 100_000  # its words, and the first look
    assert len(board["samples"]) == 1


def test_variants_of_other_samples_are_named(tmp_path: Path) -> None:
    folder, plan, results = leave_ablation(tmp_path / "a", samples=["ant"], side=16)
    for path in (folder.path / "runs/gan").rglob("ant.png"):
        path.rename(path.with_name("wasp.png"))
    _, page = made(folder.path, plan, results)
    assert "Variants that keep pictures of other samples are not shown: gan." in page
    assert "gan, seed 0: no pictures" in board_of(page)["columns"]["0"]["labels"]


# ------------------------------------------------------------------ one file, from the folder alone


def test_what_users_wrote_stays_text(tmp_path: Path) -> None:
    folder, plan, results = leave_ablation(
        tmp_path / "a", samples=["<i>a"], side=16, failed=[("gan", 1)], about=EVIL
    )
    variants = {n: replace(v, changes=(EVIL,)) for n, v in plan.variants.items()}
    plan = replace(plan, variants=variants, left_out={"x": EVIL}, published={"source": EVIL})
    states = {"gan-1": f"failed: {EVIL}"}
    table = make_table(plan, results, states, {"gan-1": EVIL})
    page = make_page(folder.path, plan, table, results)
    assert "<script>alert" not in page
    assert "<i>" not in page
    assert page.count("</script>") == 2  # the data and our own
    assert text_of(page).count(EVIL) >= 6


def test_equal_folders_have_equal_pages(tmp_path: Path) -> None:
    pages = []
    for name in "ab":
        folder, plan, results = leave_ablation(tmp_path / name, samples=["ant"], side=16)
        path = write_page(folder.path, plan, made(folder.path, plan, results)[0], results)
        assert path == folder.path / "report.html"
        pages.append(path.read_bytes())
    assert pages[0] == pages[1]
    assert b"<link" not in pages[0]
    assert b"default-src &#x27;none&#x27;; img-src data:" in pages[0]


def test_runs_pages_are_linked_where_they_lie(tmp_path: Path) -> None:
    folder, plan, results = leave_ablation(tmp_path / "a", samples=["ant"], side=16)
    (folder.path / "runs/l1/seed-1/report.html").write_text("x")
    _, page = made(folder.path, plan, results)
    assert re.findall(r'<a href="(runs[^"]*)">(.*?)</a>', page) == [
        ("runs/l1/seed-1/report.html", "seed 1")
    ]


def test_the_command_knows_an_ablation(tmp_path: Path) -> None:
    folder, *_ = leave_ablation(tmp_path / "a", samples=["ant"], side=16, failed=[("gan", 1)])
    done = CliRunner().invoke(app, ["report", str(folder.path)])
    assert done.output == f"Report: {folder.path}/report.html\n"
    told = text_of((folder.path / "report.html").read_text())
    assert f"gan, seed 1 failed: memory {LINE}" in told
    assert report_ablation(folder.path, tmp_path / "x/y.html") == tmp_path / "x/y.html"
    assert (tmp_path / "x/y.html").read_bytes() == (folder.path / "report.html").read_bytes()
    run = folder.path / "runs/l1/seed-0"
    failed = CliRunner().invoke(app, ["report", str(run), str(folder.path)])
    assert isinstance(failed.exception, UserError)
    assert "has a page of its own" in str(failed.exception)


def test_the_page_is_made_without_torch(tmp_path: Path) -> None:
    folder, *_ = leave_ablation(tmp_path / "a", samples=["ant"], side=16)
    code = (
        "import sys; from pathlib import Path; from gan_zoo.ablation.page import report_ablation; "
        f"report_ablation(Path({str(folder.path)!r})); "
        "print({'torch', 'bokeh'} & sys.modules.keys())"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert (done.stdout, done.stderr) == ("set()\n", "")
