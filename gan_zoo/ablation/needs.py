"""What the runs of an ablation still need, and what is wrong in their data: all at once, before the
first of them starts. No torch.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence

from gan_zoo.ablation.file import Score
from gan_zoo.checks.data_at_hand import data_mistakes
from gan_zoo.checks.readiness import SHOWN, list_needed
from gan_zoo.errors import UserError
from gan_zoo.recipe.wired import WiredRecipe

# What is needed is told by components, which speak as to who trains a recipe.
IN_A_FILE = (
    "In the ablation's file --set KEY=VALUE is set: {KEY: VALUE}, and --data DIR is "
    "set: {data.root: DIR}"
)


def refuse_needy(variants: Mapping[str, WiredRecipe], score: Score) -> None:
    """Refuse what could not be trained or scored.

    Args:
        variants: Name -> recipe, whose contracts hold.
        score: How they are scored.

    Raises:
        UserError: what is needed and what is wrong, each once, with the variants that have it.
    """
    refuse(
        list_needs(variants, score)
        or each_once(
            {name: _mistakes(wired, score) for name, wired in variants.items()}, len(variants)
        )
    )


def list_needs(variants: Mapping[str, WiredRecipe], score: Score) -> list[str]:
    """What is not at hand and needed to train or to score variants, each once."""
    needed = {name: list_needed(wired) for name, wired in variants.items()}
    return [*_scoring_needs(score), *each_once(needed, len(variants))]


def refuse(found: Sequence[str]) -> None:
    """Say what is needed or wrong, if anything is.

    Raises:
        UserError: says it.
    """
    if found:
        more = len(found) - SHOWN
        rest = [f"and {more} more; they show as these are mended"] if more > 0 else []
        shown = found[:SHOWN]
        rest += [IN_A_FILE] * any("--set" in line or "--data" in line for line in shown)
        raise UserError("\n".join([*shown, *rest]))


def each_once(lines: Mapping[str, Iterable[str]], variants: int) -> list[str]:
    """Lines of several variants, each once: with their names, where it is not in all of them.

    Args:
        lines: Variant -> its lines.
        variants: How many there are in all.
    """
    having: dict[str, list[str]] = {}
    for name, own in lines.items():
        for line in dict.fromkeys(own):
            having.setdefault(line, []).append(name)
    return [
        line if len(names) == variants else f"{' and '.join(names)}: {line}"
        for line, names in having.items()
    ]


def _scoring_needs(score: Score) -> Iterator[str]:
    for name, spec in score.metrics.items():
        for line in spec.missing():  # a spec does not know where it stands
            told = line.replace("--set validation.metrics.NAME.", f"score.metrics.{name}.")
            yield f"score.metrics.{name}: {told}"


def _mistakes(wired: WiredRecipe, score: Score) -> list[str]:
    """In the data at hand, in the split that is scored too."""
    found = data_mistakes(wired)
    last = wired.phase([*wired.recipe.phases][-1])
    data, size = last.recipe.data, last.phase.size
    if score.split not in wired.recipe.splits():
        scored = data.inspect(score.split, size)
        if scored:
            scored[0] += f" (the split '{score.split}' is read by score)"
        found += scored
    if found:
        return found
    try:
        count = len(data.open(score.split, size))
        for spec in score.metrics.values():
            spec.require(count)
    except UserError as problem:
        found.append(f"score: {problem}")
    return found
