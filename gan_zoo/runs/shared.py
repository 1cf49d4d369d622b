"""A run that others handed on: what people call it, and the folder that it was unpacked into."""

from __future__ import annotations

import os
import shutil
import tempfile
import weakref
from pathlib import Path


class Shared:
    """Where a run comes from that is not to be written to. Whoever holds the run holds this.

    Args:
        name: What the user named: a file, a folder, hub:OWNER/NAME.
    """

    def __init__(self, name: str) -> None:
        self.name = name

    def make_folder(self) -> Path:
        """A folder for what is unpacked, of this user alone. It goes when this is let go of, or
        the program ends.
        """
        path = tempfile.mkdtemp(prefix="gan-zoo-")
        weakref.finalize(self, remove, path, os.getpid())
        return Path(path)


def remove(path: str, owner: int) -> None:
    """Remove a folder, where this process is the one that made it."""
    if os.getpid() == owner:  # a forked child lets go of a copy
        shutil.rmtree(path, ignore_errors=True)
