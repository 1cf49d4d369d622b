"""What of a machine is in texts that are handed on, and is nobody else's business."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from gan_zoo.errors import UserError

SEPARATOR = re.compile(r"[\\/]+")
HOST = re.compile(r"^[\w+.@-]{2,}:(//)?")  # what a path on another machine begins with
UP = ("", ".", "..", "~")  # parts of a path that name nothing
FILES = re.compile(r"(?<![\w-])file:[\w/\\~.%]\S*", re.IGNORECASE)
USERS = re.compile(
    r"(?<![\w./])(?:/(?:home|Users|mnt|media|srv|Volumes)/|[A-Za-z]:[\\/]+Users[\\/]+)"
    r"[^\s/\\\"'`)]+"
)


def shortened(before: Any, after: Any) -> list[str]:
    """The values of a tree that `shorten_paths` made others of, as they were."""
    pairs = zip(_values(before), _values(after), strict=True)
    return [str(one) for one, now in pairs if one != now]


def _values(tree: Any) -> Iterator[Any]:
    if isinstance(tree, Mapping | list):
        for one in tree.values() if isinstance(tree, Mapping) else tree:
            yield from _values(one)
    else:
        yield tree


def refuse_private(files: Mapping[str, str], run: Path, private: Sequence[str] = ()) -> None:
    """Refuse texts that tell of this machine what nobody should learn from them.

    Args:
        files: Name -> text.
        run: The run's folder.
        private: Paths that were shortened; they and their folders of two or more names are refused.

    Raises:
        UserError: names every place.
    """
    places = {str(one) for one in (Path.home(), Path.cwd(), run.absolute(), run.resolve())}
    longest = sorted((one for one in places if len(one) > 2), key=len, reverse=True)
    known = "|".join(map(re.escape, longest))
    patterns = [re.compile(rf"(?<![\w./])(?:{known})(?![\w-])"), USERS, FILES]
    paths = {inner for one in private for inner in _inner_paths(one)}
    patterns += [_as_written(one) for one in sorted(paths, key=len, reverse=True)]
    found = []
    for name, text in files.items():
        for number, line in enumerate(text.splitlines(), 1):
            found += [f"{name}:{number}: {one}" for one in _matches(line, patterns)]
    if found:
        raise UserError(
            "paths of this machine would be handed on, and nothing was:\n"
            + "\n".join(found)
            + "\nWrite them otherwise in the recipe of the run, or in the data statement"
        )


def _inner_paths(path: str) -> Iterator[str]:
    """A path, and the folders of two or more names that it lies in; also without its machine."""
    for whole in {path, HOST.sub("", path)}:
        for end in (len(whole), *(match.start() for match in SEPARATOR.finditer(whole))):
            parts = SEPARATOR.split(whole[:end])
            names = [one for one in parts if one not in UP and not one.endswith(":")]
            if len(names) >= (1 if whole[:end] == path else 2):
                yield whole[:end].rstrip("\\/")


def _as_written(path: str) -> re.Pattern[str]:
    """A path anywhere in a text, however its names are set apart: JSON doubles backslashes."""
    names = SEPARATOR.pattern.join(map(re.escape, SEPARATOR.split(path)))
    if re.match(r"/(?!/)", path):  # the rest of an address `scheme://name` begins with two
        names = names.replace(SEPARATOR.pattern, "(?<!/)/", 1)
    return re.compile(rf"(?<!\w){names}(?![\w-])")


def _matches(line: str, patterns: Sequence[re.Pattern[str]]) -> Iterator[str]:
    for pattern in patterns:
        if (match := pattern.search(line)) is not None:
            yield match[0]
            return
