"""All runs of an ablation: in order, each once, whoever dies or joins."""

from __future__ import annotations

import os
import random
import re
import signal
import subprocess
import sys
import time
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from gan_zoo.ablation.attempts import REAPER, TIMES, read_attempts
from gan_zoo.ablation.children import Child, _keep
from gan_zoo.ablation.claims import Owner, Process, living, process_start
from gan_zoo.ablation.folder import AblationFolder
from gan_zoo.ablation.runner import Outcome
from gan_zoo.errors import UserError
from tests.ablation.queueing import (
    Sleepers,
    causes,
    make_folder,
    parent,
    run_quickly,
    wait_until,
)

pytestmark = [
    pytest.mark.skipif(os.name != "posix", reason="asks after processes"),
    pytest.mark.usefixtures("impatient"),
]


def refuse_twice(folder: AblationFolder) -> None:
    """Each step of each run was taken once, and each run was done once."""
    for key in folder.plan().runs:
        steps = (folder.run(key) / "steps.txt").read_text().split()
        assert steps == [str(n) for n in range(len(steps))]
        assert causes(folder, key).count(None) == 1


def test_all_in_their_order(tmp_path: Path) -> None:
    folder, executor, done = make_folder(tmp_path, variants=3, seeds=2), Sleepers(2), []
    outcome, said = run_quickly(folder, executor, on_done=done.append)
    keys = ["a-0", "b-0", "c-0", "a-1", "b-1", "c-1"]
    assert [job.command[-1] for job in executor.jobs] == keys
    assert outcome == Outcome(tuple(keys), (), ())
    assert outcome.exit_code == 0
    assert sorted(done) == sorted(keys)
    refuse_twice(folder)
    assert list((tmp_path / "claims").iterdir()) == []
    assert said[0] == "6 runs: 3 variants x 2 seeds; 2 at a time, 1 thread each"
    assert said[1:3] == ["a seed 0 starts at cpu:0", "b seed 0 starts at cpu:1"]
    middle = [line for line in said if "; 3 of 6" in line]
    assert re.fullmatch(r"[abc] seed [01] done in \d+ s; 3 of 6, about \d+ s to go", middle[0])
    assert re.fullmatch(r"[abc] seed [01] done in \d+ s; 6 of 6", said[-2])
    assert said[-1] == "6 of 6 done"
    job = executor.jobs[0]
    assert job.name == "sleepers-a-0"
    assert job.command[1:-1] == ("-m", "gan_zoo", "ablate", str(tmp_path), "--one")
    assert (job.folder, job.log, job.place) == (tmp_path, folder.log("a-0"), "cpu:0")
    assert (job.device, job.threads, job.environment["OMP_NUM_THREADS"]) == ("cpu", 1, "1")
    outcome, said = run_quickly(folder, Sleepers(2))
    assert said == [
        "6 runs: 3 variants x 2 seeds; 2 at a time, 1 thread each; 6 are done",
        "6 of 6 done",
    ]
    assert outcome.exit_code == 0


def test_one_that_fails_stops_no_other(tmp_path: Path) -> None:
    behavior = {"a-0": {"faults": ["memory", "memory"]}, "b-1": {"faults": ["data"]}}
    folder = make_folder(tmp_path, behavior=behavior)
    outcome, said = run_quickly(folder, Sleepers(1))
    assert outcome == Outcome(("b-0", "a-1"), ("a-0", "b-1"), ())
    assert outcome.exit_code == 1
    log = folder.log("a-0")
    assert said[2] == f"a seed 0 failed: memory. MemoryError (log: {log})"
    assert "Traceback" in log.read_text()
    again = f"to try again what failed: gan-zoo ablate {tmp_path} --retry"
    assert said[-1] == f"2 of 4 done, 2 failed; {again}"
    executor = Sleepers(1)
    outcome, said = run_quickly(folder, executor)
    assert (executor.jobs, outcome.failed) == ([], ("a-0", "b-1"))
    assert said[1] == f"a seed 0 failed before: memory. MemoryError (log: {log})"
    outcome, said = run_quickly(folder, Sleepers(1), retry="data")
    assert outcome.failed == ("a-0",)
    assert said[-1] == f"3 of 4 done, 1 failed; {again} memory"
    _, said = run_quickly(folder, Sleepers(1), retry="data")
    assert said[0] == "Nothing failed for data"
    assert run_quickly(folder, Sleepers(1), retry="all")[0].failed == ("a-0",)
    assert run_quickly(folder, Sleepers(1), retry="all")[0].exit_code == 0
    assert causes(folder, "a-0") == ["memory", "retry", "memory", "retry", None]


def test_only_these_variants(tmp_path: Path) -> None:
    folder = make_folder(tmp_path, variants=3)
    outcome, said = run_quickly(folder, Sleepers(2), only=["b"])
    assert outcome.done == ("b-0", "b-1")
    assert said[0].startswith("2 runs: 1 variant x 2 seeds")
    with pytest.raises(UserError, match="--only d: sleepers has no such variant; it has a, b, c"):
        run_quickly(folder, Sleepers(2), only=["d"])


def test_nothing_starts_when_the_time_is_over_and_what_runs_ends(tmp_path: Path) -> None:
    folder = make_folder(tmp_path, behavior={"a-0": {"seconds": 0.8}})
    outcome, said = run_quickly(folder, Sleepers(1), hours=0.3 / 3600)
    assert outcome == Outcome(("a-0",), (), ("b-0", "a-1", "b-1"))
    assert "The time is over: nothing starts any more, and what runs is waited for" in said
    assert said[-1] == f"1 of 4 done, 3 left; to go on: gan-zoo ablate {tmp_path}"
    assert outcome.exit_code == 1


def test_nothing_starts_after_a_failure(tmp_path: Path) -> None:
    folder = make_folder(tmp_path, behavior={"a-0": {"faults": ["data"]}})
    outcome, _ = run_quickly(folder, Sleepers(1), stop_on_failure=True)
    assert outcome == Outcome((), ("a-0",), ("b-0", "a-1", "b-1"))
    outcome, _ = run_quickly(folder, Sleepers(1), stop_on_failure=True)  # an old failure is none
    assert outcome == Outcome(("b-0", "a-1", "b-1"), ("a-0",), ())


def test_the_killed_go_on_three_times(tmp_path: Path) -> None:
    behavior = {"a-0": {"seconds": 0.1, "faults": ["kill"] * 9}, "b-0": {"faults": ["kill"] * 3}}
    folder = make_folder(tmp_path, seeds=1, behavior=behavior)
    outcome, said = run_quickly(folder, Sleepers(1))
    assert outcome == Outcome(("b-0",), ("a-0",), ())
    assert causes(folder, "a-0") == ["killed"] * (TIMES + 1)
    assert causes(folder, "b-0") == ["killed"] * TIMES + [None]
    assert "a seed 0 was killed; it is taken up again, 2 of at most 3 times" in said
    assert (folder.run("a-0") / "steps.txt").read_text() == "0\n1\n"


@pytest.mark.parametrize(
    ("before", "cause", "last"),
    [
        ("import no_such_thing", "other", "ModuleNotFoundError: No module named 'no_such_thing'"),
        ("raise SystemExit('libtorch.so: failed to map segment')", "memory", "libtorch.so: "),
        ("import os; os._exit(3)", "killed", "it ended without a word"),
    ],
)
def test_who_dies_before_its_claim_has_tried_too(
    before: str, cause: str, last: str, tmp_path: Path
) -> None:
    folder, executor = make_folder(tmp_path, variants=1, seeds=1), Sleepers(1, before)
    outcome, _ = run_quickly(folder, executor)
    assert outcome.failed == ("a-0",)
    found = read_attempts(folder.attempts("a-0"))
    assert [one.cause for one in found] == [cause] * (4 if cause == "killed" else 1)
    assert len(executor.jobs) == len(found)
    assert found[-1].last.startswith(last)
    assert found[-1].device == "cpu:0"


def test_a_child_that_gets_no_memory(tmp_path: Path) -> None:
    """A limit that the system sets: Python itself is refused what it asks for."""
    limit = "import resource; resource.setrlimit(resource.RLIMIT_AS, (700 * 2**20,) * 2)\n"
    greedy = "import time; sleep = time.sleep; time.sleep = lambda s: (bytearray(10**9), sleep(s))"
    folder = make_folder(tmp_path, seeds=1, behavior={"b-0": {"seconds": 0}})
    executor = Sleepers(1, limit)
    first = executor.submit

    def submit(job: Any) -> str:
        executor.before = limit + greedy * (job.command[-1] == "a-0")
        return first(job)

    executor.submit = submit  # type: ignore[method-assign]
    outcome, said = run_quickly(folder, executor)
    assert outcome == Outcome(("b-0",), ("a-0",), ())
    assert outcome.exit_code == 1
    assert causes(folder, "a-0") == ["memory"]
    assert said[2].startswith("a seed 0 failed: memory. MemoryError (log: ")


def test_a_run_that_somebody_stops_rests(tmp_path: Path) -> None:
    folder = make_folder(tmp_path, seeds=1, behavior={"a-0": {"faults": ["stopped"]}})
    outcome, said = run_quickly(folder, Sleepers(1))
    assert outcome == Outcome(("b-0",), (), ("a-0",))
    assert "a seed 0 was stopped: KeyboardInterrupt" in said
    assert run_quickly(folder, Sleepers(1))[0].exit_code == 0
    assert causes(folder, "a-0") == ["stopped", None]


def test_an_executor_that_takes_nothing(tmp_path: Path) -> None:
    folder, executor = make_folder(tmp_path, behavior={"a-0": {"seconds": 0.2}}), Sleepers(2)
    first = executor.submit

    def submit(job: Any) -> str:
        if executor.jobs:
            raise UserError("the queue is full; ask for fewer --jobs")
        return first(job)

    executor.submit = submit  # type: ignore[method-assign]
    with pytest.raises(UserError, match="the queue is full"):
        run_quickly(folder, executor)
    assert causes(folder, "a-0") == [None]  # what was handed on before has ended


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_the_user_stops_it_and_it_goes_on(number: int, tmp_path: Path) -> None:
    folder = make_folder(tmp_path, behavior={"a-0": {"seconds": 30}, "b-0": {"seconds": 30}})
    process = parent(folder, 2)
    keys = ["a-0", "b-0"]
    wait_until(lambda: all((folder.run(key) / "steps.txt").exists() for key in keys))
    for _ in range(2):
        os.kill(process.pid, number)
        time.sleep(0.05)
    said = process.communicate(timeout=20)[0]
    assert process.returncode == 1
    assert "Stopping: 2 runs to save and end\n" in said
    assert "What runs is saving; it is waited for, unless Ctrl-C is pressed once more\n" in said
    assert said.endswith(f"0 of 4 done, 4 left; to go on: gan-zoo ablate {tmp_path}\n")
    assert [causes(folder, key) for key in keys] == [["stopped"], ["stopped"]]
    assert not any(living(folder.claim(key)) for key in keys)
    assert list((tmp_path / "claims").iterdir()) == []
    (tmp_path / "behavior.json").write_text("{}")
    assert run_quickly(folder, Sleepers(2))[0].exit_code == 0


def test_the_third_time_it_is_not_waited_for(tmp_path: Path) -> None:
    behavior = {"a-0": {"seconds": 30, "deaf": True}}
    folder = make_folder(tmp_path, variants=1, behavior=behavior)
    process = parent(folder, 1)
    wait_until(lambda: (folder.run("a-0") / "steps.txt").exists())
    for _ in range(3):
        os.kill(process.pid, signal.SIGINT)
        time.sleep(0.2)
    said = process.communicate(timeout=20)[0].splitlines()
    assert process.returncode == 1
    told = "Not waited for: 1 run may still go on; the same command finds them again"
    again = f"0 of 2 done, 2 left; to go on: gan-zoo ablate {tmp_path}"
    assert said[-2:] == [told, again]
    holder = living(folder.claim("a-0"))
    assert holder is not None
    os.kill(holder.process.pid, signal.SIGKILL)
    (tmp_path / "behavior.json").write_text("{}")
    assert run_quickly(folder, Sleepers(1))[0].exit_code == 0
    assert causes(folder, "a-0") == ["killed", None]


def test_what_the_executor_lacks_is_told_before_anything(tmp_path: Path) -> None:
    folder, executor = make_folder(tmp_path, behavior={"a-0": {"faults": ["data"]}}), Sleepers(1)
    run_quickly(folder, executor, only=["a"])
    executor.missing = lambda: ["there is no queue here"]  # type: ignore[method-assign]
    with pytest.raises(UserError, match=r"^executor: there is no queue here$"):
        run_quickly(folder, executor, retry="all")
    assert causes(folder, "a-0") == ["data"]
    assert len(executor.jobs) == 2


@pytest.mark.parametrize(("device", "free"), [("cpu", {0, 1}), ("cuda", {1})])
def test_a_device_has_one_run_though_two_work_at_the_folder(
    device: str, free: set[int], tmp_path: Path
) -> None:
    folder, executor = make_folder(tmp_path, device=device), Sleepers(2)
    other = subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE)
    parent = Process(Process.this().machine, other.pid, process_start(other.pid))
    _keep(folder, Child("x", "a-0", executor.name, "", executor.places[0], parent, 0, 0))
    assert run_quickly(folder, executor)[0].exit_code == 0
    assert {job.place for job in executor.jobs} == {executor.places[n] for n in free}
    other.communicate(b"\n")


def test_children_outlive_their_parent_and_keep_their_places(tmp_path: Path) -> None:
    behavior = {"a-0": {"seconds": 1.5}, "b-0": {"seconds": 1.5}}
    folder = make_folder(tmp_path, behavior=behavior)
    process = parent(folder, 2)
    wait_until(lambda: all(living(folder.claim(key)) for key in behavior))
    process.kill()
    process.communicate()
    executor = Sleepers(2)
    outcome, said = run_quickly(folder, executor)
    assert outcome.exit_code == 0
    assert [job.command[-1] for job in executor.jobs] == ["a-1", "b-1"]
    assert said[1:3] == ["a seed 0 is at cpu:0 from before", "b seed 0 is at cpu:1 from before"]
    assert said[3].startswith(("a seed 0 done", "b seed 0 done"))  # only then there is a place
    refuse_twice(folder)


def test_children_without_a_file_of_their_handle_keep_their_places_too(tmp_path: Path) -> None:
    folder = make_folder(tmp_path, variants=1, behavior={"a-0": {"seconds": 2}})
    process = parent(folder, 1)
    wait_until(lambda: living(folder.claim("a-0")))
    process.kill()
    process.communicate()
    for file in (tmp_path / "claims").glob("*.job"):
        file.unlink()
    outcome, said = run_quickly(folder, Sleepers(1))
    assert outcome.exit_code == 0
    assert said[1].startswith("a seed 0 is being made by process ")
    assert said[2].startswith("a seed 0 done")
    assert said[3] == "a seed 1 starts at cpu:0"


def test_parents_and_children_are_killed_at_random(tmp_path: Path) -> None:
    """Nothing is lost, and no step is taken twice."""
    draw = random.Random(4)
    keys = [f"{name}-{seed}" for seed in range(2) for name in "abc"]
    folder = make_folder(tmp_path, variants=3, behavior={key: {"seconds": 0.6} for key in keys})
    kills: Counter[str] = Counter()

    def held() -> dict[str, Owner]:
        found = {key: living(folder.claim(key)) for key in keys if not folder.is_done(key)}
        return {key: owner for key, owner in found.items() if owner and owner.place != REAPER}

    for _ in range(4):
        process = parent(folder, 2)
        wait_until(held)
        time.sleep(draw.uniform(0, 0.3))
        for key, owner in held().items():
            if draw.random() < 0.6 and kills[key] < TIMES:
                kills[key] += 1
                os.kill(owner.process.pid, signal.SIGKILL)
        process.kill()
        process.communicate()
    outcome, _ = run_quickly(folder, Sleepers(2))
    assert outcome.exit_code == 0
    assert sum(kills.values()) >= 2
    for key in keys:
        assert causes(folder, key) == ["killed"] * kills[key] + [None]
    refuse_twice(folder)


def test_two_who_join_share_the_work(tmp_path: Path) -> None:
    behavior = {f"{name}-{seed}": {"seconds": 0.3} for name in "abc" for seed in range(3)}
    folder = make_folder(tmp_path, variants=3, seeds=3, behavior=behavior)
    both = [parent(folder, 1, "join"), parent(folder, 1, "join")]
    said = [process.communicate(timeout=60)[0] for process in both]
    assert [process.returncode for process in both] == [0, 0], "".join(said)
    refuse_twice(folder)
    for text in said:
        assert text.count(" starts at ") >= 3
    assert any(text.splitlines()[-1].startswith("9 of 9 done") for text in said)


def test_who_joins_leaves_what_others_are_at(tmp_path: Path) -> None:
    folder = make_folder(tmp_path, seeds=1, behavior={"a-0": {"seconds": 5}})
    process = parent(folder, 1, "join")
    wait_until(lambda: living(folder.claim("a-0")))
    outcome, said = run_quickly(folder, Sleepers(1), join=True)
    assert outcome == Outcome(("b-0",), (), (), ("a-0",))
    assert outcome.exit_code == 0
    assert said[-1].startswith("1 of 2 done, 1 left (others are at 1); ")
    outcome, said = run_quickly(folder, Sleepers(1))  # who does not join waits
    assert outcome.exit_code == 0
    assert re.fullmatch(r"a seed 0 is being made by process \d+ on .+, at cpu:0", said[1])
    assert re.fullmatch(r"a seed 0 done in \d s on .+; 2 of 2", said[2])
    assert process.wait(timeout=10) == 0
    process.communicate()


@pytest.mark.slow
def test_two_who_join_need_three_fifths_of_the_time_of_one(tmp_path: Path) -> None:
    behavior = {f"{name}-{seed}": {"seconds": 2} for name in "abcde" for seed in range(3)}
    took = []
    for count in (1, 2):
        folder = make_folder(tmp_path / str(count), variants=5, seeds=3, behavior=behavior)
        began = time.monotonic()
        joined = [parent(folder, 1, "join") for _ in range(count)]
        assert [process.communicate()[0] and process.returncode for process in joined] == [
            0
        ] * count
        took.append(time.monotonic() - began)
        refuse_twice(folder)
    print(f"one {took[0]:.1f} s, two {took[1]:.1f} s: {took[1] / took[0]:.3f}")
    assert took[1] <= 0.6 * took[0]
