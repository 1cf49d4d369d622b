"""What goes wrong for people: every message says what came, what was expected and the cure."""

from __future__ import annotations

import difflib
import os
import shlex
import unicodedata
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from io import TextIOWrapper
from pathlib import Path
from typing import TextIO


class UserError(Exception):
    """The user's input is wrong: a recipe, data, an argument. The command line exits with 2.

    Its message may be printed: control codes, as of a file's name, are shown and not obeyed.
    """

    def __str__(self) -> str:
        return printable(super().__str__())


class DataError(UserError):
    """A file or folder of the data is not what the recipe says; the message names it.

    Attributes:
        sample: Its place in the data, where it was met while training read it.
    """

    sample: int | None = None


class ContractError(ValueError):
    """A component cannot work on the shapes it is given.

    Args:
        message: What came, what was expected and the cure.
        option: The option of the component to look at, so that its line can be shown.
    """

    def __init__(self, message: str, *, option: str = "") -> None:
        super().__init__(message)
        self.option = option


@contextmanager
def add_note_on_error(what: str) -> Iterator[None]:
    """Whatever a component raises in here says below its traceback what was being done."""
    try:
        yield
    except UserError:
        raise
    except Exception as problem:
        problem.add_note(f"While {what}")
        raise


@contextmanager
def naming_file(path: Path) -> Iterator[None]:
    """Let an OSError say which file it is about; of a full disk it would not."""
    try:
        yield
    except OSError as problem:
        problem.filename, problem.filename2 = str(path), None
        raise


# ---------------------------------------------------------------------------------- words


def near_misses(name: str, known: Iterable[str]) -> list[str]:
    """The names that were probably meant: the best, and another that is about as good."""
    likeness = {other: difflib.SequenceMatcher(None, other, name).ratio() for other in known}
    least = max(0.6, max(likeness.values(), default=0) - 0.1)
    near = [other for other, like in likeness.items() if like >= least]
    return sorted(near, key=lambda other: -likeness[other])[:2]


def quoted(value: object) -> str:
    """A value as a recipe would write it, short enough for a sentence."""
    if isinstance(value, str):
        return f"'{value}'" if len(value) <= 60 else f"'{value[:57]}...'"
    if value is None or isinstance(value, bool):
        return {None: "null", True: "true", False: "false"}[value]
    if isinstance(value, list | tuple):
        text = f"[{', '.join(map(quoted, value))}]"
        return text if len(text) <= 60 else f"a list of {len(value)}"
    if isinstance(value, Mapping):
        return "a mapping"
    return str(value) if isinstance(value, int | float) else type(value).__name__


def unreadable(problem: OSError) -> str:
    """What is told of a file or folder that the system does not let be read, with the cure: of the
    outermost folder that may not be entered, where that is why. A problem that names no file says
    itself."""
    at = problem.filename
    if at is None:
        return first_line(problem)
    if isinstance(problem, PermissionError):
        at = next(filter(_is_closed, reversed(Path(os.fsdecode(at)).parents)), at)
    told = f"{at} cannot be read ({problem.strerror or problem})"
    if isinstance(problem, PermissionError) and os.name == "posix":
        told += f"; if it is yours, chmod -R u+rX {shlex.quote(str(at))} lets you in"
    return told


def _is_closed(folder: Path) -> bool:
    """Whether a folder may not be entered."""
    try:
        os.stat(os.path.join(folder, "."))  # a Path drops the dot
    except PermissionError:
        return True
    except OSError:
        return False
    return False


def printable(text: str) -> str:
    """A text whose control codes are written out (`\\x1b`), but for tabs and ends of lines: a
    terminal would obey them."""
    return "".join(
        ascii(letter)[1:-1]
        if letter not in "\n\t" and unicodedata.category(letter) == "Cc"
        else letter
        for letter in text
    )


def format_size(sides: Sequence[int | None]) -> str:
    """A size or a shape in words, as 256x512; what has no sides is a number."""
    return "x".join("?" if side is None else str(side) for side in sides) or "a number"


def first_line(problem: BaseException) -> str:
    """What an exception says first."""
    return next(iter(str(problem).splitlines()), type(problem).__name__)


def show_every_letter(stream: TextIO | None) -> None:
    """Let a stream whose encoding lacks a letter, as of a file's name, show its number in its place
    (`\\ud55c`) where it would raise. What else the stream does stays.
    """
    if isinstance(stream, TextIOWrapper) and stream.errors == "strict":
        stream.reconfigure(errors="backslashreplace")
