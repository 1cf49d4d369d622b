"""How the command line's own process waits, divides its work and keeps memory on a CPU.

`gan-zoo` and `python -m gan_zoo` call `prepare_process` before torch is loaded, since OpenMP reads
the environment when it is loaded; `import gan_zoo` never does. What the user set wins.
"""

from __future__ import annotations

import ctypes
import os
import sys
from collections.abc import Iterable

from gan_zoo.runs.processor_share import count_threads

# How often a waiting thread looks again before it sleeps. libgomp's own 300,000 burn a core that a
# neighbor needs, for a moment that seldom comes; tests/benchmarks/neighbours.py measures it.
SPINS = 2000

# Ours, and another by which people say how threads wait. Torch's wheels for Linux bring libgomp.
# LLVM's and Intel's OpenMP waits as it does by itself: of its KMP_BLOCKTIME 1 ms is too long to
# help beside others, and what 0 costs on a quiet machine is not known.
WAITING = ("GOMP_SPINCOUNT", "OMP_WAIT_POLICY")
THREADS = ("OMP_NUM_THREADS", "MKL_NUM_THREADS")
VARIABLES = (*reversed(WAITING), "KMP_BLOCKTIME", *THREADS)
SET = "GAN_ZOO_SET"  # what a gan-zoo put into the environment, which its children inherit

# mallopt's names of malloc.h, and the most that its int takes: 2 GiB are kept, all below too
TRIM_THRESHOLD, MMAP_THRESHOLD, MMAP_MAX = -1, -3, -4
MOST = 2**31 - 1
ORDINARY = ((MMAP_THRESHOLD, 32 * 2**20), (TRIM_THRESHOLD, 64 * 2**20), (MMAP_MAX, 2**16))

GIVEN_BACK = "given back, as the system does"

_memory = GIVEN_BACK  # what becomes of freed memory here; a forked child has its own


def prepare_process() -> None:
    """Set what the user did not: short waiting, as many threads as the container's share of the
    processor has work for, memory that is kept. Too late once torch is loaded, and then nothing is.
    """
    global _memory
    if "torch" in sys.modules:  # main() was called by a program with settings of its own
        _memory = f"{GIVEN_BACK}: torch was loaded before"
        return
    for name, value in _inherited().items():  # from a gan-zoo that started this one
        if os.environ.get(name) == value:
            del os.environ[name]
    chosen = {}
    if not any(map(os.environ.get, WAITING)):
        chosen[WAITING[0]] = str(SPINS)
    if not any(map(os.environ.get, THREADS)) and (threads := count_threads()):
        chosen[THREADS[0]] = str(threads)
    os.environ.update(chosen)
    os.environ[SET] = " ".join(f"{name}={value}" for name, value in chosen.items())
    _memory = _keep_memory()


def describe_process() -> dict[str, str]:
    """Each setting, with its value and who chose it: the user, gan-zoo, or nobody."""
    ours = _inherited()
    told = {}
    for name in VARIABLES:
        value = os.environ.get(name)
        who = "gan-zoo" if ours.get(name) == value else "the user"
        told[name] = f"{value} by {who}" if value else "unset"
    return {**told, "memory": _memory}


def number_by_user(names: Iterable[str]) -> int | None:
    """The number that the user set one of these variables to; None where gan-zoo or nobody did."""
    ours = _inherited()
    for name in names:
        value = os.environ.get(name, "")
        if value.isdecimal() and int(value) and ours.get(name) != value:
            return int(value)
    return None


def _inherited() -> dict[str, str]:
    """What this process, or the gan-zoo that started it, put into the environment."""
    parts = (part.partition("=") for part in os.environ.get(SET, "").split())
    return {name: value for name, _, value in parts}


def _keep_memory() -> str:
    """Let glibc keep what is freed, instead of unmapping tensors of megabytes and having them
    faulted in again, page by page, in every step. Says what became of it.
    """
    theirs = [name for name in os.environ if name.startswith("MALLOC_")]
    theirs += ["GLIBC_TUNABLES"] * ("glibc.malloc" in os.environ.get("GLIBC_TUNABLES", ""))
    theirs += ["LD_PRELOAD"] * ("malloc" in os.environ.get("LD_PRELOAD", ""))
    if theirs:
        return f"left to {', '.join(sorted(theirs))} by the user"
    if sys.platform != "linux" or "CS_GNU_LIBC_VERSION" not in os.confstr_names:
        return f"{GIVEN_BACK}: no glibc"
    glibc = ctypes.CDLL(None)
    glibc.mallopt(TRIM_THRESHOLD, MOST)
    if not glibc.mallopt(MMAP_THRESHOLD, MOST):  # before glibc 2.35 it takes no more than 32 MiB
        glibc.mallopt(MMAP_MAX, 0)

    def _be_ordinary() -> None:
        global _memory
        for option, value in ORDINARY:
            glibc.mallopt(option, value)
        _memory = GIVEN_BACK

    # A reader forked in the middle of a run would hold on to copies of all that lies free here, and
    # has no steps of its own to keep memory for.
    os.register_at_fork(before=lambda: glibc.malloc_trim(0), after_in_child=_be_ordinary)
    return "kept by gan-zoo"
