"""What the tries of a run mean for the next one."""

from __future__ import annotations

import json
import os
import shutil
from pathlib import Path

import pytest

from gan_zoo.ablation import attempts, claims
from gan_zoo.ablation import one as one_run
from gan_zoo.ablation.attempts import Attempt, failure, read_attempts, reap, retry_failed
from gan_zoo.ablation.folder import AblationFolder
from gan_zoo.ablation.one import child_variables, run_one
from gan_zoo.ablation.states import read_faults, read_states
from gan_zoo.errors import UserError
from gan_zoo.reporter import Reporter
from gan_zoo.runs.process import SET
from tests.ablation.queueing import FAULTS, Said, make_folder, sleep_run, some_result
from tests.ablation.test_claims import ELSEWHERE, GONE, held_by

KEY = "a-0"


def tries(causes: str) -> list[Attempt]:
    """Attempts of these causes; `done` for none."""
    found = [None if cause == "done" else cause for cause in causes.split()]
    times = ("2026-01-01T00:00:00+00:00", "2026-01-01T00:01:40+00:00")
    return [Attempt("", "here", "cpu:0", 1, *times, None, cause) for cause in found]


@pytest.mark.parametrize(
    ("causes", "failed"),
    [
        ("", None),
        ("done", None),
        ("memory", "memory"),
        ("stopped", None),
        ("memory stopped", "memory"),
        ("memory retry", None),
        ("memory retry done", None),
        ("killed lost killed", None),
        ("killed lost stopped killed killed", "killed"),
        ("killed killed killed lost", "lost"),
        ("killed killed killed killed retry killed", None),
        ("killed killed killed retry killed killed killed killed", "killed"),
        ("killed data", "data"),
        ("contract retry stopped", None),
    ],
)
def test_what_is_a_failure(causes: str, failed: str | None) -> None:
    found = failure(tries(causes))
    assert (found and found.cause) == failed


def test_a_line_that_was_cut_is_none_and_costs_no_other(tmp_path: Path) -> None:
    path = tmp_path / "attempts" / "key.jsonl"
    assert read_attempts(path) == []
    [one, two] = tries("killed done")
    attempts.note_attempt(path, one)
    with path.open("a") as file:
        file.write(json.dumps({"id": "x"})[:5])
    attempts.note_attempt(path, two)
    assert read_attempts(path) == [one, two]
    assert two.seconds == 100


@pytest.mark.parametrize(
    ("fault", "cause", "last"),
    [
        ("contract", "contract", "depth 9 needs 512 pixels"),
        ("user", "contract", "no such option"),
        ("locked", "lost", "runs/a/seed-0 is being trained by another process"),
        ("data", "data", "train/03.png is cut short"),
        ("memory", "memory", "MemoryError"),
        ("allocator", "memory", "RuntimeError: DefaultCPUAllocator: can't allocate memory: you "),
        ("device", "memory", "OutOfMemoryError: CUDA has none left"),
        ("not_finite", "not_finite", "G_L1 became nan at step 3"),
        ("stopped", "stopped", "KeyboardInterrupt"),
        ("other", "other", "ZeroDivisionError: division by zero"),
    ],
)
def test_an_exception_has_a_cause(
    fault: str,
    cause: str,
    last: str,
    tmp_path: Path,
    capfd: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    assert fault in FAULTS
    monkeypatch.setattr(one_run, "STALE", -1)
    folder = make_folder(tmp_path, behavior={KEY: {"faults": [fault]}})
    assert run_one(folder, KEY, make=sleep_run, reporter=Said()) == 1
    [one] = read_attempts(folder.attempts(KEY))
    assert (one.cause, one.exit, one.threads, one.device) == (cause, 1, 1, "cpu")
    assert one.last.startswith(last)
    assert ("Traceback" in capfd.readouterr().err) == (cause in ("other", "memory"))
    assert not folder.claim(KEY).exists()
    waits = cause in ("stopped", "lost")
    assert read_states(folder)[KEY] == ("waiting" if waits else f"failed: {cause}")
    assert read_faults(folder) == ({} if waits else {KEY: one.last})
    assert run_one(folder, KEY, make=sleep_run, reporter=Said()) == 0
    assert [one.cause for one in read_attempts(folder.attempts(KEY))] == [cause, None]
    assert read_states(folder)[KEY] == "done"
    assert read_faults(folder) == {}


def test_a_long_last_word_is_cut_and_the_log_has_all(tmp_path: Path) -> None:
    def fail(*_: object) -> None:
        raise UserError("no loss is a number, on " + "train/cherries.png, " * 40)

    folder = make_folder(tmp_path)
    assert run_one(folder, KEY, make=fail, reporter=Reporter(quiet=True)) == 1
    [one] = read_attempts(folder.attempts(KEY))
    assert one.last.startswith("no loss is a number, on train/cherries.png")
    assert one.last.endswith("...")
    assert len(one.last) <= 240


def test_a_run_that_is_locked_is_waited_for(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(one_run, "ASK", 0.01)
    folder, said = make_folder(tmp_path, behavior={KEY: {"faults": ["locked"] * 3}}), Said()
    assert run_one(folder, KEY, make=sleep_run, reporter=said) == 0
    assert [one.cause for one in read_attempts(folder.attempts(KEY))] == [None]
    told = "is being trained by another process, whose end is waited for, ten minutes at most"
    assert [line for line in said.lines if "waited for" in line] == [f"runs/a/seed-0 {told}"]


def test_who_was_taken_for_dead_writes_no_scores(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = make_folder(tmp_path)

    def sleep_long(mine: AblationFolder, key: str, reporter: Reporter) -> None:
        shutil.rmtree(folder.claim(key))  # another one took it over, made the run and let go
        mine.write_result(some_result(folder, key))

    def leave(code: int) -> None:
        raise SystemExit(code)

    monkeypatch.setattr(os, "_exit", leave)
    with pytest.raises(SystemExit, match="1"):
        run_one(folder, KEY, make=sleep_long, reporter=Said())
    assert not folder.is_done(KEY)
    assert not folder.attempts(KEY).exists()


def test_a_line_of_another_version_is_told(tmp_path: Path) -> None:
    path = tmp_path / "key.jsonl"
    [one] = tries("done")
    attempts.note_attempt(path, one)
    with path.open("a") as file:
        file.write('{"id": "x", "mood": "good"}\n')
    with pytest.raises(UserError, match=r"key\.jsonl:2: the line is damaged, .*mood.*; remove it"):
        read_attempts(path)


def test_what_is_done_or_held_is_left_alone(tmp_path: Path) -> None:
    folder, said = make_folder(tmp_path), Said()
    claim = claims.take(folder.claim(KEY), place="cpu:0")
    assert claim is not None
    assert read_states(folder)[KEY] == "running"
    assert run_one(folder, KEY, make=sleep_run, reporter=said) == 0
    claim.release()
    folder.write_result(some_result(folder, KEY))
    assert run_one(folder, KEY, make=sleep_run, reporter=said) == 0
    where = tmp_path / "runs/a/seed-0"
    held = f"{where} is being made by process {os.getpid()} on {claim.owner.host}"
    assert said.lines == [held, f"{where} is done"]
    assert not where.exists()
    assert not folder.attempts(KEY).exists()
    with pytest.raises(UserError, match="no run of the key zz"):
        run_one(folder, "zz", make=sleep_run)


@pytest.mark.parametrize(
    ("owner", "log", "cause"),
    [
        (GONE, "one\nstep 7 of 9\n\n", "killed"),
        (ELSEWHERE, "step 7 of 9", "lost"),
        (GONE, "terminate called after throwing an instance of 'std::bad_alloc'", "memory"),
    ],
)
def test_who_died_is_buried_once(
    owner: claims.Process, log: str, cause: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = make_folder(tmp_path)
    dead = held_by(folder.claim(KEY), owner, monkeypatch)
    os.utime(folder.claim(KEY) / "owner.json", (0, 0))
    folder.log(KEY).parent.mkdir()
    folder.log(KEY).write_text(log)
    assert reap(folder, KEY)
    [one] = read_attempts(folder.attempts(KEY))
    assert (one.id, one.cause, one.exit) == (dead.owner.id, cause, None)
    assert one.last == log.strip().splitlines()[-1]
    assert reap(folder, KEY)
    assert len(read_attempts(folder.attempts(KEY))) == 1
    assert list(folder.claim(KEY).parent.iterdir()) == []


def test_killed_between_its_scores_and_its_last_word(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = make_folder(tmp_path)
    held_by(folder.claim(KEY), GONE, monkeypatch)
    folder.write_result(some_result(folder, KEY))
    assert reap(folder, KEY)
    assert [one.cause for one in read_attempts(folder.attempts(KEY))] == [None]


def test_retry_is_by_cause_and_keeps_the_history(tmp_path: Path) -> None:
    folder = make_folder(tmp_path)
    for key, cause in (("a-0", "memory"), ("b-0", "data"), ("a-1", "killed")):
        for one in tries(cause):
            attempts.note_attempt(folder.attempts(key), one)
    keys = [*folder.plan().runs]
    assert retry_failed(folder, keys, "memory") == ["a-0"]
    assert retry_failed(folder, keys, "memory") == []
    assert retry_failed(folder, keys) == ["b-0"]
    assert [one.cause for one in read_attempts(folder.attempts("a-0"))] == ["memory", "retry"]
    with pytest.raises(UserError, match=r"--retry memmory: .*; did you mean memory\?"):
        retry_failed(folder, keys, "memmory")


def test_a_child_has_its_threads_though_gan_zoo_chose_other_ones(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv(SET, "GOMP_SPINCOUNT=2000 OMP_NUM_THREADS=2")
    told = child_variables("cpu:0", 2)
    assert told["OMP_NUM_THREADS"] == told["MKL_NUM_THREADS"] == "2"
    assert told[SET] == "GOMP_SPINCOUNT=2000"  # else the child would take the 2 for a guess
    assert "OMP_NUM_THREADS" not in child_variables("cuda:0", None)
