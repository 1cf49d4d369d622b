"""Stamps: what a plan was made of, as far as that is told in a moment. Where they are equal, so are
its keys; where they are not, the keys are made again, and may be equal all the same. No torch.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterable, Iterator, Mapping
from importlib import metadata
from pathlib import Path
from typing import Any

from gan_zoo.recipe.source import Source
from gan_zoo.recipe.wired import WiredRecipe

Told = tuple[str, int, int]  # name, size and time of a file
ABSENT = ""  # the stamp of what is not there
OURS = "gan-zoo"


def stamp_texts(texts: Mapping[str, str]) -> dict[str, str]:
    """Name -> digest of a text."""
    return {name: _digest(text.encode()) for name, text in texts.items()}


def stamp_sources(sources: Iterable[Source]) -> dict[str, str]:
    """The files that recipes are written in: absolute path -> digest."""
    spoken = {name for source in sources for name in source.spoken}
    return {str(Path(name).resolve()): _file(name) for name in sorted(spoken) if _is_file(name)}


def stamp_data(wired: Iterable[WiredRecipe], score: Mapping[str, Any]) -> dict[str, str]:
    """What recipes and scores name outside of them, by absolute paths: path -> digest of the names,
    sizes and times of the files there.

    Args:
        wired: The recipes.
        score: How runs are scored, as plain data.
    """
    found: set[str] = set()
    for one in wired:
        for name in one.recipe.phases:
            found.update(_paths(one.phase(name).recipe.dump(one.zoo)))
    found.update(_paths(score))
    return {path: stamp_path(Path(path)) for path in sorted(found)}


def stamp_versions(packages: Iterable[str]) -> dict[str, str]:
    """Package -> version that is installed, gan-zoo among them."""
    return {package: _version(package) for package in sorted({OURS, *packages})}


def are_equal(stamps: Mapping[str, Any]) -> bool:
    """Whether files, data and versions are as they were when they were stamped."""
    return (
        all(_file(path) == told for path, told in stamps["files"].items())
        and stamp_versions(stamps["versions"]) == stamps["versions"]
        and all(stamp_path(Path(path)) == told for path, told in stamps["data"].items())
    )


def stamp_path(path: Path) -> str:
    """A digest of the names, sizes and times of a file, or of all in a folder."""
    digest = hashlib.sha256()
    for name, size, changed in _files(path, set()):
        digest.update(f"{name}\0{size}\0{changed}\n".encode("utf-8", "surrogateescape"))
    return digest.hexdigest() if path.exists() else ABSENT


def _files(path: Path, seen: set[tuple[int, int]], name: str = "") -> Iterator[Told]:
    """Of all files, in order; a folder that links to one above it comes once."""
    try:
        told = path.stat()
        here = (told.st_dev, told.st_ino)
        if not path.is_dir():
            yield name, told.st_size, told.st_mtime_ns
        elif here not in seen:
            seen.add(here)
            with os.scandir(path) as entries:
                inside = sorted(entries, key=lambda entry: entry.name)
            for entry in inside:
                below = f"{name}/{entry.name}"
                if entry.is_dir():
                    yield from _files(Path(entry.path), seen, below)
                else:
                    told = entry.stat()
                    yield below, told.st_size, told.st_mtime_ns
    except OSError as problem:  # a dangling link, say: it is as it is
        yield f"{name}: {problem.strerror}", 0, 0


def _paths(value: Any) -> Iterator[str]:
    """The absolute paths in plain data that lead somewhere."""
    if isinstance(value, Mapping):
        value = [*value.values()]
    if isinstance(value, list | tuple):
        for inner in value:
            yield from _paths(inner)
    elif isinstance(value, str) and os.path.isabs(value) and os.path.exists(value):
        yield value


def _is_file(name: str) -> bool:
    try:
        return Path(name).is_file()
    except OSError:  # an argument, too long for a name
        return False


def _file(path: str) -> str:
    try:
        return _digest(Path(path).read_bytes())
    except OSError:
        return ABSENT


def _digest(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def _version(package: str) -> str:
    try:
        return metadata.version(package)
    except metadata.PackageNotFoundError:
        return ABSENT
