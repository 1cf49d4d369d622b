"""Names that mean the same: by Unicode form, letter case, a doubled suffix or what they end in."""

from __future__ import annotations

import os
import re
import unicodedata
from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import NamedTuple

from gan_zoo_data.files.pictures import EXTENSIONS

LONGEST = 40  # letters of an ending that is looked for
MARKS = "_-. "  # what stands between a name and its ending


class Alike(NamedTuple):
    """Files under the names of their partners.

    Args:
        files: Name -> file, called as the partner is where there is one.
        said: How names differ that were matched all the same; empty where none did.
    """

    files: dict[str, Path]
    said: str


def _without_suffix(name: str) -> str:
    stem, suffix = os.path.splitext(name)
    return stem if suffix.lower() in EXTENSIONS else name


# Why two names are one -> what both are made to; each goes on from the one before.
FORMS: dict[str, Callable[[str], str]] = {
    "Unicode form": lambda name: unicodedata.normalize("NFC", name),
    "letter case": str.casefold,
    "a doubled suffix": _without_suffix,
}


def call_alike(mine: Iterable[str], files: Mapping[str, Path]) -> Alike:
    """Give files the names of their partners where they look alike and only one can be meant.

    Args:
        mine: The names of the partners.
        files: Name -> file.
    """
    partners = dict.fromkeys(mine)
    called = dict(files)
    counts: Counter[str] = Counter()
    shown = ""
    alike: Callable[[str], str] = str
    for form, make in FORMS.items():
        alike = _chained(alike, make)
        left = [name for name in partners if name not in called]
        over = [name for name in called if name not in partners]
        ours, theirs = _single(left, alike), _single(over, alike)
        for key in [key for key in ours if key in theirs]:  # in the order of the partners
            called[ours[key]] = called.pop(theirs[key])
            counts[form] += 1
            shown = shown or f"{ascii_form(ours[key])} and {ascii_form(theirs[key])}"
    if not counts:
        return Alike(called, "")
    total = sum(counts.values())
    return Alike(
        {name: called[name] for name in sorted(called, key=lambda name: str(called[name]))},
        f"{total} name{'s' * (total != 1)} matched in spite of {' and '.join(counts)} ({shown})",
    )


def zeros_differ(mine: Iterable[str], others: Iterable[str]) -> tuple[str, str] | None:
    """Two names that are equal but for leading zeros, where most are."""
    ours, theirs = (_single([*names], _without_zeros) for names in (mine, others))
    common = [key for key in ours if key in theirs]
    if not common or 2 * len(common) <= min(len(ours), len(theirs)):
        return None
    return ours[common[0]], theirs[common[0]]


def find_endings(mine: Iterable[str], others: Iterable[str]) -> tuple[str, str] | None:
    """The shortest endings without which most of two lists of names are the same."""
    labels, best, rank = [*mine], None, (0, 0)
    others = [*others]
    if not labels or not others:
        return None
    for one in _common(labels):
        stems = {label.removesuffix(one) for label in labels}
        for other in _common(others):
            shared = len(stems & {name.removesuffix(other) for name in others})
            whole = sum(ending[:1] in ("", *MARKS) for ending in (one, other))
            if 2 * shared > len(labels) and (shared, whole) > rank:
                best, rank = (one, other), (shared, whole)
    return best


def cut_endings(files: Mapping[str, Path], ending: str) -> tuple[dict[str, Path], list[str]]:
    """Name without its ending -> file, and the names that do not end so."""
    cut = {n.removesuffix(ending): path for n, path in files.items() if n.endswith(ending)}
    return cut, [name for name in files if not name.endswith(ending)]


def ascii_form(name: str) -> str:
    """A name as letters that show what it is made of, where it holds others than ASCII."""
    return name if name.isascii() else f"{name} ({ascii(name)[1:-1]})"


def _chained(first: Callable[[str], str], then: Callable[[str], str]) -> Callable[[str], str]:
    return lambda name: then(first(name))


def _single(names: Iterable[str], alike: Callable[[str], str]) -> dict[str, str]:
    """What names are made to -> the name, where it is the only one."""
    found: dict[str, list[str]] = {}
    for name in names:
        found.setdefault(alike(name), []).append(name)
    return {key: several[0] for key, several in found.items() if len(several) == 1}


def _without_zeros(name: str) -> str:
    return re.sub(r"(?<!\d)0+(?=\d)", "", name)


def _common(names: list[str]) -> list[str]:
    """The endings that names of one list share, shortest first; the empty one is among them."""
    first = min(names, key=len)
    found = [""]
    for length in range(1, min(len(first), LONGEST) + 1):
        if not all(name.endswith(first[-length:]) for name in names):
            break
        found.append(first[-length:])
    return found
