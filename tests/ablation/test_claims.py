"""A run has one owner at a time, whoever dies."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path

import pytest

from gan_zoo.ablation import claims
from gan_zoo.ablation.claims import Process, living, owners, take
from gan_zoo.errors import UserError

pytestmark = pytest.mark.skipif(os.name != "posix", reason="asks after processes")
RACE = Path(__file__).with_name("claim_race.py")
ME = Process.this()
GONE = replace(ME, started="never")  # a process of this number that is not there any more
ELSEWHERE = replace(ME, machine="another one")


def held_by(path: Path, process: Process, monkeypatch: pytest.MonkeyPatch) -> claims.Claim:
    """A claim of another process."""
    with monkeypatch.context() as patch:
        patch.setattr(Process, "this", lambda: process)
        claim = take(path, place="cpu:0")
    assert claim is not None
    return claim


def test_one_claims_it_until_it_is_released(tmp_path: Path) -> None:
    path = tmp_path / "claims" / "key"
    claim = take(path, place="cpu:0", parent=GONE)
    assert claim is not None
    assert claim.before == []
    assert take(path, place="cpu:1") is None
    holder = living(path)
    assert holder == claim.owner
    assert holder is not None
    assert (holder.place, holder.parent, holder.process) == ("cpu:0", GONE, ME)
    assert holder.parent is not None
    assert holder.parent.is_gone()
    claim.release()
    assert living(path) is None
    assert list(path.parent.iterdir()) == []
    assert take(path, place="cpu:1") is not None


def test_the_dead_are_followed_one_by_one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "claims" / "key"
    dead = [held_by(path, GONE, monkeypatch) for _ in range(3)]
    assert living(path) is None
    claim = take(path, place="cpu:0")
    assert claim is not None
    assert [one.id for one in claim.before] == [one.owner.id for one in dead]
    assert [one.id for one in owners(path)] == [*(one.owner.id for one in dead), claim.owner.id]
    assert not any(one.is_ours() for one in dead)
    dead[1].release()  # it was not dead after all, and lets go of what is not its own any more
    assert living(path) == claim.owner
    claim.release()
    assert list(path.parent.iterdir()) == []


def test_who_is_late_to_take_over_gets_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It saw a dead owner; before it moved, the run was made, released and claimed anew."""
    path = tmp_path / "claims" / "key"
    dead = held_by(path, GONE, monkeypatch)
    chain = owners(path)
    dead.release()
    other = take(path, place="cpu:1")
    assert other is not None
    seen = iter([chain])
    real = claims.owners
    monkeypatch.setattr(claims, "owners", lambda path: next(seen, None) or real(path))
    assert take(path, place="cpu:0") is None
    assert other.is_ours()


def test_elsewhere_a_life_is_a_file_that_is_touched(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "claims" / "key"
    first = held_by(path, ELSEWHERE, monkeypatch)
    assert ELSEWHERE.is_gone() is None
    file = path / "owner.json"
    for age, lives in ((claims.STALE - 30, True), (claims.STALE + 30, False)):
        os.utime(file, (time.time() - age,) * 2)
        assert (living(path) is not None) == lives
    second = held_by(path, ELSEWHERE, monkeypatch)
    assert [one.id for one in second.before] == [first.owner.id]
    assert living(path) == second.owner
    assert list(tmp_path.glob("claims/*.now")) == []


def test_a_process_whose_number_was_given_again_is_gone() -> None:
    assert ME.is_gone() is False
    assert GONE.is_gone() is True
    child = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)"])
    other = Process(ME.machine, child.pid, claims.process_start(child.pid))
    assert other.is_gone() is False
    child.kill()
    deadline = time.monotonic() + 10
    while not other.is_gone() and time.monotonic() < deadline:
        time.sleep(0.01)
    assert other.is_gone() is True  # though nobody has asked how it ended
    child.wait()
    assert other.is_gone() is True


HELD = """
import sys, time
from pathlib import Path
from gan_zoo.ablation import claims
claims.BEAT = 0.05
claim = claims.take(Path(sys.argv[1]), place="cpu:0")
with claim.held():
    print("held", flush=True)
    time.sleep(float(sys.argv[2]))
"""


@pytest.mark.parametrize("made", [False, True])
def test_a_holder_gives_signs_of_life_and_ends_when_it_was_taken_for_dead(
    made: bool, tmp_path: Path
) -> None:
    path = tmp_path / "claims" / "key"
    with subprocess.Popen(
        [sys.executable, "-c", HELD, str(path), "60"],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "held\n"
        os.utime(path / "owner.json", (0, 0))
        deadline = time.monotonic() + 10
        while not (path / "owner.json").stat().st_mtime and time.monotonic() < deadline:
            time.sleep(0.01)
        assert time.time() - (path / "owner.json").stat().st_mtime < 30
        os.kill(process.pid, signal.SIGSTOP)  # its machine sleeps, and wakes up later
        file = path / "owner.json"
        told = json.loads(file.read_text())
        file.write_text(json.dumps({**told, "process": {**told["process"], "started": "never"}}))
        claim = take(path, place="cpu:1")
        assert claim is not None
        if made:  # the other one has come to its end before
            claim.release()
        os.kill(process.pid, signal.SIGCONT)
        _, errors = process.communicate(timeout=10)
    assert process.returncode == 1
    assert "took this run over" in errors
    assert claim.is_ours() != made


def test_a_folder_that_is_away_for_a_moment_ends_nobody(tmp_path: Path) -> None:
    path = tmp_path / "claims" / "key"
    claim = take(path, place="cpu:0")
    assert claim is not None
    path.parent.rename(tmp_path / "away")
    claim.insist()
    (tmp_path / "away").rename(path.parent)
    claim.insist()
    assert claim.is_ours()


def test_after_a_sleep_it_is_told_by_the_clock_that_went_on(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    claim = take(tmp_path / "claims" / "key", place="cpu:0")
    assert claim is not None
    seen: list[float] = []
    monkeypatch.setattr(claim, "insist", lambda: seen.append(time.time()))
    monkeypatch.setattr(claims, "AWAKE", 0.01)
    with claim.held():
        time.sleep(0.2)
        assert len(seen) == 1  # at its start; the next one is due in 20 s
        real = time.time
        monkeypatch.setattr(claims.time, "time", lambda: real() + 3600)
        time.sleep(0.2)
    assert len(seen) == 2


@pytest.mark.parametrize("text", ["{}", '{"id": 1', "[]"])
def test_an_owner_that_cannot_be_read_is_told(text: str, tmp_path: Path) -> None:
    path = tmp_path / "claims" / "key"
    path.mkdir(parents=True)
    (path / "owner.json").write_text(text)
    with pytest.raises(UserError, match=rf"owner\.json is damaged, .*; .* remove {path}$"):
        owners(path)


def test_what_was_left_a_day_ago_is_swept_up(tmp_path: Path) -> None:
    for name in (".old", ".new", "key"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "owner.json").touch()
    for name in (".old.now", ".new.now", "key-1.job"):
        (tmp_path / name).touch()
    for name in (".old", ".old.now", "key", "key-1.job"):
        os.utime(tmp_path / name, (time.time() - claims.LEFT - 60,) * 2)
    claims.sweep(tmp_path)
    left = {path.name for path in tmp_path.iterdir()}
    assert left == {".new", ".new.now", "key", "key-1.job"}


def test_released_at_the_end_of_what_is_held(tmp_path: Path) -> None:
    path = tmp_path / "claims" / "key"
    done = subprocess.run([sys.executable, "-c", HELD, str(path), "0.2"], check=True)
    assert done.returncode == 0
    assert list(path.parent.iterdir()) == []


def test_many_want_it_and_one_has_it(tmp_path: Path) -> None:
    rounds = 200
    done = subprocess.run(
        [sys.executable, str(RACE), str(tmp_path), str(rounds)], capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
    lines = (tmp_path / "journal.txt").read_text().splitlines()
    assert len({line.split()[0] for line in lines}) == rounds
    assert 20 < sum(line.endswith(" 0") for line in lines) < 180  # free at times, at times a dead's


COUNT = """
import sys, time
from pathlib import Path
from gan_zoo.ablation.claims import alone
for _ in range(5):
    with alone(Path(sys.argv[1]) / "claims/table"):
        file = Path(sys.argv[1]) / "count"
        count = int(file.read_text() or 0)
        time.sleep(0.01)
        file.write_text(str(count + 1))
"""


def test_one_at_a_time(tmp_path: Path) -> None:
    (tmp_path / "count").touch()
    many = [subprocess.Popen([sys.executable, "-c", COUNT, str(tmp_path)]) for _ in range(3)]
    assert [process.wait() for process in many] == [0, 0, 0]
    assert (tmp_path / "count").read_text() == "15"
