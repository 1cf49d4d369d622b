"""Folders as people name them."""

from __future__ import annotations

from pathlib import Path


def expand_user(path: str | Path) -> Path:
    """A path with the user's home in the place of a leading ~; as it is where ~NAME is nobody's
    home, since a folder may be called so.
    """
    try:
        return Path(path).expanduser()
    except RuntimeError:  # there is no such user
        return Path(path)
