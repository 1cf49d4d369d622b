"""Who holds a run, among all processes of all machines that see the folder. No torch.

    claims/KEY/owner.json                 who claimed it
    claims/KEY/after-OWNER/owner.json     who took it over when that one was dead, and so on

A claim appears whole: a folder with its owner.json in it is made beside and renamed, which succeeds
for exactly one process, on NFS too; a plain mkdir would leave a claim without an owner where its
maker is killed right behind it. Nothing is removed to take over: whoever comes second finds the
name of the dead taken. A claim lives as long as its process does, which on the owner's own machine
is asked of the system; elsewhere as long as its file is touched. No two machines' clocks are
compared, only times that the file system itself gave.
"""

from __future__ import annotations

import errno
import json
import os
import platform
import shutil
import sys
import threading
import time
import uuid
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from typing import Any, Self

from gan_zoo.components.processes import process_start
from gan_zoo.errors import UserError
from gan_zoo.runs.atomic import write_file

OWNER = "owner.json"
BEAT = 20.0  # seconds between two signs of life
AWAKE = 1.0  # seconds between two looks at the clock, which jumps when a machine wakes up
STALE = 600.0  # seconds without one after which an owner on another machine is dead
LEFT = 86400.0  # seconds after which what nobody finished is swept up
AWAY = (errno.ENOENT, errno.ESTALE)  # moved away, maybe while it was read over a network
TAKEN = (*AWAY, errno.EEXIST, errno.ENOTEMPTY, errno.EACCES)  # the last is what Windows says


@dataclass(frozen=True)
class Process:
    """A process, wherever it runs.

    Args:
        machine: What is one place to ask for a process by its number: the host as it was booted,
            and the container, since each counts anew.
        pid: Its number there.
        started: When, as `process_start` tells; None where that is not known.
    """

    machine: str
    pid: int
    started: str | None

    @classmethod
    def this(cls) -> Self:
        """The one that asks."""
        return cls(_machine(), os.getpid(), process_start(os.getpid()))

    def is_gone(self) -> bool | None:
        """Whether it has ended; None where that cannot be asked from here."""
        if self.machine != _machine() or self.started is None:
            return None
        found = process_start(self.pid)
        if found is None:
            try:
                os.kill(self.pid, 0)
            except PermissionError:  # another user's, and this system hides those
                return None
            except ProcessLookupError:
                return True
        return found != self.started


@dataclass(frozen=True)
class Owner:
    """Who holds a run.

    Args:
        id: Of this claim; no two are alike.
        host: The machine, as people call it.
        process: The one that makes the run.
        place: Where its executor put it, as cpu:0.
        parent: The process that had it made.
        begun: When.
    """

    id: str
    host: str
    process: Process
    place: str
    parent: Process | None
    begun: str

    @classmethod
    def of_data(cls, told: Mapping[str, Any]) -> Self:
        """What owner.json holds.

        Raises:
            KeyError, TypeError: it holds something else.
        """
        parent = told["parent"]
        made = {"process": Process(**told["process"]), "parent": parent and Process(**parent)}
        return cls(**{**told, **made})


class Claim:
    """A run that this process holds.

    Args:
        path: claims/KEY.
        file: The owner.json that is touched.
        owner: This process.
        before: Whom it was taken over from, the first first: they are dead.
    """

    def __init__(self, path: Path, file: Path, owner: Owner, before: list[Owner]) -> None:
        self.owner, self.before = owner, before
        self._path, self._file = path, file

    def is_ours(self) -> bool:
        """Whether nobody took it over meanwhile."""
        return _is_last(self._path, self.owner)

    def insist(self) -> None:
        """End this process at once, and save nothing, where another one took the run over, since
        it saw no sign of life for ten minutes: that one goes on from the last checkpoint in the
        same folder, or has made the run and gone.
        """
        chain = owners(self._path)
        if chain[-1].id == self.owner.id if chain else not self._path.parent.is_dir():
            return  # it is ours, or the whole folder is away for a moment
        who = f"A process on {chain[-1].host}" if chain else "Another process"
        told = "took this run over, since it saw no sign of life for ten minutes"
        print(f"{who} {told}", file=sys.stderr, flush=True)
        os._exit(1)

    def release(self) -> None:
        """Let go of it."""
        if self.is_ours():
            gone = self._path.with_name(f".{self.owner.id}")
            os.rename(self._path, gone)
            shutil.rmtree(gone, ignore_errors=True)

    @contextmanager
    def held(self) -> Iterator[None]:
        """In here a thread insists on it and gives signs of life; then the claim is released."""
        ended = threading.Event()
        beat = threading.Thread(target=self._beat, args=(ended,), daemon=True)
        beat.start()
        try:
            yield
        finally:
            ended.set()
            beat.join()
            self.release()

    def _beat(self, ended: threading.Event) -> None:
        last = -BEAT
        while not ended.wait(min(AWAKE, BEAT)):
            if abs(time.time() - last) < BEAT:  # the clock that goes on while the machine sleeps
                continue
            last = time.time()
            with suppress(OSError, UserError):  # a file system that is away for a moment
                self.insist()
                os.utime(self._file)


def take(path: Path, *, place: str, parent: Process | None = None) -> Claim | None:
    """Claim a run, or take it over from a dead owner.

    Args:
        path: claims/KEY.
        place: Where this process was put.
        parent: The process that had this one started.

    Returns:
        The claim; None where somebody alive has it.

    Raises:
        OSError: the folder cannot be written.
    """
    begun = datetime.now(UTC).isoformat(timespec="seconds")
    me = Owner(uuid.uuid4().hex, platform.node(), Process.this(), place, parent, begun)
    staged = path.with_name(f".{me.id}")
    staged.mkdir(parents=True)
    try:
        write_file(staged / OWNER, json.dumps(asdict(me)))
        while True:
            before = owners(path)
            if before and not is_dead(path, before):
                return None
            target = _after(path, before)
            try:
                os.rename(staged, target)
            except OSError as problem:
                if not _is_last(path, me):  # a server may do it, and say that it was done before
                    if problem.errno not in TAKEN or not staged.is_dir():
                        raise
                    time.sleep(0.01)  # somebody was faster, or it was released: look again
                    continue
            # A name that belongs to an earlier claim of this run would be ours for nothing.
            return Claim(path, target / OWNER, me, before) if _is_last(path, me) else None
    finally:
        shutil.rmtree(staged, ignore_errors=True)


@contextmanager
def alone(path: Path) -> Iterator[None]:
    """In here is one process at a time, of all that see the folder; the others wait.

    Raises:
        OSError: the folder cannot be written.
    """
    while (claim := take(path, place="")) is None:
        time.sleep(0.05)
    with claim.held():
        yield


def owners(path: Path) -> list[Owner]:
    """Who held a run in turn; the last holds it now. None where it is free.

    Raises:
        UserError: a file is damaged; says the cure.
    """
    found: list[Owner] = []
    while True:
        file = _after(path, found) / OWNER
        try:
            found.append(Owner.of_data(json.loads(file.read_text(encoding="utf-8"))))
        except OSError as problem:
            if problem.errno not in AWAY:
                raise
            return found
        except (KeyError, TypeError, ValueError) as problem:
            raise UserError(
                f"{file} is damaged, or of another gan-zoo ({problem}); once no process makes "
                f"this run any more, remove {path}"
            ) from None


def is_dead(path: Path, chain: list[Owner]) -> bool:
    """Whether the last of these owners of a claim is dead."""
    gone = chain[-1].process.is_gone()
    if gone is None:
        with suppress(FileNotFoundError):  # released meanwhile
            return _now(path.parent) - (_after(path, chain[:-1]) / OWNER).stat().st_mtime > STALE
    return bool(gone)


def living(path: Path) -> Owner | None:
    """Who alive holds a run."""
    chain = owners(path)
    return None if not chain or is_dead(path, chain) else chain[-1]


def sweep(folder: Path) -> None:
    """Remove what who was killed while it made a claim has left in their folder, a day ago."""
    now = _now(folder)
    for path in folder.glob(".*"):
        with suppress(OSError):  # somebody else sweeps, or it is another user's
            if now - path.stat().st_mtime > LEFT:
                shutil.rmtree(path) if path.is_dir() else path.unlink()


def _is_last(path: Path, owner: Owner) -> bool:
    return [one.id for one in owners(path)][-1:] == [owner.id]


def _after(path: Path, chain: list[Owner]) -> Path:
    return path / f"after-{chain[-1].id}" if chain else path


def _now(folder: Path) -> float:
    """What time it is for the file system."""
    probe = folder / f".{uuid.uuid4().hex}.now"
    try:
        probe.touch()
        return probe.stat().st_mtime
    finally:
        probe.unlink(missing_ok=True)


@cache
def _machine() -> str:
    words = [platform.node()]
    with suppress(OSError):  # where there is no /proc, a host's name is all there is
        words.append(Path("/proc/sys/kernel/random/boot_id").read_text(encoding="utf-8").strip())
        words.append(os.readlink("/proc/self/ns/pid"))
    return " ".join(words)
