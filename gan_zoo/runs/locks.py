"""A lock that one job has, as long as it lives."""

from __future__ import annotations

import os
from pathlib import Path
from typing import IO


def lock(path: Path) -> IO[str] | None:
    """Take a lock until the file that comes back is closed; let go even by a kill. Jobs in threads
    of one process exclude each other too.

    Returns:
        None where another job has it.

    Raises:
        OSError: the file cannot be written.
    """
    file = path.open("a", encoding="utf-8")
    try:
        import fcntl
    except ImportError:  # no such locks on Windows
        return file
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        if os.path.samestat(os.fstat(file.fileno()), path.stat()):
            return file
    except (BlockingIOError, FileNotFoundError):  # it is held, or was let go and removed just now
        file.close()
        return None
    except BaseException:
        file.close()
        raise
    file.close()
    return None
