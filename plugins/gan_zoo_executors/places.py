"""Where processes of this machine can be: GPUs, or shares of its processors."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Mapping, Sequence
from functools import cache

from gan_zoo.components import UserError

VISIBLE = "CUDA_VISIBLE_DEVICES"
WHOLE = re.compile(r"^GPU (\d+): .*\(UUID: (GPU-[^)]+)\)", re.MULTILINE)
SHOWN = len("GPU-12345678")  # of a GPU's own name, of which CUDA takes a beginning, too
COUNT = "import torch; print(torch.cuda.device_count())"
PART = re.compile(r"^ +MIG .*\(UUID: (MIG-[^)]+)\)", re.MULTILINE)

Places = Mapping[str, Mapping[str, str]]


def find_places(device: str, jobs: int | None, devices: Sequence[int] | None) -> Places:
    """Where processes can be.

    Args:
        device: cpu, cuda or mps.
        jobs: How many at once, at most; on CPUs one a core if None.
        devices: Of the GPUs that are visible here, which; all if None.

    Returns:
        Name of a place -> variables that hold a process there.

    Raises:
        UserError: no GPU is visible, or not that one.
    """
    if device == "cuda":
        found = _gpus(devices)
    elif device == "mps":
        found = {"mps": {}}
    else:
        found = {f"cpu:{number}": {} for number in range(jobs or _cores())}
    return dict([*found.items()][:jobs])


def _gpus(devices: Sequence[int] | None) -> dict[str, dict[str, str]]:
    visible = visible_gpus()
    chosen = range(len(visible)) if devices is None else dict.fromkeys(devices)
    absent = [number for number in chosen if number >= len(visible)]
    if absent or not visible:
        asked = f"executor.devices: there is no GPU {absent[0]}; " if absent else ""
        told = f" ({VISIBLE} is {os.environ[VISIBLE]!r})" if VISIBLE in os.environ else ""
        there = f"visible here{told} are {', '.join(map(str, range(len(visible))))}"
        none = f"no GPU is visible here{told}; say engine.device: cpu, or make one visible"
        raise UserError(asked + (there if visible else none))
    return {f"cuda:{_own_name(visible[number])}": {VISIBLE: visible[number]} for number in chosen}


def visible_gpus() -> Sequence[str]:
    """The GPUs that this process may see, as CUDA_VISIBLE_DEVICES calls them: a child that is given
    one of these words has that one for its only device.
    """
    if VISIBLE not in os.environ:
        return _all_gpus()
    words = [word.strip() for word in os.environ[VISIBLE].split(",")]
    good = [word.isdecimal() or word.startswith(("GPU-", "MIG-")) for word in words]
    return words[: good.index(False)] if False in good else words  # CUDA stops at a wrong one, too


def _own_name(word: str) -> str:
    """What all call a GPU that CUDA_VISIBLE_DEVICES calls so here: the first that a process or a
    job may see has the number 0 for it, whichever that is. The number where no name is known.
    """
    names = dict(WHOLE.findall(_listed() or ""))
    meant = [names[word]] if word in names else [n for n in names.values() if n.startswith(word)]
    return meant[0][:SHOWN] if meant else word


@cache
def _all_gpus() -> Sequence[str]:
    """Asked of the driver, since the parent should neither load torch nor hold a device; where its
    program is absent, of torch in a process of its own.
    """
    listed = _listed()
    if listed is None:
        asked = [sys.executable, "-c", COUNT]
        told = subprocess.run(asked, capture_output=True, text=True, check=False).stdout.strip()
        return [str(number) for number in range(int(told) if told.isdecimal() else 0)]
    parts = PART.findall(listed)  # of GPUs that are divided, as CUDA shows one part alone
    count = sum(line.startswith("GPU ") for line in listed.splitlines())
    return parts or [str(number) for number in range(count)]


@cache  # a machine keeps its GPUs
def _listed() -> str | None:
    """What the driver's program says of them; None where it is absent."""
    try:
        done = subprocess.run(["nvidia-smi", "-L"], capture_output=True, text=True, check=False)
    except OSError:
        return None
    return done.stdout


def _cores() -> int:
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1
