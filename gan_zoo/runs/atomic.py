"""Files that are whole or not there, whatever happens while they are written."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterable, Mapping
from pathlib import Path

from gan_zoo.errors import naming_file

Content = bytes | str | Iterable[bytes | memoryview]  # whole, or piece by piece


def write_file(path: Path, content: Content) -> None:
    """Write a file so that at any moment the old or the new content is there.

    Raises:
        OSError: the disk is full or gone; names the file, and the old content stays.
    """
    write_files(path.parent, {path.name: content})


def write_files(folder: Path, files: Mapping[str, Content]) -> None:
    """Write files that belong together: all are on disk before the first takes its name.

    Args:
        folder: Where they go.
        files: Name -> content; they take their names in this order.

    Raises:
        OSError: names the file; no file has changed unless a rename itself failed.
    """
    staged: dict[Path, Path] = {}
    try:
        for name, content in files.items():
            path = folder / name
            staged[path] = path.with_name(f".{name}.tmp")
            with naming_file(path), staged[path].open("wb") as file:
                for piece in _pieces(content):
                    file.write(piece)
                file.flush()
                os.fsync(file.fileno())
        for path, temporary in staged.items():
            with naming_file(path):
                temporary.replace(path)
    except OSError:
        for temporary in staged.values():
            with contextlib.suppress(OSError):
                temporary.unlink(missing_ok=True)
        raise


def sync_folder(folder: Path) -> None:
    """Make renames in a folder durable, where the system lets a folder be synced."""
    if os.name == "posix":
        handle = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)


def _pieces(content: Content) -> Iterable[bytes | memoryview]:
    if isinstance(content, str):
        return [content.encode()]
    return [content] if isinstance(content, bytes) else content
