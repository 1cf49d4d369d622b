from __future__ import annotations

import io
import time
from pathlib import Path
from typing import Any

import pytest
from rich.console import Console

from gan_zoo.reporter import Reporter, format_duration


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Any:
    """Time that passes only when told to."""

    class Clock:
        now = 100.0

        def wait(self, seconds: float) -> None:
            self.now += seconds

    made = Clock()
    monkeypatch.setattr("gan_zoo.reporter.time.monotonic", lambda: made.now)
    return made


def play(reporter: Reporter, clock: Any, steps: int = 40) -> None:
    """Steps of a second, of which a quarter is spent waiting; the first takes longer."""

    def feed() -> Any:
        for n in range(steps):
            clock.wait(0.25 if n else 5)
            yield n

    with reporter.progress("main", 10, 10 + steps) as told:
        for n in told.waiting_for(feed()):
            clock.wait(0.75 if n else 7)
            told.step({"G_GAN": 0.123456, "D_real": 2.0}, 3)
        assert told.times() == {"seconds": 1.275, "wait": 0.36875}


def test_without_a_terminal_there_are_plain_lines(clock: Any, tmp_path: Path) -> None:
    out = io.StringIO()
    reporter = Reporter(Console(file=out, width=300))
    reporter.log_to(tmp_path / "log.txt")
    play(reporter, clock)
    lines = out.getvalue().splitlines()
    assert len(lines) == 4
    assert "to go" not in lines[0]  # one step says nothing of the rest
    assert lines[1] == (
        "  main 22/50  epoch 3  G_GAN 0.123 D_real 2  1917 ms a step, 646 ms of it waiting for "
        "data, 28 s to go"
    )
    logged = (tmp_path / "log.txt").read_text().splitlines()
    assert [line[20:] for line in logged] == lines
    time.strptime(logged[0][:19], "%Y-%m-%d %H:%M:%S")


def test_in_a_terminal_there_is_a_bar(clock: Any, tmp_path: Path) -> None:
    out = io.StringIO()
    reporter = Reporter(Console(file=out, force_terminal=True, width=200))
    reporter.log_to(tmp_path / "log.txt")
    play(reporter, clock)
    assert "50/50" in out.getvalue()
    assert "waiting for data" in out.getvalue()
    assert not (tmp_path / "log.txt").exists()


def test_quiet_still_logs(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    reporter = Reporter(quiet=True)
    reporter.log_to(tmp_path / "log.txt")
    reporter.say("[bold]as it is[/bold]")
    assert capsys.readouterr().out == ""
    assert "[bold]as it is[/bold]" in (tmp_path / "log.txt").read_text()


@pytest.mark.parametrize(
    ("seconds", "told"),
    [(0.4, "0 s"), (59, "59 s"), (61, "1 min 1 s"), (3599.6, "1 h 0 min"), (7325, "2 h 2 min")],
)
def test_durations_are_said_as_people_do(seconds: float, told: str) -> None:
    assert format_duration(seconds) == told


@pytest.mark.parametrize("terminal", [True, False])
def test_nothing_that_is_said_becomes_a_picture_or_a_style(
    clock: Any, tmp_path: Path, terminal: bool
) -> None:
    out = io.StringIO()
    for console in (None, Console(file=out, force_terminal=terminal, width=200)):
        reporter = Reporter(console)
        reporter.console.file = out
        reporter.say("/data/:smile:/[b]x")
        with reporter.progress("a:smile:[b]x", 0, 1) as told:
            for _ in told.waiting_for([0]):
                told.step({"G:smile:[b]x": 1.0}, 1)
    assert "/data/:smile:/[b]x" in out.getvalue()
    assert "\N{SMILING FACE WITH OPEN MOUTH AND SMILING EYES}" not in out.getvalue()
    if terminal:
        assert "a:smile:[b]x" in out.getvalue()
        assert "G:smile:[b]x" in out.getvalue()
