"""Scores on disk: all of them come back, and only equal protocols have equal ids."""

from __future__ import annotations

import json
import math
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from gan_zoo.components.user_cache import cache_folder
from gan_zoo.evaluation.score_files import Score, Scores, drop_later, read_scores, write_scores

PROTOCOL: dict[str, Any] = {"metric": "l1", "options": {}, "split": "val", "data": "aa"}


def some_scores(step: int = 7, **changes: Any) -> Scores:
    made = Scores(
        phase="main",
        step=step,
        weights="latest",
        split="val",
        styles="",
        model="cpu",
        data="two pairs",
        digest="aa",
        names=("one", "two"),
        size=(4, 6),
        measured={"l1": Score(1.5, True, PROTOCOL, (1.0, 2.0), {"ceiling": 9.0})},
    )
    return replace(made, **changes)


def test_what_is_written_comes_back(tmp_path: Path) -> None:
    both = some_scores(
        measured={
            "l1": Score(1.5, True, PROTOCOL, (1.0, math.inf)),
            "set.mean": Score(0.25, False, {**PROTOCOL, "field": "mean"}, None, {"sd": 2.0}),
            "ratio": Score(0.9, True, PROTOCOL, None, {}, ideal=1.0),
        }
    )
    path = write_scores(tmp_path, both)
    assert path == tmp_path / "scores" / "val-000007.json"
    [(found, read)] = read_scores(tmp_path)
    assert found == path
    assert read.measured["set.mean"] == both.measured["set.mean"]
    assert read.measured["ratio"].ideal == 1.0
    kept = read.measured["l1"].values
    assert kept is not None
    assert kept[0] == 1.0
    assert math.isnan(kept[1])  # JSON has no infinity
    assert replace(read, measured={}) == replace(both, measured={})
    told = json.loads(path.read_text())
    assert told["format"] == 1
    assert told["scores"]["l1"]["id"] == both.measured["l1"].id
    assert told["data"]["names"] == ["one", "two"]


def test_another_protocol_has_another_id() -> None:
    score = Score(1.0, True, PROTOCOL)
    assert len(score.id) == 8
    assert replace(score, value=2.0, values=(3.0,), beside={"sd": 1.0}).id == score.id
    reordered = dict(reversed(PROTOCOL.items()))
    assert replace(score, protocol=reordered).id == score.id
    for key in PROTOCOL:
        assert replace(score, protocol={**PROTOCOL, key: "other"}).id != score.id


def test_other_metrics_of_the_same_pictures_stay_in_the_file(tmp_path: Path) -> None:
    write_scores(tmp_path, some_scores())
    later = some_scores(measured={"psnr": Score(20.0, False, PROTOCOL)})
    write_scores(tmp_path, later)
    [(_, both)] = read_scores(tmp_path)
    assert both.scores == {"l1": 1.5, "psnr": 20.0}
    write_scores(tmp_path, replace(later, digest="bb"))  # other pictures: nothing is mixed
    [(_, alone)] = read_scores(tmp_path)
    assert alone.scores == {"psnr": 20.0}
    best = replace(later, weights="best", digest="0123456789")
    assert write_scores(tmp_path, best).name == "val-000007-best.json"
    assert write_scores(tmp_path, best, elsewhere=True).name == "val-000007-best-01234567.json"


def test_what_lies_beyond_a_checkpoint_is_dropped(tmp_path: Path) -> None:
    for step in (2, 4, 6):
        write_scores(tmp_path, some_scores(step))
    foreign = tmp_path / "scores" / "mine.json"
    foreign.write_text("[1, 2]")
    drop_later(tmp_path, 4)
    assert [scores.step for _, scores in read_scores(tmp_path)] == [2, 4]
    assert foreign.exists()


def test_the_cache_lies_where_it_is_said(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("GAN_ZOO_CACHE", str(tmp_path))
    assert cache_folder() == tmp_path
    monkeypatch.delenv("GAN_ZOO_CACHE")
    monkeypatch.setattr("sys.platform", "linux")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    assert cache_folder() == tmp_path / "cache" / "gan-zoo"
    monkeypatch.delenv("XDG_CACHE_HOME")
    assert cache_folder() == Path.home() / ".cache" / "gan-zoo"
