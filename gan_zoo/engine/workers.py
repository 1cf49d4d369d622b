"""The processes that read ahead: what they hear, and how they are sent away."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Sequence
from contextlib import suppress
from multiprocessing import connection
from multiprocessing.process import BaseProcess
from threading import Thread

from torch.utils.data._utils import signal_handling

LEAVE = getattr(signal, "SIGUSR1", None)  # a worker ends at it; Windows has none
KILL = getattr(signal, "SIGKILL", None)  # for one that is deaf to all else
PATIENCE = 1.0  # seconds that a worker has to end by itself


def deafen(worker: int) -> None:
    """Ctrl-C and SIGTERM often reach every process; the run answers, the workers read on until it
    sends them away.
    """
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    if LEAVE is not None:
        signal.signal(LEAVE, lambda number, frame: os._exit(0))


def send_away(readers: Sequence[BaseProcess], batches: object) -> None:
    """Let nobody wait for workers that may hang in a read: torch does, at exit forever.

    Args:
        readers: The workers.
        batches: Torch's iterator over what they read, as far as it was made. Its alarm at a worker
            that was killed would strike whatever this process does meanwhile, as saving.
    """
    if getattr(batches, "_worker_pids_set", False):
        signal_handling._remove_worker_pids(id(batches))  # type: ignore[attr-defined]
        batches._worker_pids_set = False  # type: ignore[attr-defined]
    Thread(target=_end, args=(readers,), daemon=True).start()


def _end(readers: Sequence[BaseProcess]) -> None:
    """End those that hang, once the others have had time to end by themselves: one that ends while
    it hands over a batch would leave half of it to torch's own threads.
    """
    there = [process.sentinel for process in readers]
    for number in (LEAVE, KILL):
        time.sleep(PATIENCE)
        gone = connection.wait(there, timeout=0) if there else []
        for process in readers:
            if process.sentinel not in gone and process.pid is not None and number is not None:
                with suppress(ProcessLookupError):  # it has just ended
                    os.kill(process.pid, number)
