"""The page itself: whole in one file, bounded, and not broken by what users call their things."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

import gan_zoo
from gan_zoo.cli import app
from gan_zoo.errors import UserError
from gan_zoo.recipe.recipe import Recipe
from gan_zoo.report import drawing
from gan_zoo.report.markup import Html, data_script, tag
from gan_zoo.report.run_view import RunView, read_runs
from gan_zoo.report.writing import default_name, leave_report, write_report
from gan_zoo.reporter import Reporter
from tests.report.conftest import made_score

MEGABYTE = 1_000_000
EVIL = "<script>alert(1)</script>\"'&</textarea>"


class Page(HTMLParser):
    """As a browser would take it apart."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.text = ""
        self.script = False
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))
        self.script = tag in ("script", "style")

    def handle_endtag(self, tag: str) -> None:
        self.script = False

    def handle_data(self, data: str) -> None:
        self.text += "" if self.script else data

    def all(self, tag: str) -> list[dict[str, str | None]]:
        return [attributes for name, attributes in self.tags if name == tag]


def page(*runs: Any) -> tuple[str, Page]:
    path = write_report([run.path for run in runs])
    text = path.read_text(encoding="utf-8")
    return text, Page(text)


@pytest.fixture
def undrawn(monkeypatch: pytest.MonkeyPatch) -> None:
    """Bokeh is not installed."""
    for module in ("curves", "page"):
        monkeypatch.setattr(f"gan_zoo.report.{module}.can_draw", lambda: False)


def test_a_page_has_its_sections_in_order(folder: Any, undrawn: None) -> None:
    run = folder().train(1000).score(1000, 12.5).show([500, 1000], ["a", "b"])
    text, made = page(run)
    assert run.path / "report.html" == default_name([run.path])
    headings = re.findall(r"<h2>(.*?)</h2>", text)
    assert headings == ["In one look", "Pictures", "Curves", "Health", "Recipe", "World"]
    for told in (
        "The generator unet learned against the discriminator patch on emoji, by the losses gan "
        "and l1.",
        f"id {made_score(0).id}; mean distance; val, 70 pictures at 64x64; 8 bits, data 0e56",
        "recipes/mine.yaml:5",
        "WebP of quality 85",
        "lists no callback that looks at it",
        "gan-zoo run quickstart",
    ):
        assert told in made.text
    assert len([image for image in made.all("img") if image.get("src")]) == 2 + 2 * 3


def test_without_bokeh_pictures_tables_and_sentences_remain(folder: Any, undrawn: None) -> None:
    text, made = page(folder().train(2000).show([500], ["a"]))
    assert 'pip install "gan-zoo[report]"' in made.text
    assert len([one for one in made.all("script") if "type" not in one]) == 1  # the page's own
    figures = [one for one in made.all("figure") if one.get("class") == "chart"]
    assert len(figures) == len(made.all("details")) - 1 == 3
    assert len(text) < 200_000
    rows = text.count("<tr>")
    assert 3 * 50 <= rows <= 3 * 51 + 40  # a table has at most fifty


def test_a_page_needs_nothing_else(folder: Any) -> None:
    pytest.importorskip("bokeh", reason="the extra `report` is not installed")
    text, made = page(folder().train(2000).show([500, 1000], ["a"]))
    assert not made.all("link")
    for name in ("script", "img", "iframe", "source"):
        for attributes in made.all(name):
            assert (attributes.get("src") or "data:").startswith("data:")
    assert "@import" not in text
    policy = next(m for m in made.all("meta") if m.get("http-equiv"))
    assert (policy["content"] or "").startswith("default-src 'none'; img-src data:;")
    assert len(text) < 1.7 * MEGABYTE


def test_a_long_run_has_no_longer_page(folder: Any) -> None:
    pytest.importorskip("bokeh", reason="the extra `report` is not installed")
    short = folder("short").train(20_000).show(list(range(200, 20_001, 200)), ["a", "b"])
    long = folder("long").train(200_000).show(list(range(2000, 200_001, 2000)), ["a", "b"])
    sizes = [len(page(run)[0]) for run in (short, long)]
    assert abs(sizes[1] / sizes[0] - 1) < 0.05
    data = [len(page(run)[0]) - len(drawing.draw([], []).script) for run in (short, long)]
    assert abs(data[1] / data[0] - 1) < 0.05  # without Bokeh's own script, which hides much
    assert sizes[1] < 3 * MEGABYTE


def test_no_series_has_more_than_a_thousand_points(folder: Any) -> None:
    pytest.importorskip("bokeh", reason="the extra `report` is not installed")
    text, _ = page(folder().train(200_000))
    told = re.search(r'id="charts">(.*?)</script>', text)
    assert told is not None
    lengths: dict[str, int] = {}

    def look(value: Any) -> None:
        if isinstance(value, dict):
            if value.get("name") == "ColumnDataSource":
                entries = dict(value["attributes"]["data"]["entries"])
                lengths[value["id"]] = len(entries["x"])
            for inner in value.values():
                look(inner)
        elif isinstance(value, list):
            for inner in value:
                look(inner)

    look(json.loads(told[1]))
    assert len(lengths) == 2 * 2  # two losses, each raw and smooth; the rate is one number
    assert max(lengths.values()) <= 660
    assert sum(sorted(lengths.values())[-2:]) <= 1320


@pytest.mark.parametrize("bokeh", [True, False])
def test_what_users_wrote_stays_text(
    folder: Any, bokeh: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Names of runs, losses, metrics, samples, values: none of them ends or begins an element."""
    if bokeh:
        pytest.importorskip("bokeh", reason="the extra `report` is not installed")
    else:
        for module in ("curves", "page"):
            monkeypatch.setattr(f"gan_zoo.report.{module}.can_draw", lambda: False)
    named = "<b>run</b>"
    evil = json.dumps(EVIL)
    recipe = f"data: {{use: {evil}, root: {evil}}}\ngenerator: {{use: {evil}}}\n"
    runs = []
    for name in (named.replace("/", "_"), "two"):
        run = folder(name, recipe)
        (run.path / "origins.txt").write_text(f"data.use: {evil}  # {EVIL}\n")
        entries: list[dict[str, Any]] = [
            {"step": n, "phase": EVIL, "losses": {EVIL: 1.0 + n}, "health": {EVIL: 1.0 * n}}
            for n in range(1, 40)
        ]
        entries.append({"step": 41, "warning": {"sentence": EVIL, "cure": EVIL}})
        run.log(entries).show([1, 41], ["<i>a", "b"], size=8)
        run.say(f"2026-11-01 10:00:00 {EVIL}").score(40, 1.0, data=EVIL)
        told = json.loads((run.path / "environment.json").read_text())
        (run.path / "environment.json").write_text(json.dumps({**told, "platform": EVIL}))
        runs.append(run)
    for some in (runs[:1], runs):
        text, made = page(*some)
        assert EVIL in made.text
        assert {"b", "i", "textarea"}.isdisjoint(name for name, _ in made.tags)
        scripts = [s for s in made.all("script") if s.get("type") != "application/json"]
        assert len(scripts) == (2 if bokeh else 1)
        assert "<script>alert" not in text


def test_markup_escapes_all_that_is_not_markup() -> None:
    made = tag("p", "a < b & c", tag("b", ">"), None, ["x", Html("<br>")], title='"&', hidden=True)
    assert made == ('<p title="&quot;&amp;" hidden>a &lt; b &amp; c<b>&gt;</b>x<br></p>')
    script = data_script("d", {"a": "</script><!--&"})
    assert script.count("</script>") == 1
    assert json.loads(script.partition(">")[2].removesuffix("</script>")) == {"a": "</script><!--&"}


def test_a_run_without_anything_has_a_page(folder: Any) -> None:
    _, made = page(folder())
    assert "No step was logged yet." in made.text
    assert "There are no pictures" in made.text
    assert "Nothing was logged yet." in made.text


def test_runs_are_compared(folder: Any, undrawn: None) -> None:
    one = folder("one").train(400).score(400, 12.0).show([400], ["a"])
    other = RECIPE_OF_TWO
    two = folder("two", other).train(400).score(400, 13.0, data="other").show([400], ["a"])
    path = write_report([one.path, two.path])
    assert path == one.path.parent / "one-two.html"
    text = path.read_text()
    made = Page(text)
    assert "Where the recipes differ" in made.text
    differing = re.findall(r'<th scope="row"><code>(.*?)</code>', text)
    assert differing == ["generator.width"]
    columns = re.findall(r'<th scope="col" class="number">(l1.*?)</th>', text)
    ours, others = made_score(0).id, made_score(0, "other").id
    assert columns == [f"l1, id {id}" for id in sorted((ours, others))]
    row, *_ = re.findall(r"<tr>(?:(?!</tr>).)*>one</span></th>(.*?)</tr>", text, re.S)
    cells = re.findall(r'<td class="number">(.*?)</td>', row)
    assert dict(zip(sorted((ours, others)), cells[-2:], strict=True)) == {
        ours: "12 at 400",
        others: "",
    }


RECIPE_OF_TWO = """\
seed: 0
data: {use: emoji, batch: 4}
generator: {use: unet, width: 16}
discriminator: {use: patch}
losses: {gan: {use: adversarial}, l1: {use: l1, weight: 100}}
validation: {split: val, metrics: {l1: {use: l1}, psnr: {use: psnr}}, best: l1}
"""


def test_the_command_writes_where_it_is_told(folder: Any, tmp_path: Path) -> None:
    run = folder().train(100)
    done = CliRunner().invoke(app, ["report", str(run.path), "--out", str(tmp_path / "x/y.html")])
    assert done.output.splitlines()[-1] == f"Report: {tmp_path / 'x/y.html'}"
    assert (tmp_path / "x/y.html").read_text().startswith("<!doctype html>")
    assert not list(run.path.glob("report*"))
    with pytest.raises(UserError, match="is a folder; name a file in it"):
        write_report([run.path], tmp_path)
    failed = CliRunner().invoke(app, ["report", str(tmp_path)])
    assert isinstance(failed.exception, UserError)


def test_a_page_is_made_without_torch(folder: Any) -> None:
    run = folder().train(100).show([100], ["a"])
    code = (
        "import sys; from gan_zoo.report.writing import write_report; "
        f"write_report([{str(run.path)!r}]); "
        "print({'torch', 'bokeh'} & sys.modules.keys())"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert (done.stdout, done.stderr) == ("set()\n", "")


# ------------------------------------------------------------------ at the end of a run


def small(**changes: Any) -> Recipe:
    return Recipe.load(
        "quickstart",
        set={
            "data.batch": 4,
            "data.workers": 0,
            "generator.width": 2,
            "generator.depth": 3,
            "discriminator.width": 2,
            "engine.device": "cpu",
            "callbacks.previews": {"use": "previews", "count": 1},
            "validation": None,
            "phases.main.epochs": None,
            "phases.main.steps": 2,
            **changes,
        },
    )


def test_every_run_leaves_its_page(tmp_path: Path) -> None:
    run = gan_zoo.train(small(), tmp_path / "run", steps=1, reporter=Reporter(quiet=True))
    first = (run.path / "report.html").read_text()
    assert "Ended at step 1" in Page(first).text
    assert run.text_log.read_text().splitlines()[-1].endswith(f"Report: {run.path}/report.html")
    gan_zoo.resume(run.path, steps="all", reporter=Reporter(quiet=True))
    assert "Finished: 2 steps" in Page((run.path / "report.html").read_text()).text
    quiet = gan_zoo.train(small(), tmp_path / "none", reporter=Reporter(quiet=True), report=False)
    assert not (quiet.path / "report.html").exists()


def test_a_report_that_fails_is_told_in_one_line(
    folder: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    run, told = folder().train(100), []
    leave_report(run.path, told.append)
    before = (run.path / "report.html").read_bytes()

    def fail(runs: list[RunView]) -> str:
        raise ZeroDivisionError("of somebody\nelse")

    monkeypatch.setattr("gan_zoo.report.writing.make_page", fail)
    leave_report(run.path, told.append)
    assert told == [
        f"Report: {run.path}/report.html",
        f"The report could not be written: of somebody; gan-zoo report {run.path} tries again",
    ]
    assert (run.path / "report.html").read_bytes() == before
    assert read_runs([run.path])[0].steps == 100
