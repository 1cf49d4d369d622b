"""Which samples a run learns from and looks at: their number, names and sizes. They are kept with
the run, so that a resume on other data is not taken for the same.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from gan_zoo.components.interfaces import Dataset
from gan_zoo.recipe.wired import WiredRecipe
from gan_zoo.reporter import progress

FORMAT = 1
SHOWN = 3  # names in a message

Kept = dict[str, Any]  # {"samples": N, "names": [...], "bytes": [...]}; a number alone of some data


def identify_data(wired: WiredRecipe) -> Kept:
    """The samples of every phase, as JSON: `splits`, and phase -> split -> its place among these.

    Raises:
        DataError: the data is not what the recipe says.
    """
    splits: list[Kept] = []
    phases: dict[str, dict[str, int]] = {}
    for name in wired.recipe.phases:
        phase, places = wired.phase(name), phases.setdefault(name, {})
        for split in wired.recipe.splits():
            found = identify_samples(phase.recipe.data.open(split, phase.phase.size))
            if found not in splits:
                splits.append(found)
            places[split] = splits.index(found)
    return {"format": FORMAT, "splits": splits, "phases": phases}


def describe_difference(before: Kept, now: Kept, phase: str, split: str) -> str:
    """What is different in a split of a phase: the number of samples, names, sizes; empty where
    nothing is. A sample that could not be read may have been mended: nothing came of it.
    """
    was, here = (_of(kept, phase, split) for kept in (before, now))
    if was is None or here is None:
        return ""
    told = []
    if was["samples"] != here["samples"]:
        told.append(f"{was['samples']} samples before, {here['samples']} now")
    if "names" in was and "names" in here:  # else one of them could not tell
        old, new = (dict(zip(kept["names"], kept["bytes"], strict=True)) for kept in (was, here))
        unread = {was["names"][place] for place in was.get("unread", ())}
        other = [n for n in old.keys() & new.keys() - unread if old[n] != new[n]]
        told += _list("gone", old.keys() - new.keys())
        told += _list("new", new.keys() - old.keys())
        told += _list("of another size in bytes or of other labels", other)
        if not told and was["names"] != here["names"]:
            told.append("the samples come in another order")
    return "; ".join(told)


def identify_samples(dataset: Dataset) -> Kept:
    """The samples of one split: their number, and names and sizes where it can tell them."""
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


def _of(kept: Kept, phase: str, split: str) -> Kept | None:
    place = kept["phases"].get(phase, {}).get(split)
    found: Kept | None = None if place is None else kept["splits"][place]
    return found


def _list(what: str, names: Iterable[str]) -> list[str]:
    found = sorted(names)
    more = f" and {len(found) - SHOWN} more" if len(found) > SHOWN else ""
    return [f"{what}: {', '.join(found[:SHOWN])}{more}"] if found else []
