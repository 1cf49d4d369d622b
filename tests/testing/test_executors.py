"""The kit finds what executors do wrong, and says so."""

from __future__ import annotations

import json
import os
import signal
import subprocess
from typing import Any

import pytest

from gan_zoo.components import Executor, ExecutorSpec, Job
from gan_zoo.testing import examine, executors
from gan_zoo_executors.local import Local
from gan_zoo_executors.specs import LocalSpec
from tests.testing.faults import Faults

PLACES, DONE = "places are as many as jobs allow", "a command is executed"
HANDLE, UNKNOWN = "a handle is enough", "what is not known has ended"


class Crowded(Local):
    def __init__(self) -> None:
        super().__init__({f"cpu:{number}": {} for number in range(4)})


class Naked(Local):
    """Passes no variables on."""

    def submit(self, job: Job) -> str:
        bare = dict(os.environ, KIT="two words")  # it is not this one that counts
        with job.log.open("ab") as log:
            child = subprocess.Popen(job.command, stdout=log, stderr=log, env=bare)
        self._children[str(child.pid)] = child
        return str(child.pid)

    def state(self, handle: str) -> Any:
        child = self._children.get(handle)
        return "ended" if child is None or child.poll() is not None else "running"


class Forgetful(Local):
    """Writes the log anew."""

    def submit(self, job: Job) -> str:
        job.log.unlink(missing_ok=True)
        return super().submit(job)


class Strict(Local):
    """Knows its own handles alone."""

    def state(self, handle: str) -> Any:
        self._children[handle]
        return super().state(handle)


class Lost(Local):
    """Calls what it has lost something else."""

    def state(self, handle: str) -> Any:
        return super().state(handle) if handle in self._children else "lost"


class Killing(Local):
    """Gives no time to save."""

    def cancel(self, handle: str) -> None:
        os.kill(json.loads(handle)["pid"], signal.SIGKILL)


fault = Faults()


def spec_of(made: type[Local]) -> type[ExecutorSpec]:
    class FaultySpec(ExecutorSpec, name="faulty"):
        """Faulty."""

        def build(self, *, device: str, jobs: int | None) -> Executor:
            return made() if made is Crowded else made({"cpu:0": {}})

    FaultySpec.__name__ = made.__name__
    return FaultySpec


for made, title, told in (
    (Crowded, PLACES, "the places ['cpu:0', 'cpu:1', 'cpu:2', 'cpu:3'] for jobs 1"),
    (Naked, DONE, "nothing of it for 2 s; the log has 'said two words 1"),
    (Forgetful, DONE, "nothing of it for 2 s; the log has 'complained"),
    (Killing, HANDLE, "hears SIGTERM"),
    (Strict, UNKNOWN, "KeyError"),
    (Lost, UNKNOWN, "'lost'"),
):
    fault(title, told)(spec_of(made))


@pytest.fixture(autouse=True)
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(executors, "SECONDS", 2.0)
    monkeypatch.delenv("PYTHONHASHSEED", raising=False)


# The check that fails leaves a process that nobody has asked how it ended.
test_a_fault_is_found_and_said = pytest.mark.filterwarnings(
    "ignore::pytest.PytestUnraisableExceptionWarning"
)(fault.test())


def test_ours_has_no_fault() -> None:
    assert examine(LocalSpec, PLACES, DONE, HANDLE, UNKNOWN) == {}
