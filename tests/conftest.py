"""The tests of what ships with gan-zoo are the same whatever guests are installed beside it. At the
end each room's share of the time is printed.
"""

from __future__ import annotations

import atexit
import os
import shutil
import tempfile
from collections import Counter
from collections.abc import Iterator

import pytest

from gan_zoo.components.user_cache import VARIABLE
from gan_zoo.registry.plugins import ONLY

_kept = tempfile.mkdtemp(prefix="gan-zoo-tests-")  # what metrics keep, of no other run
atexit.register(shutil.rmtree, _kept, ignore_errors=True)
os.environ[VARIABLE] = _kept
os.environ[ONLY] = ""  # before anything asks for the zoo, and for every process that a test starts

_seconds: Counter[str] = Counter()  # by room, of all processes: these reports come to the first one


@pytest.fixture
def programs(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """A compiler that computes as ever, so that equal numbers are equal to the bit, and a recorder
    of steps for the CPU.
    """
    import torch

    from gan_zoo.engine import compiling, step_graph
    from tests.engine.tape import TapeRecorder

    monkeypatch.setattr(compiling, "BACKEND", "aot_eager")
    monkeypatch.setitem(step_graph.RECORDERS, "cpu", TapeRecorder)
    yield
    torch.compiler.reset()


def pytest_runtest_logreport(report: pytest.TestReport) -> None:
    """Add up what every test took, with what was made for it."""
    folder, *rest = report.nodeid.partition("::")[0].removeprefix("tests/").split("/")
    _seconds[folder if rest else "of the whole"] += report.duration


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Each room's share, the largest first."""
    total = sum(_seconds.values())
    if total:
        shares = [f"{room} {seconds / total:.0%}" for room, seconds in _seconds.most_common()]
        terminalreporter.write_line(f"{total:.0f} s of tests: {', '.join(shares)}")
