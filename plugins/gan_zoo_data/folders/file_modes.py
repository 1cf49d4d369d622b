"""What a recipe says of the files of a map, judged by some of them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from contextlib import closing
from math import isnan
from pathlib import Path
from typing import Any

import numpy as np

from gan_zoo_data.files.opened import Opened
from gan_zoo_data.files.stored import Stored
from gan_zoo_data.modes import Word

HEADERS = 64  # files whose headers are looked at, spread evenly
MEASURED = 12  # files whose numbers are


def spread(files: Sequence[Path], most: int) -> list[Path]:
    """At most so many of them, from the first to the last."""
    count = min(most, len(files))
    return [files[n * len(files) // count] for n in range(count)]


def count_modes(files: Sequence[Path]) -> dict[str, Word | None]:
    """What some files hold, the most frequent first -> the word of a recipe for it."""
    return {stored.mode: stored.word for stored in _kinds(files)[0]}


def mode_of(files: Sequence[Path], name: str) -> tuple[Any, list[str]]:
    """The word of a recipe for most files, or the mapping with their range; and what is odd."""
    kinds, turned = _kinds(files)
    said = [stored for stored in kinds if stored.word is not None]
    modes = list(dict.fromkeys(stored.mode for stored in kinds))
    odd = f"the files of {name} are of the modes {', '.join(modes)}"
    notes = [odd] if modes and (len(modes) != 1 or not said) else []
    if not said:
        return "rgb", notes
    first = said[0]
    more: dict[str, Any] = {}
    if turned:
        more["orient"] = "exif"
        notes.append(f"{name}: files are turned by an EXIF tag; orient: exif turns their pixels")
    if first.deep and not first.loss:
        measured, told = _measured(files, name)
        more, notes = {**measured, **more}, [*notes, *told]
    return ({"mode": first.word, **more} if more else first.word), notes


def _kinds(files: Sequence[Path]) -> tuple[list[Stored], bool]:
    """One of each mode and type of numbers among some files, the most frequent first; and whether
    a tag turns one of them.
    """
    turned = False
    counts: Counter[tuple[str, str]] = Counter()
    kinds: dict[tuple[str, str], Stored] = {}
    for file in spread(files, HEADERS):
        try:
            with closing(Opened(file, orient=True)) as opened:
                stored = opened.stored
        except Exception:  # who reads the file tells it
            continue
        turned |= stored.orientation != 1
        counts[stored.mode, stored.dtype] += 1
        kinds.setdefault((stored.mode, stored.dtype), stored)
    return [kinds[key] for key, _ in counts.most_common()], turned


def _measured(files: Sequence[Path], name: str) -> tuple[dict[str, Any], list[str]]:
    """What a mapping says of files of other numbers than those of 8 bits, by some of them."""
    low, high, looked = np.inf, -np.inf, 0
    nothing: float | str | None = None
    endless = False
    for file in spread(files, MEASURED):
        try:
            with closing(Opened(file)) as opened:
                numbers = opened.numbers()
                told = opened.tags.nodata if opened.tags else None
        except Exception:  # as above
            continue
        finite = numbers[np.isfinite(numbers)]
        endless |= bool(np.isinf(numbers).any())
        if np.isnan(numbers).any():
            nothing = "nan"
        elif told is not None and np.isfinite(told):
            nothing, finite = _plain(told), finite[finite != told]
        if finite.size:
            low, high, looked = min(low, finite.min()), max(high, finite.max()), looked + 1
    if not looked or low >= high:
        return {}, []
    made: dict[str, Any] = {"range": [_plain(low), _plain(high)]}
    if nothing is not None:
        made["nodata"] = nothing
    note = (
        f"{name}: the range [{made['range'][0]:g}, {made['range'][1]:g}] is that of {looked} of "
        f"{len(files)} files; write one that holds for all, those to translate too, since what "
        "lies beyond is clipped"
    )
    notes = [note]
    if endless:
        notes.append(f"{name}: there are infinite numbers, which become the ends of the range")
    return made, notes


def _plain(number: Any) -> float:
    """A number as a recipe writes it."""
    value = float(number)
    assert not isnan(value)
    return float(f"{value:.6g}")
