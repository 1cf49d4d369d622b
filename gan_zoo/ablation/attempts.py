"""The tries of a run, a line each in attempts/KEY.jsonl, and what follows from them. No torch."""

from __future__ import annotations

import json
import os
import platform
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Self

from gan_zoo.ablation.claims import Owner, take
from gan_zoo.ablation.folder import AblationFolder
from gan_zoo.errors import UserError, naming_file, near_misses, printable

RESUMED = ("killed", "lost")  # nobody's mistake: goes on by itself
TIMES = 3  # so often
FAILURES = ("contract", "data", "memory", "not_finite", *RESUMED, "other")
STOPPED, RETRY = "stopped", "retry"  # no failures: the user asked, before and for once more
REAPER = "reaper"  # the place of who claims a run only to note what became of it
LONGEST = 240  # letters of a last line that stands in a table; the log has all
TAIL = 65536  # bytes at the end of a log in which its last line is looked for

# What torch, numpy, the system and its loader say where they get no memory; torch's allocator for
# CPUs raises a plain RuntimeError, and a reader's error comes as the text of its traceback.
NO_MEMORY = (
    *("out of memory", "not enough memory", "allocate memory", "MemoryError", "bad_alloc"),
    *("failed to map segment", "CUDNN_STATUS_ALLOC_FAILED"),
)


@dataclass(frozen=True)
class Attempt:
    """A try to make a run, or the user's word that it is tried once more.

    Args:
        id: Of the claim under which it was made.
        host: The machine.
        device: Its place, as cpu:0.
        threads: On CPUs; None elsewhere.
        start: When, in UTC.
        end: When; of one that died, when that was noticed.
        exit: Code of the process; None of one that died.
        cause: One of FAILURES, `stopped`, `retry`; None if the run is done.
        last: What it said last.
    """

    id: str
    host: str
    device: str
    threads: int | None
    start: str
    end: str
    exit: int | None
    cause: str | None
    last: str = ""

    @classmethod
    def of(
        cls,
        owner: Owner,
        threads: int | None,
        cause: str | None,
        last: str = "",
        exit: int | None = None,
    ) -> Self:
        """One that has just ended, of who held the run."""
        who = (owner.id, owner.host, owner.place, threads, owner.begun)
        brief = last if len(last) <= LONGEST else f"{last[: LONGEST - 3].rstrip()}..."
        return cls(*who, end=utc(), exit=exit, cause=cause, last=brief)

    @property
    def seconds(self) -> float:
        """How long it took."""
        began, ended = map(datetime.fromisoformat, (self.start, self.end))
        return (ended - began).total_seconds()


def read_attempts(path: Path) -> list[Attempt]:
    """All tries of a run, the first first. A line that was cut while it was written is none.

    Raises:
        UserError: a line tells of no try; says the cure.
    """
    try:
        lines = path.read_text(encoding="utf-8", errors="replace").splitlines()
    except FileNotFoundError:
        return []
    found = []
    for number, line in enumerate(lines, start=1):
        if told := _object(line):
            try:
                found.append(Attempt(**told))
            except TypeError as problem:
                raise UserError(
                    f"{path}:{number}: the line is damaged, or of another gan-zoo ({problem}); "
                    "remove it: what is done stays done"
                ) from None
    return found


def note_attempt(path: Path, attempt: Attempt) -> None:
    """One more line; whoever writes it holds the run, or nobody does.

    Raises:
        OSError: it cannot be written; names the file.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    with naming_file(path), path.open("a+b") as file:
        if file.tell():
            file.seek(-1, os.SEEK_END)
            cut = file.read() != b"\n"  # whoever wrote it was killed
        else:
            cut = False
        file.write(b"\n" * cut + json.dumps(asdict(attempt)).encode() + b"\n")
        file.flush()
        os.fsync(file.fileno())


def failure(attempts: Sequence[Attempt]) -> Attempt | None:
    """The try for which a run is given up until the user asks again; None where it may go on."""
    counted = [one for one in _since_asked(attempts) if one.cause != STOPPED]
    if not counted or counted[-1].cause is None:
        return None
    goes_on = counted[-1].cause in RESUMED and deaths(attempts) <= TIMES
    return None if goes_on else counted[-1]


def deaths(attempts: Sequence[Attempt]) -> int:
    """How often a run was killed or lost since the user last asked for it."""
    return sum(one.cause in RESUMED for one in _since_asked(attempts))


def sum_seconds(attempts: Sequence[Attempt]) -> float | None:
    """How long all tries took together; None where none are known."""
    return sum(one.seconds for one in attempts) if attempts else None


def _since_asked(attempts: Sequence[Attempt]) -> Sequence[Attempt]:
    asked = [n for n, one in enumerate(attempts) if one.cause == RETRY]
    return attempts[asked[-1] + 1 :] if asked else attempts


def retry_failed(folder: AblationFolder, keys: Iterable[str], cause: str = "all") -> list[str]:
    """Let runs that failed be tried once more; what they came to before stays in their history.

    Args:
        folder: The ablation's.
        keys: Runs.
        cause: Only what failed for this; "all" for whatever it was.

    Returns:
        The keys of which it holds.

    Raises:
        UserError: there is no such cause.
    """
    if cause not in ("all", *FAILURES):
        meant = "".join(f"; did you mean {near}?" for near in near_misses(cause, FAILURES)[:1])
        raise UserError(f"--retry {cause}: runs fail for {', '.join(FAILURES)}{meant}")
    found = []
    for key in keys:
        failed = failure(read_attempts(folder.attempts(key)))
        if failed and cause in ("all", failed.cause):
            asked = Attempt("", platform.node(), "", None, utc(), utc(), None, RETRY)
            note_attempt(folder.attempts(key), asked)
            found.append(key)
    return found


def bury(folder: AblationFolder, key: str, dead: Iterable[Owner]) -> None:
    """Note how those ended who could not do it themselves; whoever calls it holds the run."""
    noted = {one.id for one in read_attempts(folder.attempts(key))}
    for owner in dead:
        if owner.id in noted or owner.place == REAPER:
            continue
        last = last_line(folder.log(key))
        cause: str | None = "killed" if owner.process.is_gone() else "lost"
        if folder.is_done(key):  # killed between its scores and its last word
            cause = None
        elif lacks_memory(last):
            cause = "memory"
        told = Attempt.of(owner, folder.plan().threads, cause, last)
        note_attempt(folder.attempts(key), told)


def reap(folder: AblationFolder, key: str) -> bool:
    """Note the death of whoever held a run, and free it; False where somebody alive holds it."""
    claim = take(folder.claim(key), place=REAPER)
    if claim is None:
        return False
    with claim.held():
        bury(folder, key, claim.before)
    return True


def lacks_memory(told: str) -> bool:
    """Whether a message means that there was no memory."""
    return any(words in told for words in NO_MEMORY)


def last_line(log: Path, since: int = 0) -> str:
    """What a log says last, after so many bytes; empty where it says nothing."""
    try:
        with log.open("rb") as file:
            size = file.seek(0, os.SEEK_END)
            file.seek(min(size, max(since, size - TAIL)))
            text = file.read().decode("utf-8", errors="replace")
    except FileNotFoundError:
        return ""
    lines = [line.strip() for line in text.splitlines()]
    return printable(next((line for line in reversed(lines) if line), ""))


def utc() -> str:
    """Now, as attempts have it."""
    return datetime.now(UTC).isoformat(timespec="seconds")


def _object(line: str) -> Any:
    try:
        told = json.loads(line)
    except ValueError:
        return None
    return told if isinstance(told, dict) else None
