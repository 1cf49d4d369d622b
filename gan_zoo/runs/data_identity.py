"""Which samples a run learns from and looks at: their number, names and sizes. They are kept with
the run, so that a resume on other data is not taken for the same.
"""

from __future__ import annotations

import copy
from collections.abc import Iterable, Mapping
from typing import Any

from gan_zoo.components.data import DataSpec
from gan_zoo.components.interfaces import Dataset
from gan_zoo.components.spec import Size
from gan_zoo.recipe.wired import WiredRecipe
from gan_zoo.reporter import progress

FORMAT = 1
LEARNED = "train"  # the split that a run learns from
SHOWN = 3  # names in a message

Kept = dict[str, Any]  # {"samples": N, "names": [...], "bytes": [...]}; a number alone of some data


def identify_data(wired: WiredRecipe) -> Kept:
    """The samples of every phase, as JSON: `splits`, and phase -> split -> its place among these.

    Raises:
        DataError: the data is not what the recipe says.
    """
    splits: list[Kept] = []
    phases: dict[str, dict[str, int]] = {}
    known: list[tuple[DataSpec, Size | None, dict[str, int]]] = []
    for name in wired.recipe.phases:
        phase = wired.phase(name)
        data, size = phase.recipe.data, phase.phase.size
        same = [places for spec, at, places in known if (spec, at) == (data, size)]
        if not same:
            places = {}
            for split in _splits(wired):
                found = _identify(data.open(split, size))
                if found not in splits:
                    splits.append(found)
                places[split] = splits.index(found)
            known.append((data, size, places))
            same = [places]
        phases[name] = same[0]
    return {"format": FORMAT, "splits": splits, "phases": phases}


def describe_difference(before: Kept, now: Kept, phase: str, split: str) -> str:
    """What is different in a split of a phase: the number of samples, names, sizes; empty where
    nothing is.
    """
    was, here = (_of(kept, phase, split) for kept in (before, now))
    if was is None or here is None:
        return ""
    if "names" not in was or "names" not in here:  # one of them could not tell
        was, here = ({"samples": kept["samples"]} for kept in (was, here))
    elif was["names"] == here["names"]:
        for place in was.get("unread", ()):  # what could not be read changed nothing
            was["bytes"][place] = here["bytes"][place]
    if {**was, "unread": ()} == {**here, "unread": ()}:
        return ""
    told = []
    if was["samples"] != here["samples"]:
        told.append(f"{was['samples']} samples before, {here['samples']} now")
    old, new = _sizes(was), _sizes(here)
    told += _list("gone", old.keys() - new.keys())
    told += _list("new", new.keys() - old.keys())
    other = [name for name in old.keys() & new.keys() if old[name] != new[name]]
    told += _list("of another size in bytes", other)
    return "; ".join(told) or "the samples come in another order"


def _splits(wired: WiredRecipe) -> list[str]:
    """What a run reads: the samples to learn from first."""
    recipe = wired.recipe
    looked_at = [recipe.validation.split] if recipe.validation else []
    looked_at += [split for callback in recipe.callbacks.values() for split in callback.splits()]
    return list(dict.fromkeys([LEARNED, *looked_at]))


def _identify(dataset: Dataset) -> Kept:
    identity: Any = getattr(dataset, "identity", None)
    if identity is None:
        return {"samples": len(dataset)}
    names, sizes = [], []
    with progress(len(dataset), "noting samples") as advance:
        for name, size in identity():
            names.append(name)
            sizes.append(size)
            advance()
    return {"samples": len(dataset), "names": names, "bytes": sizes}


def _sizes(kept: Kept) -> dict[str, int]:
    """Name -> bytes."""
    return dict(zip(kept.get("names", ()), kept.get("bytes", ()), strict=True))


def _of(kept: Kept, phase: str, split: str) -> Kept | None:
    place = kept["phases"].get(phase, {}).get(split)
    found: Mapping[str, Any] | None = None if place is None else kept["splits"][place]
    return None if found is None else copy.deepcopy(dict(found))


def _list(what: str, names: Iterable[str]) -> list[str]:
    found = sorted(names)
    more = f" and {len(found) - SHOWN} more" if len(found) > SHOWN else ""
    return [f"{what}: {', '.join(found[:SHOWN])}{more}"] if found else []
