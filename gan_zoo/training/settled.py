"""How the steps of a phase are computed, before its first one: settled, said, kept and, on resume,
as it was.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from importlib import metadata

import torch
from torch import Tensor

from gan_zoo.engine.settling import settle
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


def settle_steps(run: RunState, batches: Sequence[Mapping[str, Tensor]]) -> None:
    """Settle how a run's steps are computed in the phase that it has entered.

    Args:
        run: The run.
        batches: The micro-batches of its next step.

    Raises:
        UserError: steps are to be recorded and cannot be.
    """
    before = read_compiled(run.folder).get(run.position.phase)
    here = made_by(run.precision.device)
    told = _make_ready(before, here)
    settled = settle(run.runner, batches, compiles=before is None or bool(before.parts))
    if run.precision.compile != "off":
        code = None
        if before is not None and not told and settled.graphs == before.graphs:
            code = before.code
        elif settled.compiled:
            code, lost = _keep()
            told += lost
        if before is not None and settled.compiled != before.parts:
            told.append(f"At the start {_parts(before.parts)} were compiled. {DIGITS}")
        now = Compiled(settled.compiled, settled.graphs, here, code)
        if now != before:
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


def _make_ready(before: Compiled | None, now: Mapping[str, str]) -> list[str]:
    """Give the compiler what it made when the phase began; or say that it compiles anew."""
    if before is None or before.code is None:
        return []
    now = made_by(torch.device("cuda") if torch.cuda.is_available() else torch.device("cpu"))
    changed = [
        f"{n} was {was} and is {now[n]}" for n, was in before.made_by.items() if now[n] != was
    ]
    if changed:
        return [f"Compiled anew, since {'; '.join(changed)}. {DIGITS}"]
    code = find_code(before.code)
    if code is None:
        return [f"Compiled anew: {code_file(before.code)} is not there any more. {DIGITS}"]
    torch.compiler.load_cache_artifacts(code)
    return []


def _keep() -> tuple[str | None, list[str]]:
    """Keep what was compiled: its digest, and what to say of it."""
    made = torch.compiler.save_cache_artifacts()
    if made is None:  # this compiler keeps none
        return None, []
    try:
        return keep_code(made[0]), []
    except OSError as problem:
        return None, [
            f"The compiled code is not kept: {unreadable(problem)}. On resume it is made anew"
        ]


def _parts(names: Sequence[str]) -> str:
    return ", ".join(names) if names else "no networks"
