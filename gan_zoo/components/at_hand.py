"""What is read of the data at hand before a run: once, however many ask for it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any, TypeVar

T = TypeVar("T")

_READ: ContextVar[dict[str, Any] | None] = ContextVar("what was read of the data", default=None)


@contextmanager
def read_once() -> Iterator[None]:
    """In here the data stands still: what `remembered` made is not made again. A run is in here
    from its start to its end, so that files which come while it trains change nothing.
    """
    before = _READ.set({} if _READ.get() is None else _READ.get())
    try:
        yield
    finally:
        _READ.reset(before)


def remembered(what: str, make: Callable[[], T]) -> T:
    """What `make` returned when it was first asked for, where the data stands still; made anew
    elsewhere.

    Args:
        what: Names it, with all that it depends on.
        make: Makes it; what it raises is raised, and not remembered.
    """
    read = _READ.get()
    if read is None:
        return make()
    if what not in read:
        read[what] = make()
    made: T = read[what]
    return made
