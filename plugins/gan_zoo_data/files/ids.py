"""Maps of ids: from what a file stores to the ids that networks see.

Ids are numbers, not colors. They are read as they are stored, whatever the depth of the file, and
nothing ever computes between two of them.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from gan_zoo.components import distinct_ids
from gan_zoo_data.faults import Instead, Misfit
from gan_zoo_data.files.id_faults import Beyond, Strange, TooMany, Unknown
from gan_zoo_data.files.id_rules import Color, Ids, list_unknown_ids

__all__ = ["Array", "Ids", "ids_of"]

Array = np.ndarray[Any, Any]
MOST = 2**31 - 1
OPAQUE = 255


def ids_of(path: Path, stored: Array, rule: Ids, *, fixed: bool = False) -> Array:
    """What a file stores -> its ids, int32 `H W`.

    Args:
        path: The file, for messages.
        stored: Its numbers `H W`, or its colors `H W C` where these stand for ids.
        rule: What they may be.
        fixed: The rule is settled, by training: only the file can change.

    Raises:
        DataError: names the file, what it holds, and the cure.
    """
    numbers = stored
    if rule.by_color:
        numbers = _packed(path, stored, alpha=_with_alpha(rule))
        if rule.palette or rule.segments:
            numbers = _looked_up(path, numbers, rule, fixed=fixed)
    if rule.remap:
        numbers = _remapped(numbers, rule)
    _judge(path, numbers, rule, fixed=fixed)
    return numbers.astype(np.int32)


def _judge(path: Path, numbers: Array, rule: Ids, *, fixed: bool) -> None:
    """Refuse ids that the recipe does not know."""
    found = distinct_ids(numbers)
    if beyond := [int(one) for one in found if not 0 <= one <= MOST]:
        raise Misfit.of(path, Beyond(rule, frozenset(beyond), fixed))
    if list_unknown_ids(found, rule):
        raise Misfit.of(path, Strange(rule, frozenset(found.tolist()), fixed))
    if rule.instances is not None and len(found) > rule.instances:
        raise Misfit.of(path, TooMany(rule, len(found), fixed))


def _remapped(numbers: Array, rule: Ids) -> Array:
    """Numbers -> the ids that they mean."""
    table = dict(rule.remap)
    found = distinct_ids(numbers)
    others = table.get("others")
    meant = [table.get(one, one if others is None else others) for one in found.tolist()]
    return np.array(meant, np.int64)[np.searchsorted(found, numbers)]


def _with_alpha(rule: Ids) -> bool:
    return any(len(color) == 4 for _, color in rule.palette)


def _packed(path: Path, colors: Array, *, alpha: bool) -> Array:
    """Colors `H W C` -> one number a pixel, int64: red + 256 green + 65536 blue (+ 2^24 alpha).

    Raises:
        DataError: pixels that shine through, where colors have no alpha.
    """
    wide = colors.astype(np.int64)
    numbers: Array = wide[..., 0] | wide[..., 1] << 8 | wide[..., 2] << 16
    if alpha:
        return numbers | (wide[..., 3] if colors.shape[-1] == 4 else OPAQUE) << 24
    if colors.shape[-1] == 4 and (clear := int((colors[..., 3] != OPAQUE).sum())):
        told = f"a color picture in which {clear:,} pixels shine through (alpha below 255); give "
        raise Misfit.of(path, Instead(told + "colors of four numbers, or save it without alpha"))
    return numbers


def _looked_up(path: Path, packed: Array, rule: Ids, *, fixed: bool) -> Array:
    """Numbers of colors -> ids.

    Raises:
        DataError: a color that the palette, or the table of segments, does not know.
    """
    alpha = _with_alpha(rule)
    if rule.segments:
        known, ids = rule.segments.of(path)
    else:
        table = sorted((_number(color, alpha=alpha), id) for id, color in rule.palette)
        known, ids = (np.array(column, np.int64) for column in zip(*table, strict=True))
    places = np.minimum(np.searchsorted(known, packed), len(known) - 1)
    if (strange := known[places] != packed).any():
        found, counts = np.unique(packed[strange], return_counts=True)
        pairs = zip(found.tolist(), counts.tolist(), strict=True)
        colors = {_color(one, alpha=alpha): count for one, count in pairs}
        raise Misfit.of(path, Unknown(rule, colors, fixed))
    meant: Array = ids[places]
    return meant


def _number(color: Color, *, alpha: bool) -> int:
    red, green, blue, *shine = color
    return red | green << 8 | blue << 16 | ((shine or [OPAQUE])[0] << 24 if alpha else 0)


def _color(number: int, *, alpha: bool) -> Color:
    return tuple(number >> shift & 255 for shift in (0, 8, 16, *((24,) if alpha else ())))
