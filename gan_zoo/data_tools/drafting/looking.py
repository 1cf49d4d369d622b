"""`gan-zoo init`: look at a folder, ask all data what it is, and write a recipe for it."""

from __future__ import annotations

import os
import re
import unicodedata
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from gan_zoo.components.at_hand import read_once
from gan_zoo.components.data import DataSpec, Found
from gan_zoo.components.paths import expand_user
from gan_zoo.components.pictures import as_8bit
from gan_zoo.data_tools.drafting.adapting import SCORED, draft
from gan_zoo.data_tools.drafting.base_recipes import Base, choose_base, recipes_like
from gan_zoo.data_tools.drafting.draft import Folder
from gan_zoo.data_tools.drafting.size_rules import Sides, describe_sizes
from gan_zoo.data_tools.drafting.text import write_draft
from gan_zoo.data_tools.folder_answers import find_reader
from gan_zoo.errors import DataError, UserError
from gan_zoo.recipe.model import LEARNED
from gan_zoo.registry.recognition import Answer
from gan_zoo.registry.zoo import Zoo

if TYPE_CHECKING:
    from gan_zoo.components.interfaces import Sample

LONGEST_NAME = 200  # bytes of a recipe's name: file systems take 255, and runs are called so too
LOOKED_AT = 8  # pairs whose pixels are read
PLAINER = 1.5  # so many times fewer bytes of one side make it the one to begin with


@dataclass(frozen=True)
class FirstRecipe:
    """What was found in a folder, and the recipe for it.

    Args:
        found: What and value, in words, in the order to tell them.
        text: Of the recipe.
        base: What it extends.
    """

    found: list[tuple[str, str]]
    text: str
    base: str


def first_recipe(
    folder: Path, like: str | None = None, beside: Path = Path(), zoo: Zoo | None = None
) -> FirstRecipe:
    """A recipe that trains on a folder.

    Args:
        folder: The root of the data.
        like: The recipe to extend, by path or name; chosen by the data if absent.
        beside: The folder that the recipe will lie in, for the path to another one.
        zoo: Whose components and recipes there are; those of this environment if absent.

    Raises:
        UserError: no data knows the layout, there is nothing to train on, or the recipe does not
            fit such data.
    """
    zoo = zoo or Zoo.installed()
    with read_once():
        answer, found, others = _recognized(folder, zoo)
        base = Base.read(like, zoo) if like else choose_base(found.spec, zoo)
        samples = list(_looked_at(found.spec))
        seen = _folder(answer, found, samples)
        made = draft(base, seen)
        mistakes = [*found.spec.inspect(LEARNED), *found.mistakes]
    splits = ", ".join(f"{count:,} in {split}" for split, count in found.pairs.items())
    title = f"{folder.resolve().name}: {splits}, {describe_sizes(seen.sizes)} (height x width)"
    said = base.name
    if like and (file := expand_user(like)).is_file():
        said = Path(os.path.relpath(file, beside)).as_posix()
    why = "as asked for" if like else "the published settings for such maps"
    told = [("layout", f"{answer}: {found.why}"), ("samples", splits)]
    told.append(("sizes", f"{describe_sizes(seen.sizes)} (height x width) in {LEARNED}"))
    if samples:
        told.append(("example", _example(samples[0], folder)))
    if "direction" in seen.whys:
        told.append(("direction", f"{seen.options['direction']}: {seen.whys['direction']}"))
    decided = tuple(f"{name}:" for name in seen.whys)
    told += [("note", note) for note in found.notes if not note.startswith(decided)]
    told += [("or", f"{other.name}: {other.said.why}") for other in others]
    for name, loss in base.recipe.losses.items():
        if name not in made.recipe.losses and (absent := loss.missing()):
            told.append(("note", f"losses.{name} is left out: {absent[0].replace('NAME', name)}"))
    if not made.recipe.validation:
        told.append(("note", f"no split {SCORED}, so nothing is scored before the end"))
    if alike := recipes_like(base, found.spec):
        told.append(("--like", f"{', '.join(alike)}: for the same maps"))
    if mistakes:
        told.append(("mistakes", f"{len(mistakes)}; the first: {mistakes[0]}"))
    return FirstRecipe(told, write_draft(made, title, (said, why)), base.name)


def _example(sample: Sample, folder: Path) -> str:
    """A sample by its name, and its files as they lie in the folder."""
    roots = [f"{root.as_posix()}/" for root in (folder.resolve(), folder)]
    files = [Path(file).as_posix() for file in sample.files]
    for root in roots:
        files = [file.removeprefix(root) for file in files]
    return f"{sample.name}: {', '.join(files)}"


def _recognized(folder: Path, zoo: Zoo) -> tuple[str, Found, list[Answer]]:
    """Who reads the folder, what it found, and who else would."""
    name, found, others = find_reader(folder, zoo)
    if not found.pairs.get(LEARNED):
        there = ", ".join(f"{n} in {split}" for split, n in found.pairs.items())
        raise UserError(
            f"{folder} is {name} ({found.why}) with {there or 'no sample'}, and none in {LEARNED}, "
            f"which a run learns from; name a split {LEARNED}"
        )
    return name, found, others


def _folder(name: str, found: Found, samples: list[Sample]) -> Folder:
    spec = found.spec
    sizes: tuple[Sides, ...] = tuple(spec.sizes(LEARNED))
    if not sizes:
        known = {image.size for image in spec.maps().values() if image.size}
        read = {(int(s.shape[-2]), int(s.shape[-1])) for one in samples for s in one.maps.values()}
        sizes = tuple(sorted(known or read))
    if not sizes:
        first = next(iter(spec.inspect(LEARNED)), "there is no picture in it")
        raise UserError(f"nothing in {LEARNED} can be read: {first}")
    options: dict[str, Any] = spec.model_dump(mode="json", exclude_unset=True)
    options.pop("use", None)
    whys = {"use": found.why, "root": "another place: --data DIR"}
    if "direction" in type(spec).model_fields and "direction" not in options:
        options["direction"], whys["direction"] = _direction(spec, samples)
        turned = options["direction"] != type(spec).model_fields["direction"].default
        if turned and "source" in options and "target" in options:  # what was found of the sides
            options["source"], options["target"] = options["target"], options["source"]
    return Folder(name, options, whys, found.pairs, sizes)


def _looked_at(spec: DataSpec) -> Iterator[Sample]:
    """Some training samples as they are, from the first to the last; without broken ones."""
    try:
        dataset = spec.open(LEARNED)
    except DataError:  # mistakes are told by name
        return
    count = len(dataset)
    for index in sorted({count * n // LOOKED_AT for n in range(LOOKED_AT)}):
        try:
            yield dataset.read(index, None)
        except DataError:
            continue


def _direction(spec: DataSpec, samples: list[Sample]) -> tuple[str, str]:
    """From which side to which: the plainer one is likely what is drawn, the other what is made."""
    usual = str(type(spec).model_fields["direction"].default)
    turned = {"a_to_b": "b_to_a", "b_to_a": "a_to_b"}[usual]
    source, target = (_bytes(samples, name) for name in ("source", "target"))
    if not source or not target or max(source, target) < PLAINER * min(source, target):
        return usual, f"from A to B; if B is your input, {turned}"
    low, high = sorted((source, target))
    said, other = (usual, turned) if source < target else (turned, usual)
    side = said[0].upper()
    return said, f"{side} is plainer (compresses {high / low:.1f} times better); else {other}"


def _bytes(samples: list[Sample], name: str) -> int:
    """How much there is in a map of all samples: bytes, compressed."""
    maps = (one.maps[name] for one in samples if name in one.maps)
    return sum(
        len(zlib.compress(as_8bit(tensor.nan_to_num(-1)).numpy().tobytes(), 1)) for tensor in maps
    )


def file_name(folder: Path) -> str:
    """What a recipe for a folder is called, where nobody says it."""
    name = unicodedata.normalize("NFC", folder.resolve().name)
    kept = "".join(letter if _is_plain(letter) else " " for letter in name)
    slug = re.sub(r"[ _]*[ ][ _]*", "_", kept).strip("_")
    while len(slug.encode()) > LONGEST_NAME:
        slug = slug[:-1]
    return f"{slug or 'recipe'}.yaml"


def _is_plain(letter: str) -> bool:
    """Whether it is a letter, in any writing, a mark on one, a digit, or _ or -."""
    return letter.isalnum() or unicodedata.category(letter).startswith("M") or letter in "_-"
