"""Ctrl-C and SIGTERM, as who works at an ablation hears them. No torch."""

from __future__ import annotations

import signal
from collections.abc import Iterator
from contextlib import contextmanager

PATIENCE = 2  # signals that are only counted


class Signals:
    """How many came."""

    def __init__(self) -> None:
        self.count = 0

    @contextmanager
    def heard(self) -> Iterator[None]:
        """They are counted in here, and from the third on raised as KeyboardInterrupt, wherever it
        waits; in a thread they are the caller's.
        """

        def hear(number: int, frame: object) -> None:
            self.count += 1
            if self.count > PATIENCE:
                raise KeyboardInterrupt

        try:
            before = {s: signal.signal(s, hear) for s in (signal.SIGINT, signal.SIGTERM)}
        except ValueError:
            before = {}
        try:
            yield
        finally:
            for number, handler in before.items():  # None: it was not set by Python, and is lost
                signal.signal(number, signal.SIG_DFL if handler is None else handler)
