"""What goes wrong while files are written: of the disk, or of the user."""

from __future__ import annotations

import errno
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from gan_zoo.errors import UserError

NO_FAULT = (errno.ENOSPC, errno.EDQUOT, errno.EIO)  # of the disk, not of the user


@contextmanager
def writing(target: Path) -> Iterator[None]:
    """Say of a file that the system does not let be written that it is so.

    Raises:
        UserError: names it.
        OSError: the disk is full or gone.
    """
    try:
        yield
    except OSError as problem:
        if problem.errno in NO_FAULT:
            raise
        raise UserError(f"{target} cannot be written: {problem.strerror or problem}") from None
