"""Who knows the tensors of files, and which shipped recipes go with them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from gan_zoo.components.foreign import Readable, Reading
from gan_zoo.components.kinds import KINDS
from gan_zoo.errors import UserError
from gan_zoo.importer.files import File, Folder
from gan_zoo.importer.network_files import NetworkFile, components_of, network_files
from gan_zoo.recipe.recipe import Recipe, read_source
from gan_zoo.recipe.validation import parse

CURE = "name what the networks were trained with by --recipe"


@dataclass(frozen=True)
class Recognizer:
    """A component that knows a file's tensors, and what it says of them."""

    kind: str
    name: str
    reading: Reading


Recognizers = Mapping[str, Sequence[Recognizer]]  # by the network's name in its file


def find_recognizers(folder: Folder) -> Recognizers:
    """Every component that knows the tensors of a file, for each of them.

    Raises:
        UserError: a file is damaged, or holds anything but tensors.
    """
    return {name: list(_speakers(file)) for name, file in folder.files.items()}


def _speakers(file: File) -> Iterator[Recognizer]:
    for kind, base in KINDS.items():
        for name, spec in components_of(kind) if issubclass(base, Readable) else ():
            if reading := spec.recognize(file.shapes):
                yield Recognizer(kind, name, reading)


def candidate_recipes(folder: Folder, known: Recognizers) -> list[str]:
    """The recipes that go with the files, best first.

    That is the recipe of a method that knows the files' names; then the one that makes use of most
    files, and among those the one that most components name.

    Raises:
        UserError: there is none.
    """
    claimed = [
        recipe
        for _, spec in components_of("method")
        for name, recipe in spec.foreign.items()
        if name in folder.files
    ]
    scores = dict.fromkeys(claimed, 0)
    for found in known.values():
        named: dict[str, int] = {}
        for one in found:
            for recipe in one.reading.recipes:
                named[recipe] = max(named.get(recipe, 0), 1 if one.reading.doubtful else 2)
        for recipe, score in named.items():
            scores[recipe] = scores.get(recipe, 0) + score
    used = {recipe: _used(recipe, folder) for recipe in scores}
    fitting = [recipe for recipe in scores if used[recipe]]
    if not fitting:
        raise UserError(_nothing(folder, known))
    return sorted(fitting, key=lambda one: (one not in claimed, -used[one], -scores[one]))


def _used(recipe: str, folder: Folder) -> int:
    """Of how many files a recipe makes use; none if it lacks one that it needs."""
    try:
        found = [slot.within(folder) for slot in network_files(parse(Recipe, read_source(recipe)))]
    except UserError:  # a plugin may name a recipe that is not there, or has no such layouts
        return 0
    if any(slot.needed and slot.file is None for slot in found):
        return 0
    return sum(slot.file is not None for slot in found)


def _nothing(folder: Folder, known: Recognizers) -> str:
    strange = [file for name, file in folder.files.items() if not known[name]]
    if strange:
        return f"{strange[0].path}: no component knows its tensors ({_some(strange[0])}); {CURE}"
    are = [
        f"{file} is of a {' or '.join(dict.fromkeys(one.kind for one in known[name]))}"
        for name, file in folder.files.items()
    ]
    return (
        f"{folder.path}: {', '.join(are)}; no installed recipe makes a picture of such files alone"
    )


def _some(file: File) -> str:
    return f"{', '.join(list(file.shapes)[:3])}, ..."


def rank_recognizers(
    found: Sequence[Recognizer], slot: NetworkFile, recipe: str, asked: str | None
) -> list[Recognizer]:
    """Who may speak for a network of a recipe, the likeliest first.

    Args:
        found: Who knows the tensors of its file.
        slot: The network.
        recipe: The recipe's name.
        asked: The only component that is wanted.

    Raises:
        UserError: nobody.
    """

    def rank(one: Recognizer) -> tuple[bool, bool, bool]:
        here = one.name == slot.spec.model_dump(mode="json").get("use")
        return recipe not in one.reading.recipes, one.reading.doubtful, not here

    kin = sorted((one for one in found if one.kind == slot.spec.kind), key=rank)
    wanted = [one for one in kin if asked in (None, one.name)]
    if not wanted:
        assert slot.file is not None
        who = f"{asked} does not know" if asked else f"no {slot.spec.kind} knows"
        if others := " or ".join(one.name for one in kin):
            cure = f"{others} does: leave {slot.key}.use out"
        else:
            cure = CURE
        raise UserError(f"{slot.file.path}: {who} its tensors ({_some(slot.file)}); {cure}")
    return wanted


def asked_component(changes: Mapping[str, Any], key: str) -> str | None:
    """The component that changes of a recipe name at a place."""
    whole = changes.get(key)
    name = changes.get(f"{key}.use", whole.get("use") if isinstance(whole, Mapping) else None)
    return None if name is None else str(name)
