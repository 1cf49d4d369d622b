"""Where an ablation lies, who plans it, and what is told of it before anything is made."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from gan_zoo.ablation import ablate as front
from gan_zoo.ablation import listing
from gan_zoo.ablation.file import read_ablation
from gan_zoo.ablation.folder import AblationFolder
from gan_zoo.ablation.plan import Plan
from gan_zoo.errors import UserError
from gan_zoo.reporter import Reporter
from tests.ablation.conftest import Write, planned
from tests.ablation.queueing import Said

QUIET = Reporter(quiet=True)

pytestmark = pytest.mark.usefixtures("quick")


def test_typed_twice_it_is_planned_once(
    small: Write, folder: AblationFolder, monkeypatch: pytest.MonkeyPatch
) -> None:
    path, make_plan, made = small(), front.make_plan, list[Plan]()
    read_ablation(path)  # plugins are loaded once, by one thread

    def slow(*given: Any, **named: Any) -> Plan:
        time.sleep(0.2)
        made.append(make_plan(*given, **named))
        return made[-1]

    monkeypatch.setattr(front, "make_plan", slow)
    ask: Callable[[], object] = lambda: front.prepare_folder(path, folder.path, reporter=QUIET)  # noqa: E731
    both = [threading.Thread(target=ask) for _ in range(2)]
    for one in both:
        one.start()
    for one in both:
        one.join()
    assert made == [folder.plan()]


def test_what_comes_to_no_plan_leaves_no_folder(small: Write, tmp_path: Path) -> None:
    with pytest.raises(UserError):
        front.prepare_folder(small(tmp_path / "nowhere"), tmp_path / "a" / "b", reporter=QUIET)
    assert not (tmp_path / "a").exists()


def test_two_files_of_one_name_are_two_ablations(
    small: Write, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    first = small()
    folder = front.prepare_folder(first, reporter=QUIET)
    other = tmp_path / "other" / "small.yaml"
    other.parent.mkdir()
    text = first.read_text().replace("base: base.yaml", f"base: {tmp_path / 'base.yaml'}")
    other.write_text(text)
    with pytest.raises(UserError, match=r"which has the same name; .*--out ablations/small-2"):
        front.prepare_folder(other, reporter=QUIET)
    front.prepare_folder(other, tmp_path / "two", reporter=QUIET)
    first.unlink()  # it was moved
    assert front.prepare_folder(other, reporter=QUIET).path == folder.path


def test_a_folder_is_listed_as_it_was_planned(
    small: Write, folder: AblationFolder, tmp_path: Path
) -> None:
    plan = planned(small(), folder)
    timed = {name: replace(one, seconds_a_step=0.5) for name, one in plan.variants.items()}
    folder.write_plan(replace(plan, variants=timed))
    assert listing.list_variants(folder.path).seconds == {"gan": 3.0, "both": 3.0}
    for words in ({"set": {"data.flip": 0}}, {"out": tmp_path}):
        with pytest.raises(UserError, match="is planned, and goes on as it was"):
            listing.list_variants(folder.path, **words)


def test_a_list_needs_no_executor(
    small: Write, folder: AblationFolder, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As on a laptop, of what a cluster makes."""
    plan = planned(small(), folder)
    monkeypatch.setattr("torch.cuda.is_available", lambda: False)
    monkeypatch.setattr(listing, "measure_pace", None)
    for executor in ({"use": "far/away", "jobs": 3}, {"use": "local", "jobs": 3}):
        folder.write_plan(replace(plan, device="cuda", executor=executor))
        found = listing.list_variants(folder.path)
        assert (found.jobs, found.seconds, found.hours) == (3, {}, None)


def test_a_list_goes_without_times_that_cannot_be_measured(
    small: Write, folder: AblationFolder, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*given: object) -> float:
        raise UserError("a short run, to measure its steps, failed")

    monkeypatch.setattr(listing, "measure_pace", fail)
    said = Said()
    found = listing.list_variants(small(), folder.path, reporter=said)
    assert found.seconds == {}
    assert said.lines[-1] == "a short run, to measure its steps, failed"
    assert not folder.path.exists()
