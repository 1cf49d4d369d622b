"""The variants of an ablation as recipes: its base, `set`, then what each changes. No torch."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from gan_zoo.ablation.names import Named, name_variants, patches
from gan_zoo.recipe.problems import Keys, Place, Problem, RecipeError
from gan_zoo.recipe.recipe import Recipe, change_source
from gan_zoo.recipe.source import Source, find_recipe, read_files
from gan_zoo.recipe.text import write_inline
from gan_zoo.recipe.tree import Node
from gan_zoo.recipe.validation import parse
from gan_zoo.registry.zoo import Zoo


@dataclass(frozen=True)
class Candidate:
    """A variant whose values are sound; its contracts are not judged yet.

    Args:
        name: Of the variant.
        factors: Factor of the grid -> its level; empty of one under `vary`.
        changes: To the base, a line each, as `generator.use: encoder_decoder`.
        source: Of its recipe: every value with its place.
        recipe: As the file says it, with the length of the base.
    """

    name: str
    factors: Mapping[str, str]
    changes: tuple[str, ...]
    source: Source
    recipe: Recipe


def make_candidates(
    ablation: Source, folder: Path, zoo: Zoo
) -> tuple[tuple[Candidate, ...], list[Problem]]:
    """Every variant of a file.

    Args:
        ablation: The file's values; whatever is no patch is passed over.
        folder: Of the file, where its base may lie.
        zoo: The components.

    Returns:
        The sound ones, and all mistakes of the others and of the base, each once.
    """
    base = ablation.root.child("base")
    named = name_variants(ablation.root)
    if base is None or not isinstance(base.value, str) or not named:
        return (), []
    try:
        read = read_files(find_recipe(base.value, zoo, beside=folder), zoo)
    except RecipeError as error:  # what has no place yet is about the word in this file
        return (), [
            p if p.place else Problem(("base",), p.message, base.place) for p in error.problems
        ]
    shared = patches(ablation.root.child("set"))
    found: dict[str, list[Problem]] = {}
    made = []
    for one in named:
        source = change_source(read, (*shared, *one.patches), zoo)
        try:
            recipe = parse(Recipe, source, zoo)
        except RecipeError as error:
            found[one.name] = error.problems
        else:
            made.append(Candidate(one.name, one.factors, describe(one), source, recipe))
    alone: Iterable[Problem] = ()
    if found:
        try:
            parse(Recipe, change_source(read, shared, zoo), zoo)
        except RecipeError as error:
            alone = error.problems
    return tuple(made), list(told_once(found, len(named), ablation.spoken, alone))


def told_once(
    problems: Mapping[str, Iterable[Problem]],
    variants: int,
    spoken: tuple[str, ...] = (),
    alone: Iterable[Problem] = (),
) -> Iterator[Problem]:
    """Mistakes of several variants, each said once: with the variants that have it, where it is
    not in all of them.

    Args:
        problems: Variant -> its mistakes.
        variants: How many there are in all.
        spoken: Files whose lines tell by themselves which variant is meant.
        alone: Mistakes of the base itself, which are no variant's.
    """
    having: dict[tuple[Keys, str, Place | None], list[str]] = {}
    for name, own in problems.items():
        for one in dict.fromkeys(own):
            having.setdefault((one.keys, one.message, one.place), []).append(name)
    for (keys, message, place), names in having.items():
        clear = place is not None and place.source in spoken
        clear = clear or Problem(keys, message, place) in alone
        if not clear and (len(names) < variants or variants == 1):
            message = f"variant{'s' if len(names) > 1 else ''} {_listed(names)}: {message}"
        yield Problem(keys, message, place)


def describe(variant: Named) -> tuple[str, ...]:
    """What a variant changes, a line for each value."""
    return tuple(line for key, node in variant.patches for line in _lines(key, node))


def _lines(key: str, node: Node) -> Iterator[str]:
    if isinstance(node.value, dict) and node.value:
        for name, inner in node.value.items():
            yield from _lines(f"{key}.{name}", inner)
    else:
        yield f"{key}: {write_inline(node.plain())}"


def _listed(names: list[str], most: int = 4) -> str:
    if len(names) > most:
        return f"{', '.join(names[:most])} and {len(names) - most} more"
    return " and ".join([", ".join(names[:-1]), names[-1]] if names[1:] else names)
