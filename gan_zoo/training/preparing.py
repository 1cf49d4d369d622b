"""How the steps of a phase are computed, before its first one: settled, said, kept and, on resume,
as it was.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from importlib import metadata

import torch
from torch import Tensor

from gan_zoo.engine import compiling
from gan_zoo.engine.settling import Settled, settle
from gan_zoo.errors import unreadable
from gan_zoo.runs.compiled_code import (
    Compiled,
    code_file,
    find_code,
    keep_code,
    note_compiled,
    read_compiled,
)
from gan_zoo.training.state import RunState

DIGITS = "The last digits may differ from those of a run that was never stopped"


def prepare_steps(run: RunState, batches: Sequence[Mapping[str, Tensor]]) -> None:
    """Settle how a run's steps are computed in the phase that it has entered.

    Args:
        run: The run.
        batches: The micro-batches of its next step.

    Raises:
        UserError: steps are to be recorded and cannot be, or compiled.json is damaged.
    """
    compiles = run.precision.compile != "off"
    before = read_compiled(run.folder).get(run.position.phase) if compiles else None
    here = made_by(run.precision.device)
    told = _give_back(before, here)
    settled = settle(run.runner, batches, compiles=before is None or bool(before.parts))
    anew = bool(told) and settled.compiled  # what was made at the start is of no use any more
    if before is not None:
        told += _differences(before, settled, given=not told)
    if compiles and (before is None or anew):
        code, lost = _keep() if settled.compiled else (None, [])
        told += lost
        now = Compiled(settled.compiled, settled.graphs, here, code)
        note_compiled(run.folder, run.position.phase, now)
    for line in (*told, *settled.lines):
        run.reporter.say(f"  {line}")


def made_by(device: torch.device) -> dict[str, str]:
    """What compiled code depends on beside what it was compiled of."""
    name = torch.cuda.get_device_name(device) if device.type == "cuda" else device.type
    try:
        triton = metadata.version("triton")
    except metadata.PackageNotFoundError:
        triton = "none"
    return {"torch": torch.__version__, "triton": triton, "device": name}


def _give_back(before: Compiled | None, here: Mapping[str, str]) -> list[str]:
    """Give the compiler what it made when the phase began; or say why it compiles anew."""
    if before is None or not before.parts:
        return []
    was = before.made_by.items()
    changed = [f"{n} was {one} and is {here.get(n)}" for n, one in was if here.get(n) != one]
    if changed:
        return [f"Compiled anew, since {'; '.join(changed)}. {DIGITS}"]
    if before.code is None:
        if compiling.BACKEND != "inductor":  # what chooses nothing by time makes the same again
            return []
        return [f"Compiled anew: the code of the start could not be kept. {DIGITS}"]
    code = find_code(before.code)
    if code is None:
        return [f"Compiled anew: {code_file(before.code)} is not there any more. {DIGITS}"]
    if torch.compiler.load_cache_artifacts(code) is None:
        return [f"Compiled anew: torch cannot read {code_file(before.code)}. {DIGITS}"]
    return []


def _differences(before: Compiled, settled: Settled, *, given: bool) -> list[str]:
    """What is not as it was when the phase began.

    Args:
        before: How it was.
        settled: How it is.
        given: Whether the compiler had what it made then.
    """
    if settled.compiled != before.parts:
        parts = ", ".join(before.parts) if before.parts else "no networks"
        return [f"At the start were compiled: {parts}. {DIGITS}"]
    if settled.graphs != before.graphs:
        return [f"At the start there were {before.graphs} graphs. {DIGITS}"]
    if given and before.code is not None and compiling.missed():
        return [f"Compiled anew: torch found other code than at the start. {DIGITS}"]
    return []


def _keep() -> tuple[str | None, list[str]]:
    """Keep what was compiled: its digest, and what to say of it."""
    save = getattr(torch.compiler, "save_cache_artifacts", None)  # torch 2.7 has it
    made = save() if save is not None else None
    if made is None:  # this compiler keeps none
        return None, []
    try:
        return keep_code(made[0]), []
    except OSError as problem:
        told = f"The compiled code is not kept: {unreadable(problem)}"
        return None, [f"{told}. On resume it is made anew"]
