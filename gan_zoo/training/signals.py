"""Ctrl-C and SIGTERM: what they may break off, and what they wait for."""

from __future__ import annotations

import math
import os
import signal
import time
from collections.abc import Callable, Generator, Iterable, Iterator
from contextlib import contextmanager
from typing import Any, TypeVar

from gan_zoo.reporter import Reporter

T = TypeVar("T")
SAME_WISH = 5.0  # seconds in which further signals ask for what was done
TWICE = 2.0  # seconds before a second one means more than the first: launchers send several


class Stopped(BaseException):
    """The user asked the run to stop while nothing was half done. Not an Exception, so that what is
    broken off cannot take it for an error of its own.

    Args:
        torn: A step was broken off: what networks hold now is neither before nor after it.
    """

    def __init__(self, *, torn: bool = False) -> None:
        super().__init__()
        self.torn = torn


class Stop:
    """Whether the user asked the run to stop, and what that may break off.

    A step is waited for, unless the user asks twice. What only reads and looks, as waiting for a
    batch that may hang or a validation that may take long, is broken off at once. What saves is
    waited for, however often the user asks.
    """

    def __init__(self, reporter: Reporter) -> None:
        self.asked = False
        self.signal = 0  # the first that came
        self._reporter = reporter
        self._meanwhile = "a step"
        self._deaf_until = -math.inf  # the same wish once more
        self._leaving = False  # the run has heard it, and is on its way out

    @contextmanager
    def heard(self) -> Iterator[None]:
        """Hear signals in here; in another thread than the main one they are the caller's."""
        try:
            before = {s: signal.signal(s, self._hear) for s in (signal.SIGINT, signal.SIGTERM)}
        except ValueError:
            before = {}
        try:
            yield
        finally:
            for number, handler in before.items():
                signal.signal(number, _late(handler) if self.asked else handler)

    def leave(self) -> None:
        """The run has heard it. Until then it is raised again: what is ignored in a destructor, or
        caught by somebody else, is not heard.
        """
        self._leaving = True

    @contextmanager
    def at_once(self) -> Iterator[None]:
        """In here a signal raises where it arrives; one that came before raises now.

        Raises:
            Stopped: the user asked.
        """
        with self._doing("nothing to wait for"):
            if self.asked:
                self._tell()
            yield

    @contextmanager
    def saving(self) -> Iterator[None]:
        """In here no signal breaks anything off; one that came raises at the end, if the rest of
        what is done may be broken off.
        """
        with self._doing("saving"):
            yield
        if self.asked and self._meanwhile == "nothing to wait for":
            self._tell()

    def between(self, feed: Iterable[T]) -> Generator[T, None, None]:
        """Pass a feed on; waiting for it may be broken off."""
        source = iter(feed)
        while True:
            with self.at_once():
                try:
                    item = next(source)
                except StopIteration:
                    return
            yield item

    def _hear(self, number: int, frame: object) -> None:
        """A signal came."""
        again, self.asked = self.asked, True
        self.signal = self.signal or number
        if self._leaving or time.monotonic() < self._deaf_until or self._meanwhile == "saving":
            self._reporter.say("Stopping; what is being done or saved is waited for")
        elif self._meanwhile == "nothing to wait for":
            self._tell()
        elif again:
            self._tell(torn=True)
        else:
            self._deaf_until = time.monotonic() + TWICE
            self._reporter.say("Stopping after this step; again to stop at once")

    def _tell(self, *, torn: bool = False) -> None:
        if not self._leaving:
            self._deaf_until = time.monotonic() + SAME_WISH
            raise Stopped(torn=torn)

    @contextmanager
    def _doing(self, what: str) -> Iterator[None]:
        before, self._meanwhile = self._meanwhile, what
        try:
            yield
        finally:
            self._meanwhile = before


def _late(handler: Any) -> Callable[[int, Any], None]:
    """A handler that takes what comes soon after the run's end as the same wish once more."""
    until = time.monotonic() + SAME_WISH

    def hear(number: int, frame: Any) -> None:
        if time.monotonic() >= until:
            signal.signal(number, handler)
            os.kill(os.getpid(), number)

    return hear
