"""What a machine must have and make before its first run starts."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch

from gan_zoo.ablation import ablate as front
from gan_zoo.ablation.claims import alone
from gan_zoo.ablation.folder import AblationFolder
from gan_zoo.ablation.judges import prepare_judges, refuse_unfit
from gan_zoo.ablation.making import make_run
from gan_zoo.components.user_cache import cache_folder
from gan_zoo.errors import UserError
from gan_zoo.evaluation import measurement
from gan_zoo.reporter import Reporter
from tests.ablation.conftest import Write, planned

QUIET = Reporter(quiet=True)

pytestmark = pytest.mark.usefixtures("quick")


@pytest.fixture
def built(monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, str, Path, int]]:
    """What metrics were built, where, and with how many threads; none is built."""
    found: list[tuple[str, str, Path, int]] = []

    def note(metrics: Any, at: Any) -> None:
        found.append((" ".join(metrics), at.split, at.cache, torch.get_num_threads()))

    monkeypatch.setattr(measurement, "build_metrics", note)
    return found


def test_judges_are_made_once_for_what_will_be_made(
    small: Write,
    folder: AblationFolder,
    built: list[tuple[str, str, Path, int]],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    plan = planned(small(), folder)
    before = torch.get_num_threads()
    prepare_judges(folder, [], QUIET)
    assert built == []
    folder.write_plan(replace(plan, threads=before + 1))
    prepare_judges(folder, [*plan.runs], QUIET)
    assert built == [("l1 sharp", "test", folder.path / "judges", before + 1)]  # all share data
    assert torch.get_num_threads() == before
    monkeypatch.setattr("torch.cuda.is_available", lambda: False)
    folder.write_plan(replace(plan, device="cuda", threads=None))  # of another machine
    prepare_judges(folder, [*plan.runs], QUIET)
    assert len(built) == 2


def test_one_machine_at_a_time_makes_judges(
    small: Write,
    folder: AblationFolder,
    built: list[tuple[str, str, Path, int]],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def end(seconds: float) -> None:
        raise TimeoutError

    plan = planned(small(), folder)
    with alone(folder.claim("judges")):
        monkeypatch.setattr("gan_zoo.ablation.claims.time.sleep", end)
        with pytest.raises(TimeoutError):
            prepare_judges(folder, [*plan.runs], QUIET)
    assert not built
    prepare_judges(folder, [*plan.runs], QUIET)
    assert built


def test_what_looks_on_is_judged_by_the_users_own(
    small: Write, folder: AblationFolder, built: list[tuple[str, str, Path, int]]
) -> None:
    looks = {"validation": {"split": "val", "metrics": {"l1": {"use": "l1"}}}}
    plan = planned(small(set=looks), folder)
    prepare_judges(folder, [*plan.runs], QUIET)
    assert [one[:3] for one in built] == [
        ("l1 sharp", "test", folder.path / "judges"),
        ("l1", "val", cache_folder()),
    ]


def test_a_run_is_scored_by_the_judges_of_the_folder(
    small: Write, folder: AblationFolder, monkeypatch: pytest.MonkeyPatch
) -> None:
    plan, build = planned(small(), folder), measurement.build_metrics
    caches: list[Path] = []

    def note(metrics: Any, at: Any) -> Any:
        caches.append(at.cache)
        return build(metrics, at)

    monkeypatch.setattr(measurement, "build_metrics", note)
    make_run(folder, plan.key_of("both", 0), QUIET)
    assert caches == [folder.path / "judges"]


def test_a_machine_without_the_data_takes_nothing(
    small: Write, folder: AblationFolder, more_pairs: Callable[..., Path], tmp_path: Path
) -> None:
    root = more_pairs(tmp_path / "own")
    plan = planned(small(root), folder)
    refuse_unfit(folder, [*plan.runs])
    away = root.rename(tmp_path / "away")
    with pytest.raises(UserError, match=f"data: .*{root}"):
        front.ablate(folder.path, join=True, reporter=QUIET)
    away.rename(root)
    (root / "train" / "00.png").rename(root / "train" / "09.png")
    with pytest.raises(UserError, match="or are others on this machine"):
        front.ablate(folder.path, reporter=QUIET)
    assert not (folder.path / "attempts").exists()


def test_words_are_judged_before_anything_is_made(
    small: Write, folder: AblationFolder, monkeypatch: pytest.MonkeyPatch
) -> None:
    planned(small(), folder)
    asked: list[Any] = []
    monkeypatch.setattr(front, "prepare_judges", lambda folder, keys, reporter: asked.append(keys))
    wrong: list[dict[str, Any]] = [{"only": ["bth"]}, {"retry": "memry"}, {"executor": "lokal"}]
    for words in wrong:
        with pytest.raises(UserError, match="did you mean"):
            front.ablate(folder.path, reporter=QUIET, **words)
    assert not asked
