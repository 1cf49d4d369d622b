"""Runs that were handed to an executor, and the files by which another process finds them again. No
torch.

    claims/KEY-ID.job     under which handle, and by whom: there before the run claims itself, which
                          in the queue of a cluster may take hours
"""

from __future__ import annotations

import json
import sys
import uuid
from collections.abc import Iterator
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

from gan_zoo.ablation.attempts import (
    REAPER,
    Attempt,
    lacks_memory,
    last_line,
    note_attempt,
    read_attempts,
)
from gan_zoo.ablation.claims import Process, take
from gan_zoo.ablation.folder import AblationFolder
from gan_zoo.ablation.one import child_variables
from gan_zoo.components.watching import Executor, Job
from gan_zoo.errors import UserError
from gan_zoo.runs.atomic import write_file


@dataclass(frozen=True)
class Child:
    """A run that was handed on; two parents may do so at once, and one of their children goes home.

    Args:
        id: No two are alike.
        key: Of the run.
        executor: By name; no other knows the handle.
        handle: The executor's.
        place: Where it was put.
        parent: Who did it.
        tries: How many there were before.
        said: How long its log was before, in bytes.
    """

    id: str
    key: str
    executor: str
    handle: str
    place: str
    parent: Process
    tries: int
    said: int


def submit(
    folder: AblationFolder, key: str, place: str, executor: Executor, name: str
) -> Child | None:
    """Hand a run on to an executor of this name; None where it is planned no more.

    Raises:
        UserError: the executor does not take it; says the cure.
    """
    plan, log = folder.plan(), folder.log(key)
    if (run := plan.runs.get(key)) is None:
        return None
    log.parent.mkdir(parents=True, exist_ok=True)
    said = log.stat().st_size if log.exists() else 0
    path = folder.path.absolute()
    job = Job(
        name=f"{plan.name}-{run.variant}-{run.seed}",
        command=(sys.executable, "-m", "gan_zoo", "ablate", str(path), "--one", key),
        folder=path,
        log=log.absolute(),
        place=place,
        device=plan.device,
        threads=plan.threads,
        environment=child_variables(place, plan.threads),
    )
    count = len(read_attempts(folder.attempts(key)))
    handle = executor.submit(job)
    child = Child(uuid.uuid4().hex, key, name, handle, place, Process.this(), count, said)
    _keep(folder, child)
    return child


def adopt(folder: AblationFolder, executor: str) -> Iterator[Child]:
    """Take those for ours whose parent has died on this machine, or is this process and did not
    wait for them, and which this executor can be asked for. What is left of others is removed once
    their runs are done.

    Raises:
        UserError: a file is damaged; says the cure.
    """
    me = Process.this()
    for child in _kept(folder):
        gone = child.parent.is_gone()
        if (gone or child.parent == me) and child.executor == executor:
            child = replace(child, parent=me)
            _keep(folder, child)
            yield child
        elif gone is not False and folder.is_done(child.key):
            forget(folder, child)


def places_of_others(folder: AblationFolder) -> set[str]:
    """Where other parents that live on this machine have put runs.

    Raises:
        UserError: as `adopt`.
    """
    me = Process.this()
    others = [one for one in _kept(folder) if one.parent != me]
    return {one.place for one in others if one.parent.is_gone() is False}


def note_early(folder: AblationFolder, child: Child) -> None:
    """It ended before it claimed its run: that is a try too, else it would be one for ever. Who
    died without a word was killed.
    """
    claim = take(folder.claim(child.key), place=REAPER)
    if claim is None:
        return
    with claim.held():
        last = last_line(folder.log(child.key), child.said)
        cause = "memory" if lacks_memory(last) else "other" if last else "killed"
        owner = replace(claim.owner, place=child.place)
        threads = folder.plan().threads
        told = Attempt.of(owner, threads, cause, last or "it ended without a word")
        note_attempt(folder.attempts(child.key), told)


def forget(folder: AblationFolder, child: Child) -> None:
    """Nobody has to find it again."""
    _file(folder, child).unlink(missing_ok=True)


def _kept(folder: AblationFolder) -> Iterator[Child]:
    for path in sorted(folder.claim("any").parent.glob("*.job")):
        try:
            told: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
            child = Child(**{**told, "parent": Process(**told["parent"])})
        except FileNotFoundError:  # somebody else has just seen its end
            continue
        except (KeyError, TypeError, ValueError) as problem:
            raise UserError(
                f"{path} is damaged, or of another gan-zoo ({problem}); remove it: a run that "
                "somebody is at is not started twice"
            ) from None
        yield child


def _keep(folder: AblationFolder, child: Child) -> None:
    path = _file(folder, child)
    path.parent.mkdir(parents=True, exist_ok=True)
    write_file(path, json.dumps(asdict(child)))


def _file(folder: AblationFolder, child: Child) -> Path:
    return folder.claim(child.key).with_name(f"{child.key}-{child.id}.job")
