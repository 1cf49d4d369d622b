"""Work beside the caller: one piece at a time, in a thread of its own."""

from __future__ import annotations

from collections.abc import Callable
from threading import Thread
from typing import Generic, TypeVar

T = TypeVar("T")


class Beside(Generic[T]):
    """At most one piece of work at a time. What it gives or raises is handed over on demand."""

    def __init__(self) -> None:
        self._thread: Thread | None = None
        self._made: T | None = None
        self._raised: BaseException | None = None

    def start(self, work: Callable[[], T]) -> None:
        """Begin; the piece before it was taken over."""
        assert self._thread is None, "the work before it is not taken over yet"

        def do() -> None:
            try:
                self._made = work()
            except BaseException as problem:  # the caller's to hear
                self._raised = problem

        self._thread = Thread(target=do, name="beside")  # no daemon: the process waits for it
        self._thread.start()

    def take(self, *, wait: bool) -> T | None:
        """What was made since this was asked last; None where nothing was, or not yet.

        Args:
            wait: For what is being made.
        """
        if self._thread is None or (self._thread.is_alive() and not wait):
            return None
        self._thread.join()
        self._thread = None
        made, raised = self._made, self._raised
        self._made = self._raised = None
        if raised is not None:
            raise raised
        return made

    def join(self) -> None:
        """Wait for what is being made, and leave it to be taken over."""
        if self._thread is not None:
            self._thread.join()
