"""What a page reads of a run folder, and how much of it it shows."""

from __future__ import annotations

import base64
import json
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from gan_zoo.components import thinned
from gan_zoo.errors import UserError
from gan_zoo.report.charts import group_scores, plan_charts
from gan_zoo.report.drawing import smooth
from gan_zoo.report.frames import make_frames
from gan_zoo.report.history import read_history
from gan_zoo.report.pictures import make_boards
from gan_zoo.report.previews import read_galleries
from gan_zoo.report.run_view import read_run, read_runs
from gan_zoo.report.scores import Scored
from gan_zoo.report.series import Series, buckets, evenly
from gan_zoo.report.wording import describe_curve, describe_verdict
from gan_zoo.report.world import read_told
from tests.report.conftest import made_score


def test_a_curve_has_at_most_a_thousand_points_and_keeps_its_spikes() -> None:
    series = Series([(step, 1.0) for step in range(1, 100_001)])
    series.points[70_000] = (70_001, 50.0)
    series.points[123] = (124, -7.0)
    raw, means = series.raw(), series.means()
    assert len(raw) + len(means) <= 1000
    assert {(70_001, 50.0), (124, -7.0)} <= set(raw)
    assert [step for step, _ in raw] == sorted(step for step, _ in raw)
    assert len(means) == 330
    assert sum(value for _, value in means) == pytest.approx(330 + (49 - 8) * 330 / 1e5, rel=1e-3)


def test_few_points_are_all_there() -> None:
    points = [(n, float(n * n)) for n in range(1, 300)]
    assert Series(points).raw() == Series(points).means() == points
    assert buckets([]) == []


def test_an_exponential_mean_begins_where_the_curve_does() -> None:
    assert smooth([4.0, 4.0, 4.0], 0.9) == [4.0, 4.0, 4.0]
    assert smooth([0.0, 1.0], 0.5) == [0.0, pytest.approx(2 / 3, rel=1e-4)]
    assert smooth([3.0, 5.0], 0.0) == [3.0, 5.0]


def test_times_are_spread_by_the_logarithm_of_the_step() -> None:
    chosen = thinned(range(100, 100_001, 100), 24)
    assert len(chosen) == 24
    assert (chosen[0], chosen[-1]) == (100, 100_000)
    assert sum(step <= 10_000 for step in chosen) >= 12
    assert thinned([5, 9], 24) == [5, 9]


def test_a_table_has_the_first_and_the_last_row() -> None:
    rows = evenly([(n, 0.0) for n in range(1000)], 50)
    assert (len(rows), rows[0][0], rows[-1][0]) == (50, 0, 999)


def test_lines_that_were_cut_and_numbers_that_are_none_are_passed_over(folder: Any) -> None:
    run = folder().log([{"step": 20, "losses": {"G": None, "D": 1.5}}])
    with (run.path / "log.jsonl").open("a") as file:
        file.write('[1]\n{"step": 40, "losses": {"D"')
    history = read_history(run.path / "log.jsonl")
    assert (list(history.losses), history.unread) == (["D"], 2)
    assert history.losses["D"].points == [(20, 1.5)]


def test_scores_of_different_protocols_stand_apart(folder: Any) -> None:
    one = folder("one").score(20, 30.0).score(40, 28.0)
    two = folder("two").score(20, 31.0).score(40, 29.0, data="other")
    runs = read_runs([one.path, two.path])
    groups = {key: [n for n, _ in own] for key, own in group_scores(runs).items()}
    ours, others = made_score(0).id, made_score(0, "other").id
    assert groups == {("l1", others): [1], ("l1", ours): [0, 1]}
    titles = {c.title: len(c.lines) for c in plan_charts(runs) if c.group == "Scores"}
    assert titles == {f"l1, id {others}": 1, f"l1, id {ours}": 2}


def test_scores_without_a_protocol_are_compared_with_none(folder: Any) -> None:
    made = [folder("one"), folder("two")]
    for run in made:
        run.log([{"step": 20, "validation": {"l1": 30.0, "own": 2.0}}])
    runs = read_runs([run.path for run in made])
    assert all(len(own) == 1 for own in group_scores(runs).values())
    assert len(group_scores(runs)) == 4
    ours = {scored.metric: scored.lower for scored in runs[0].scores}
    assert ours == {"l1": True, "own": None}  # l1 is a component; nobody knows the other


def test_a_score_with_an_ideal_is_best_where_it_is_nearest() -> None:
    scored = Scored("sharpness", "", "", True, 1.0, points=Series([(1, 0.4), (2, 1.1), (3, 1.3)]))
    assert scored.best() == (2, 1.1)
    assert scored.order == "nearer to 1 is better"
    scored.ideal = None
    assert (scored.best(), scored.order) == ((1, 0.4), "lower is better")


def test_a_score_that_is_in_log_and_file_is_one(folder: Any) -> None:
    run = folder().score(20, 30.25).log([{"step": 20, "validation": {"l1": 30.25}}])
    run.log([{"step": 40, "validation": {"l1": 29.0}}])
    told = [(s.id, s.points.points) for s in read_run(run.path).scores]
    assert told == [("", [(40, 29.0)]), (made_score(0).id, [(20, 30.25)])]


def test_what_was_said_tells_resumes_and_time(tmp_path: Path) -> None:
    (tmp_path / "log.txt").write_text(
        "2026-11-01 10:00:00 runs/x: cpu\n"
        "2026-11-01 10:00:10   main 65/420  epoch 1  G 1\n"
        "2026-11-01 11:00:00 Resuming runs/x\n"
        "2026-11-01 11:00:05 torch 2.6 -> 2.7\n  of another line\n"
        "2026-11-01 11:00:30 Done after 420 steps, 30 s\n"
    )
    told = read_told(tmp_path / "log.txt")
    assert (told.resumes, told.seconds) == (1, 40.0)
    assert told.end == "Done after 420 steps, 30 s"
    assert len(told.lines) == 5  # progress is left to the curves


@pytest.mark.parametrize(
    ("values", "said"),
    [
        ([30, 28, 25], "The best l1, 25, came at step 60, the last time it was measured"),
        ([30, 25, 28], "The best l1, 25, came at step 40; 1 later measurement was no better."),
        ([25], "The best l1, 25, came at step 20, the only time it was measured."),
        ([], "Nothing was scored: the pictures are all that tells how good it is."),
    ],
)
def test_the_verdict(folder: Any, values: list[float], said: str) -> None:
    run = folder().train(100).say("2026-11-01 10:00:00 x", "2026-11-01 10:01:10 Done after 100")
    for n, value in enumerate(values):
        run.score(20 * (n + 1), value)
    first, second = describe_verdict(read_run(run.path))
    assert first == "Finished: 100 steps in 1 min 10 s."
    assert second.startswith(said)


def test_a_warning_is_in_the_verdict(folder: Any) -> None:
    told = {"cause": "spot", "sentence": "A spot at (3, 4) repeats.", "cure": "--set a=b"}
    run = folder().train(100).log([{"step": 60, "warning": told}])
    assert describe_verdict(read_run(run.path)) == [
        "Not finished: 100 steps so far.",
        "Nothing was scored: the pictures are all that tells how good it is.",
        "One warning at step 60: A spot at (3, 4) repeats.",
    ]


def test_the_sentence_of_a_curve() -> None:
    series = Series([(step, float(step % 40)) for step in range(1, 101)])
    assert describe_curve(series) == ("From 3 to 18; lowest 0 at step 40, highest 39 at step 39.")
    assert describe_curve(Series([(7, 2.0)])) == "2 at step 7, the only one."
    assert describe_curve(Series([(7, 2.0), (9, 2.0)])) == "2 throughout."


# ------------------------------------------------------------------ pictures


def color(uri: str | None) -> tuple[int, ...]:
    assert uri is not None
    with Image.open(BytesIO(base64.b64decode(uri.partition(",")[2]))) as picture:
        assert picture.format == "WEBP"
        return tuple(picture.convert("RGB").getpixel((8, 8)))


def test_a_page_shows_few_times_the_first_and_the_last_among_them(folder: Any) -> None:
    run = folder().show(list(range(10, 1001, 10)), ["a", "b"])
    (gallery,) = read_galleries(run.path / "previews")
    made = make_frames(gallery)
    assert (len(made.steps), made.times) == (24, 100)
    assert (made.steps[0], made.steps[-1]) == (10, 1000)
    assert color(made.outputs["b"][0])[0] < 8
    assert color(made.outputs["b"][-1])[0] > 247
    assert list(made.given) == ["source", "target"]


def test_large_pictures_are_shown_smaller_and_at_fewer_times(
    folder: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = folder().show(list(range(10, 101, 10)), ["a"], size=300)
    (gallery,) = read_galleries(run.path / "previews")
    made = make_frames(gallery)
    assert made.sizes == {"a": (300, 300)}
    for uri in made.outputs["a"]:
        assert uri is not None
        with Image.open(BytesIO(base64.b64decode(uri.partition(",")[2]))) as picture:
            assert picture.size == (256, 256)
    monkeypatch.setattr("gan_zoo.report.frames.BYTES", made.bytes - 1)
    fewer = make_frames(gallery)
    assert len(fewer.steps) < len(made.steps)
    assert (fewer.steps[0], fewer.steps[-1]) == (10, 100)


def test_runs_are_compared_on_the_samples_that_they_share(folder: Any) -> None:
    one = folder("one").show([10, 40], ["a", "b", "c"])
    two = folder("two").show([20, 30], ["c", "b"])
    (board,) = make_boards(read_runs([one.path, two.path]))
    assert board.samples == ["b", "c"]
    assert board.dials[0].stops == ["step 10", "step 20", "step 30", "step 40"]
    assert board.columns[1].shown == [0, 0, 1, 1]
    assert "2 of 3 samples are shown." in board.notes
    assert any("different pictures under the names b and c" in note for note in board.notes)


def test_runs_that_share_no_sample_stand_alone(folder: Any) -> None:
    one, two = folder("one").show([10], ["a"]), folder("two").show([10], ["b"])
    boards = make_boards(read_runs([one.path, two.path]))
    assert [board.title for board in boards] == ["one", "two"]
    assert "no samples of the same names" in boards[0].notes[0]


def test_a_run_of_sheets_alone_is_shown(folder: Any) -> None:
    run = folder()
    (run.path / "previews").mkdir()
    for name in ("main-000010", "main-000020", "main-000020-late"):
        Image.new("RGB", (900, 300)).save(run.path / f"previews/{name}.png")
    first, late = read_galleries(run.path / "previews")
    assert (first.callback, first.sheets, first.steps) == ("previews", True, [10, 20])
    assert (late.callback, late.steps) == ("late", [20])


def test_what_is_no_run_is_refused(folder: Any, tmp_path: Path) -> None:
    with pytest.raises(UserError, match="nowhere is not a run: no such folder"):
        read_run(tmp_path / "nowhere")
    run = folder()
    with pytest.raises(UserError, match="is named twice; name each run once"):
        read_runs([run.path, run.path / "."])
    (run.path / "recipe.yaml").write_text("a: [")
    with pytest.raises(UserError, match=r"recipe\.yaml:1: broken YAML"):
        read_run(run.path)


def test_damaged_files_beside_are_no_reason_to_show_nothing(folder: Any) -> None:
    run = folder().train(100).show([10, 20], ["a"])
    (run.path / "environment.json").write_text("{")
    (run.path / "plugins.json").write_text('{"a": 1}')
    (run.path / "previews/previews/000010/a.png").write_bytes(b"no picture")
    (run.path / "scores").mkdir()
    for n, text in enumerate(
        ("{", "[]", json.dumps({"step": 1, "scores": {"l1": {"value": None}}}))
    ):
        (run.path / f"scores/val-{n:06d}.json").write_text(text)
    view = read_run(run.path)
    assert (view.environment, view.plugins, view.scores) == ({}, [], [])
    assert make_frames(view.galleries[0]).outputs["a"][0] is None
