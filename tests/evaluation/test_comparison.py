"""One run against another on the same pictures."""

from __future__ import annotations

import json
import math
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

import gan_zoo
from gan_zoo.cli.terminal.scores import compared_as_data, print_comparison
from gan_zoo.evaluation.comparison import compare
from gan_zoo.evaluation.score_files import Score
from gan_zoo.evaluation.statistics import paired_interval
from gan_zoo.recipe.recipe import Recipe
from gan_zoo.reporter import Reporter
from tests.evaluation.test_score_files import PROTOCOL, some_scores
from tests.evaluation.test_scores import TINY


def test_the_interval_holds_the_truth_as_often_as_it_says() -> None:
    draw = np.random.default_rng(1)
    held = 0
    for _ in range(200):
        ours = draw.normal(5.0, 2.0, 60)
        theirs = ours + draw.normal(0.3, 1.0, 60)  # ours less theirs is -0.3 in truth
        found = paired_interval(ours, theirs)
        held += found.low <= -0.3 <= found.high
    assert 0.90 <= held / 200 <= 0.99  # 95 %, give or take two deviations of 200 draws


def test_the_interval_is_that_of_the_pictures() -> None:
    found = paired_interval([1.0, 2.0, math.nan, 4.0], [2.0, 3.0, 0.0, 5.0])
    assert (found.mean, found.low, found.high) == (-1.0, -1.0, -1.0)
    assert found.is_off_zero
    spread = paired_interval([0.0, 2.0, 0.0, 2.0], [1.0] * 4)
    assert (spread.mean, spread.low, spread.high) == (0.0, -1.0, 1.0)
    assert not spread.is_off_zero
    assert paired_interval([0.0, 2.0, 0.0, 2.0], [1.0] * 4) == spread  # drawn alike every time
    with pytest.raises(ValueError, match="2 and 1 values came"):
        paired_interval([1.0, 2.0], [1.0])
    with pytest.raises(ValueError, match="no picture has a value in both"):
        paired_interval([math.nan], [1.0])


def test_only_equal_protocols_are_set_side_by_side(capsys: pytest.CaptureFixture[str]) -> None:
    full = {"pictures": 2, "size": [4, 6], "bits": 8, "measures": "m", "styles": "", "judge": None}
    protocol = {**PROTOCOL, **full}
    own = {
        "l1": Score(1.5, True, protocol, (1.0, 2.0)),
        "psnr": Score(20.0, False, protocol, (19.0, 21.0)),
        "fid": Score(7.0, True, {**protocol, "metric": "fid"}, None),
        "only": Score(1.0, True, protocol),
    }
    theirs = {
        "l1": Score(2.5, True, protocol, (2.0, 3.0)),
        "psnr": Score(30.0, False, {**protocol, "data": "bb"}, (29.0, 31.0)),
        "fid": Score(6.0, True, {**protocol, "metric": "fid"}, None),
    }
    one, other = some_scores(measured=own), some_scores(measured=theirs)
    l1, psnr, fid = compare(one, other)
    assert l1.interval is not None
    assert (l1.name, l1.interval.mean, l1.better, l1.worse, l1.apart) == ("l1", -1.0, 2, 0, "")
    assert (psnr.interval, psnr.apart) == (None, 'data "aa" and "bb"')
    assert (fid.interval, fid.apart) == (None, "")
    print_comparison(one, other, [l1, psnr, fid], ("runs/a", "runs/b"))
    said = capsys.readouterr().out
    table, _, apart = said.partition("Not comparable")
    assert "l1: 2 pictures are too few to tell A from B" in table
    assert "fid: of sets of pictures; one training each gives it no interval" in table
    assert "psnr" not in table
    assert 'psnr  data "aa" and "bb"' in apart
    many = [replace(side["l1"], values=side["l1"].values * 8) for side in (own, theirs)]  # type: ignore[operator]
    eight, others = (some_scores(measured={"l1": score}) for score in many)
    print_comparison(eight, others, compare(eight, others), ("runs/a", "runs/b"))
    assert "l1: A is better on these pictures" in capsys.readouterr().out
    pooled = some_scores(measured={"l1": replace(own["l1"], value=1.4)})  # no mean of its values
    assert compare(pooled, other)[0].interval is None
    ratio = {"r": Score(1.2, True, protocol, (1.2, 1.2), {}, ideal=1.0)}
    worse = {"r": Score(0.5, True, protocol, (0.5, 0.5), {}, ideal=1.0)}
    ones = replace(one, measured=ratio), replace(other, measured=worse)
    [nearer] = compare(*ones)
    assert (nearer.better, nearer.worse) == (2, 0)
    assert nearer.interval is not None
    assert nearer.interval.mean == pytest.approx(0.2 - 0.5)  # of distances, as what is better is
    eight = [
        replace(side, measured={"r": replace(score, values=score.values * 4)})  # type: ignore[operator]
        for side in ones
        for score in side.measured.values()
    ]
    print_comparison(*eight, compare(*eight), ("runs/a", "runs/b"))
    said = capsys.readouterr().out
    assert "r: A is nearer to 1 on these pictures; A - B is of each picture's distance to 1" in said


def test_two_runs_as_a_user_sees_them(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    ours, theirs = [], []
    for seed, found in ((0, ours), (1, theirs)):
        recipe = Recipe.load("quickstart", set={**TINY, "seed": seed})
        run = gan_zoo.train(recipe, tmp_path / f"run-{seed}", reporter=Reporter(quiet=True))
        found.append(gan_zoo.evaluate(run.path, device="cpu"))
    [one], [other] = ours, theirs
    differences = compare(one, other)
    assert [each.name for each in differences] == ["l1", "psnr"]
    print_comparison(one, other, differences, ("run-0", "run-1"))
    assert "Intervals are over pictures, of these two trainings" in capsys.readouterr().out
    told = compared_as_data(one, other, differences)
    json.dumps(told, allow_nan=False)
    values = [told[side]["scores"]["l1"]["values"] for side in ("scores", "against")]
    mean = np.subtract(*values).mean()
    assert told["differences"][0]["interval"]["mean"] == pytest.approx(mean)
    assert one.measured["l1"].id == other.measured["l1"].id
