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

from gan_zoo.ablation.attempts import read_attempts
from gan_zoo.ablation.claims import Process
from gan_zoo.ablation.folder import AblationFolder
from gan_zoo.ablation.one import child_variables
from gan_zoo.components.watching import Executor, Job
from gan_zoo.runs.atomic import write_file


@dataclass(frozen=True)
class Child:
    """A run that was handed on; two parents may do so at once, and one of their children goes home.

    Args:
        id: No two are alike.
        key: Of the run.
        handle: The executor's.
        place: Where it was put.
        parent: Who did it.
        tries: How many there were before.
        said: How long its log was before, in bytes.
    """

    id: str
    key: str
    handle: str
    place: str
    parent: Process
    tries: int
    said: int


def submit(folder: AblationFolder, key: str, place: str, executor: Executor) -> Child:
    """Hand a run on.

    Raises:
        UserError: the executor does not take it; says the cure.
    """
    plan, log = folder.plan(), folder.log(key)
    run = plan.runs[key]
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
    child = Child(uuid.uuid4().hex, key, executor.submit(job), place, Process.this(), count, said)
    _keep(folder, child)
    return child


def adopt(folder: AblationFolder) -> Iterator[Child]:
    """Take those for ours whose parent has died."""
    for path in sorted(folder.claim("any").parent.glob("*.job")):
        try:
            told: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
        except FileNotFoundError:  # somebody else has just seen its end
            continue
        child = Child(**{**told, "parent": Process(**told["parent"])})
        if child.parent.is_gone():
            child = replace(child, parent=Process.this())
            _keep(folder, child)
            yield child


def forget(folder: AblationFolder, child: Child) -> None:
    """Nobody has to find it again."""
    _file(folder, child).unlink(missing_ok=True)


def _keep(folder: AblationFolder, child: Child) -> None:
    path = _file(folder, child)
    path.parent.mkdir(parents=True, exist_ok=True)
    write_file(path, json.dumps(asdict(child)))


def _file(folder: AblationFolder, child: Child) -> Path:
    return folder.claim(child.key).with_name(f"{child.key}-{child.id}.job")
