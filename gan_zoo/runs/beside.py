"""Work beside the caller: one piece at a time, in a thread of its own."""

from __future__ import annotations

from collections.abc import Callable
from threading import Event, Thread
from typing import Generic, TypeVar

T = TypeVar("T")


class Beside(Generic[T]):
    """At most one piece of work at a time. What it gives or raises is handed over on demand."""

    def __init__(self) -> None:
        self._over: Event | None = None  # a thread's own join may be cut short by a signal
        self._made: T | None = None
        self._raised: BaseException | None = None

    def start(self, work: Callable[[], T]) -> None:
        """Begin; the piece before it was taken over."""
        assert self._over is None, "the work before it is not taken over yet"
        over = self._over = Event()

        def do() -> None:
            try:
                self._made = work()
            except BaseException as problem:  # the caller's to hear
                self._raised = problem
            finally:
                over.set()

        Thread(target=do, name="beside").start()  # no daemon: the process waits for it

    def take(self, *, wait: bool) -> T | None:
        """What was made since this was asked last; None where nothing was, or not yet.

        Args:
            wait: For what is being made.
        """
        if self._over is None or not (wait or self._over.is_set()):
            return None
        self._over.wait()
        made, raised = self._made, self._raised
        self._over = self._made = self._raised = None
        if raised is not None:
            raise raised
        return made
