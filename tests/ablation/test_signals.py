"""How often somebody presses Ctrl-C."""

from __future__ import annotations

import os
import signal
import threading
import time

import pytest

from gan_zoo.ablation.signals import Signals

pytestmark = pytest.mark.skipif(os.name != "posix", reason="sends signals")


def test_two_are_counted_and_the_third_is_raised() -> None:
    signals, before = Signals(), signal.getsignal(signal.SIGINT)
    with pytest.raises(KeyboardInterrupt), signals.heard():  # noqa: PT012
        for number in (signal.SIGINT, signal.SIGTERM):
            os.kill(os.getpid(), number)
        assert signals.count == 2
        threading.Timer(0.1, os.kill, (os.getpid(), signal.SIGINT)).start()
        time.sleep(60)  # whatever it waits for
    assert signals.count == 3
    assert signal.getsignal(signal.SIGINT) is before


def test_in_a_thread_they_are_the_callers() -> None:
    before, heard = signal.getsignal(signal.SIGINT), []

    def work() -> None:
        with Signals().heard():
            heard.append(signal.getsignal(signal.SIGINT))

    thread = threading.Thread(target=work)
    thread.start()
    thread.join()
    assert heard == [before]


def test_a_handler_that_python_did_not_set(monkeypatch: pytest.MonkeyPatch) -> None:
    real, before = signal.signal, signal.getsignal(signal.SIGTERM)
    monkeypatch.setattr(signal, "signal", lambda number, handler: real(number, handler) and None)
    with Signals().heard():
        monkeypatch.setattr(signal, "signal", real)
    assert signal.getsignal(signal.SIGTERM) is signal.SIG_DFL
    real(signal.SIGTERM, before)
    real(signal.SIGINT, signal.default_int_handler)
