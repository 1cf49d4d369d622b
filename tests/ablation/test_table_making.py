"""The table: what it sets side by side, what it believes, what it leaves out and says."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import pytest

from gan_zoo.ablation.table import Table
from gan_zoo.ablation.table_making import make_table
from gan_zoo.ablation.tables.footers import footers
from gan_zoo.ablation.tables.layout import Entry, differences, lay_out
from gan_zoo.ablation.tables.records import as_json
from gan_zoo.evaluation.score_files import Score
from gan_zoo.evaluation.statistics import difference_interval, seeds_interval
from tests.ablation.some_tables import ON, mean_score, set_score, some_plan, some_results

BASE = (1.0, 2.0, 3.0, 4.0)  # what four pictures score
TWO = ("cgan", "l1_cgan")


def shifted(by: float) -> list[float]:
    return [value + by for value in BASE]


def made(
    scores: Mapping[str, Sequence[Mapping[str, Score]]],
    states: Mapping[str, str] | None = None,
    faults: Mapping[str, str] | None = None,
    **plan: Any,
) -> Table:
    """The table of variant -> name -> score, a mapping for each of the seeds 0, 1, ..."""
    planned = some_plan(plan.pop("variants", [*scores]), **plan)
    numbered = {variant: dict(enumerate(own)) for variant, own in scores.items()}
    return make_table(planned, some_results(planned, numbered), states or {}, faults or {})


def test_differences_are_those_of_equal_seeds_and_pictures() -> None:
    away = {0: (0.5, 0.6, 0.5, 0.7), 1: (0.4, 0.5, 0.6, 0.5), 2: (0.6, 0.5, 0.5, 0.4)}
    ours = [{"l1": mean_score([b + d for b, d in zip(BASE, away[s], strict=True)])} for s in away]
    theirs = [{"l1": mean_score(BASE)}] * 3
    table = made({"cgan": ours, "l1_cgan": theirs})
    [column], [cgan, reference] = table.columns, table.rows
    cell = cgan.cells["l1"]
    wanted = difference_interval([*away.values()])
    assert cell.difference is not None
    assert (cell.difference.low, cell.difference.high) == pytest.approx((wanted.low, wanted.high))
    assert cell.mean == pytest.approx(2.5 + sum(map(sum, away.values())) / 12)
    assert cell.sd == pytest.approx(0.0433013, abs=1e-6)
    assert (cell.better, cell.pairs, cell.bold) == (0, 3, True)
    assert cell.differences == pytest.approx({0: 0.575, 1: 0.5, 2: 0.5})
    assert (column.name, column.smallest) == ("l1", pytest.approx(wanted.half_width))
    assert reference.cells["l1"].difference is None
    assert not reference.cells["l1"].bold
    assert table.comparisons == 1
    assert table.notes == ()


def test_costs_and_plan_stand_beside() -> None:
    planned = {"source": "Isola et al. 2017", "values": {"cgan": 0.57, "l1_cgan": {"city": 0.66}}}
    scores = [{"l1": mean_score(BASE)}] * 3
    table = made({"cgan": scores, "l1_cgan": scores}, published=planned, left_out={"x": "why"})
    cgan, reference = table.rows
    assert (cgan.parameters, reference.flop) == (54_413_955, 40_200_000_000)
    assert cgan.seconds_a_step == pytest.approx(0.11)
    assert cgan.peak_bytes == 2**29 + 2
    assert (cgan.published, reference.published) == ({"published": 0.57}, {"city": 0.66})
    assert table.published == "Isola et al. 2017"
    assert table.left_out == {"x": "why"}
    assert cgan.changes == ("losses.cgan: null",)


def test_pooled_scores_and_those_of_sets_have_one_difference_a_seed() -> None:
    ours = [{"iou": replace(mean_score(BASE), value=v), "fid": set_score(v)} for v in (1, 2, 3)]
    theirs = [{"iou": replace(mean_score(BASE), value=0.0), "fid": set_score(0.0)}] * 3
    cells = made({"cgan": ours, "l1_cgan": theirs}).rows[0].cells
    assert cells["iou"].difference == cells["fid"].difference == seeds_interval([1.0, 2.0, 3.0])
    assert not cells["fid"].bold  # 2 +- 2.48
    assert cells["fid"].over_seeds
    assert cells["iou"].over_seeds


def test_scores_over_seeds_alone_are_named() -> None:
    def measured(by: float) -> dict[str, Score]:
        iou = replace(mean_score(BASE, "iou"), value=by)
        return {"l1": mean_score(shifted(by)), "iou": iou}

    table = made({"cgan": [measured(by) for by in (1, 2, 4)], "l1_cgan": [measured(0)] * 3})
    assert [column.over_seeds for column in table.columns] == [False, True]
    assert footers(table)[0].endswith("; of iou for other seeds on these pictures.")


def test_a_twin_of_the_reference_is_equal_and_tells_nothing_of_widths() -> None:
    """Its intervals have no width: they are no sign of what these seeds can show."""
    base, wide = {"l1": mean_score(BASE)}, {"l1": mean_score((0, 3, 2, 9))}
    scores = {"twin": [base] * 3, "cgan": [wide] * 3, "l1_cgan": [base] * 3}
    table = made(scores)
    twin, cgan = (row.cells["l1"] for row in table.rows[:2])
    assert cgan.difference is not None
    assert (twin.better, twin.equal, cgan.equal) == (0, 3, 0)
    assert table.columns[0].smallest == pytest.approx(cgan.difference.half_width)
    told = differences(table)["l1"]
    assert told["twin"] == Entry("0.0 [0.0, 0.0]", aside="0/3, 3 equal")


def test_means_of_more_seeds_than_differences_are_told() -> None:
    base = {"l1": mean_score(BASE)}
    said = "Some means are of more seeds than the differences, which are of those done in both."
    assert said in footers(made({"cgan": [base] * 3, "l1_cgan": [base] * 2}))
    assert said not in footers(made({"cgan": [base] * 3, "l1_cgan": [base] * 3}))


def test_a_score_with_an_ideal_is_compared_by_its_distance() -> None:
    """Pictures on both sides of 1 are as far from it as they are, whatever their mean."""
    one = {"sharpness": mean_score([0.8, 1.2, 0.7, 1.3], ideal=1.0)}
    other = {"sharpness": mean_score([0.9, 0.9, 0.9, 0.9], ideal=1.0)}
    cell = made({"cgan": [one] * 3, "l1_cgan": [other] * 3}).rows[0].cells["sharpness"]
    assert cell.difference is not None
    assert cell.mean == pytest.approx(1.0)
    assert cell.difference.mean == pytest.approx(0.15)  # further away
    assert cell.better == 0
    pooled = [replace(score["sharpness"], value=v) for v, score in ((1.3, one), (0.8, other))]
    ours, theirs = ([{"sharpness": score}] * 3 for score in pooled)
    cell = made({"cgan": ours, "l1_cgan": theirs}).rows[0].cells["sharpness"]
    assert cell.difference is not None
    assert cell.difference.mean == pytest.approx(0.1)


def test_higher_is_better_where_it_is() -> None:
    up = [{"psnr": mean_score(shifted(1), lower_is_better=False)}] * 3
    down = [{"psnr": mean_score(BASE, lower_is_better=False)}] * 3
    cell = made({"cgan": up, "l1_cgan": down}).rows[0].cells["psnr"]
    assert (cell.better, cell.bold) == (3, True)


@pytest.mark.parametrize(("seeds", "said"), [(1, "this one training"), (2, "There is no verdict")])
def test_fewer_than_three_seeds_give_no_verdict(seeds: int, said: str) -> None:
    ours, theirs = [{"l1": mean_score(shifted(9))}], [{"l1": mean_score(BASE)}]
    scores = {"cgan": ours * seeds, "l1_cgan": theirs * seeds}
    table = made(scores, seeds=range(seeds))
    cell = table.rows[0].cells["l1"]
    assert cell.difference is not None
    assert cell.difference.is_off_zero
    assert (cell.bold, cell.pairs, table.columns[0].smallest) == (False, seeds, None)
    assert any(said in note for note in table.notes)
    assert table.notes[-1] == "There is no verdict: it takes 3 seeds or more."


def test_one_seed_of_a_set_has_a_difference_without_an_interval() -> None:
    ours, theirs = [{"fid": set_score(5.0)}], [{"fid": set_score(3.0)}]
    cell = made({"cgan": ours, "l1_cgan": theirs}, seeds=[0]).rows[0].cells["fid"]
    assert cell.difference is not None
    assert (cell.difference.mean, cell.difference.high) == (2.0, math.inf)


def test_what_is_not_done_is_waited_for() -> None:
    """Three seeds of four are no verdict; a run that failed keeps its last line."""
    ours, theirs = [{"l1": mean_score((9, 8, 9, 9))}], [{"l1": mean_score(BASE)}]
    table = made(
        {"gan": [], "cgan": ours * 3, "l1_cgan": theirs * 4},
        {"cgan-3": "failed: memory", "gan-0": "running", "l1_cgan-0": "running"},
        {"cgan-3": "needs 9 GiB", "cgan-0": "of an attempt before"},
        seeds=range(4),
    )
    gan, cgan, reference = table.rows
    assert gan.states == {0: "running", 1: "waiting", 2: "waiting", 3: "waiting"}
    assert (gan.cells, gan.seconds_a_step, gan.peak_bytes) == ({}, None, None)
    assert cgan.states == {0: "done", 1: "done", 2: "done", 3: "failed: memory"}
    assert cgan.faults == {3: "needs 9 GiB"}
    assert reference.states[0] == "done"  # what is scored is done
    cell = cgan.cells["l1"]
    assert (cell.pairs, cell.bold) == (3, False)
    assert table.columns[0].smallest is not None


def test_without_a_reference_there_are_no_differences() -> None:
    table = made({"cgan": [{"l1": mean_score(BASE)}] * 3, "l1_cgan": []})
    assert table.rows[0].cells["l1"].difference is None
    assert (table.comparisons, table.columns[0].smallest) == (0, None)
    empty = made({"cgan": [], "l1_cgan": []})
    assert (empty.columns, empty.notes) == ((), ())


def test_other_protocols_never_share_a_column() -> None:
    other = mean_score(shifted(1), protocol={"metric": "l1", **ON, "data": "another"})
    ours = [{"l1": mean_score(shifted(1))}, {"l1": other}, {"l1": mean_score(shifted(1))}]
    table = made({"cgan": ours, "l1_cgan": [{"l1": mean_score(BASE)}] * 3})
    cell = table.rows[0].cells["l1"]
    assert set(cell.values) == {0, 2}
    assert (cell.pairs, cell.bold) == (2, False)
    assert table.columns[0].id == mean_score(BASE).id
    assert table.notes[0] == (
        "l1 of cgan: seed 1 is measured by another protocol than the others "
        f"(id {other.id}, not {mean_score(BASE).id}), and left out."
    )


def test_variants_of_another_protocol_have_a_column_of_their_own() -> None:
    """As one whose instances take the style of their target, beside those that have none."""

    def measured(by: float, styles: str) -> list[dict[str, Score]]:
        score = mean_score(shifted(by), protocol={"metric": "l1", **ON, "styles": styles})
        return [{"l1": score, "plain": mean_score(shifted(by))}] * 3

    table = made(
        {"none": measured(1, ""), "features": measured(2, "own"), "edges": measured(0, "")},
        reference="edges",
    )
    names = [column.name for column in table.columns]
    assert names == ["l1", "l1 (styles own)", "plain"]
    none, features, edges = table.rows
    assert [*none.cells] == [*edges.cells] == ["l1", "plain"]
    assert [*features.cells] == ["l1 (styles own)", "plain"]
    assert features.cells["l1 (styles own)"].mean == 4.5
    assert features.cells["l1 (styles own)"].difference is None
    assert none.cells["l1"].pairs == features.cells["plain"].pairs == 3
    assert table.comparisons == 3  # l1 of none; plain of both
    assert table.notes == ()
    told = "l1 (styles own): edges has no such score, so there is no difference."
    assert told in footers(table)
    assert [head.whole for head in lay_out(table)[1].heads] == ["variant", "l1 ↓", "plain ↓"]
    table = made({"none": measured(1, "own"), "edges": measured(0, "")}, reference="edges")
    assert [column.name for column in table.columns][:2] == ["l1", "l1 (styles own)"]
    assert table.columns[0].protocol["styles"] == ""  # the reference's, though last of the two


def test_a_judge_that_hardly_judges_is_shown_and_never_believed() -> None:
    def judged(shift: float) -> dict[str, Score]:
        iou = mean_score(shifted(shift), "iou", lower_is_better=False, beside={"ceiling": 0.31})
        accuracy = replace(iou, beside={"ceiling": 0.8})
        plain = mean_score(shifted(shift))
        return {"judge.mean_iou": iou, "judge.pixel_accuracy": accuracy, "l1": plain}

    table = made({"cgan": [judged(1)] * 3, "l1_cgan": [judged(0)] * 3})
    assert [cell.bold for cell in table.rows[0].cells.values()] == [False, False, True]
    assert table.columns[0].beside == {"ceiling": 0.31}
    assert table.notes == (
        "judge: its judge scores 0.31 on real pictures, below 0.4. No difference of it may be "
        "believed.",
    )


@pytest.mark.parametrize("ceiling", [math.nan, math.inf, -math.inf])
def test_a_judge_whose_ceiling_is_no_number_is_never_believed(ceiling: float) -> None:
    def judged(shift: float) -> dict[str, Score]:
        return {"judge.iou": mean_score(shifted(shift), "iou", beside={"ceiling": ceiling})}

    table = made({"cgan": [judged(1)] * 3, "l1_cgan": [judged(0)] * 3})
    assert not table.rows[0].cells["judge.iou"].bold
    assert table.notes == (
        "judge: its judge has no finite score on real pictures. No difference of it may be "
        "believed.",
    )
    assert json.loads(as_json(table))["columns"][0]["beside"] == {"ceiling": None}
    assert "judge.iou id" in footers(table)[-1]
    assert "ceiling unknown" in footers(table)[-1]


def test_scores_that_are_no_numbers_or_biased_are_told() -> None:
    bad = {"fid": set_score(math.nan, beside={"biased_below": 2048.0})}
    good = {"fid": set_score(7.0, beside={"biased_below": 2048.0})}
    table = made({"cgan": [bad, good, good], "l1_cgan": [good] * 3})
    assert table.notes[:2] == (
        "fid is biased: 4 pictures, of the 2048 that it takes.",
        "fid of cgan: seed 0 is no finite number, and left out.",
    )
    assert set(table.rows[0].cells["fid"].values) == {1, 2}


def test_pictures_without_a_value_do_not_count() -> None:
    holed = Score(2.0, True, {"metric": "l1", **ON}, (1.0, 2.0, 3.0, math.nan))
    table = made({"cgan": [{"l1": holed}] * 3, "l1_cgan": [{"l1": mean_score(BASE)}] * 3})
    cell = table.rows[0].cells["l1"]
    assert cell.difference is not None
    assert cell.difference.mean == 0.0  # of the three that have one in both, not 2 - 2.5
    blank = Score(0.0, True, {"metric": "l1", **ON}, (0.0, math.nan, math.nan, math.nan))
    apart = Score(2.0, True, {"metric": "l1", **ON}, (math.nan, 2.0, 2.0, 2.0))
    cell = made({"cgan": [{"l1": blank}] * 3, "l1_cgan": [{"l1": apart}] * 3}).rows[0].cells["l1"]
    assert cell.difference == seeds_interval([-2.0, -2.0, -2.0])


def test_runs_of_an_earlier_plan_do_not_count() -> None:
    plan = some_plan(TWO)
    both = {seed: {"l1": mean_score(BASE)} for seed in range(3)}
    results = some_results(some_plan([*TWO, "old"]), {"cgan": both, "l1_cgan": both, "old": both})
    table = make_table(plan, results, {}, {})
    assert [row.variant for row in table.rows] == ["cgan", "l1_cgan"]
    assert table == make_table(plan, dict(reversed(results.items())), {}, {})
