"""Judge a recipe before a weight is allocated: contracts, a rehearsal, and the data at hand."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from gan_zoo.check.contracts import contracts
from gan_zoo.errors import UserError

if TYPE_CHECKING:
    from gan_zoo.check.rehearsal import Rehearsal
    from gan_zoo.recipe.model import Recipe
    from gan_zoo.recipe.source import Source

__all__ = ["Report", "check", "contracts", "needed", "ready"]

SHOWN = 20  # mistakes in the data that stop a run; `gan-zoo check` shows all


@dataclass
class Report:
    """What a check found out.

    Args:
        phases: One rehearsal a phase.
        notes: Defaults that took hold because the recipe is silent.
        needed: What a run still needs, each with its cure.
        mistakes: What is wrong in the data at hand, by file.
    """

    phases: list[Rehearsal]
    notes: list[str] = field(default_factory=list)
    needed: list[str] = field(default_factory=list)
    mistakes: list[str] = field(default_factory=list)


def check(recipe: Recipe, source: Source | None = None) -> Report:
    """Contracts, then a rehearsal of every phase on the meta device, then the data.

    Raises:
        RecipeError: every broken contract at once.
    """
    contracts(recipe, source)
    report = Report([], _notes(recipe), needed(recipe))
    size = None
    if not recipe.data.missing():
        report.mistakes = _mistakes(recipe)
        try:
            size = None if report.mistakes else _size(recipe)
        except UserError as problem:  # no header told it, but the pixels break off
            report.mistakes = [str(problem)]
    from gan_zoo.check.rehearsal import rehearse

    report.phases = rehearse(recipe, size)
    return report


def ready(recipe: Recipe, source: Source | None = None) -> None:
    """Refuse what could not be trained: broken contracts, absent needs, mistakes in the data.

    Raises:
        RecipeError: every broken contract at once.
        UserError: what is needed, or the mistakes by file.
    """
    contracts(recipe, source)
    if found := needed(recipe) or _mistakes(recipe):
        more = len(found) - SHOWN
        rest = [f"and {more} more; `gan-zoo check` lists all"] if more > 0 else []
        raise UserError("\n".join([*found[:SHOWN], *rest]))


def needed(recipe: Recipe) -> list[str]:
    """What a run of this recipe still needs, said by its components."""
    return [
        f"{path}: {line}" for path, spec in recipe.components().items() for line in spec.missing()
    ]


def _mistakes(recipe: Recipe) -> list[str]:
    """The mistakes in the splits that a run would read."""
    splits = ["train"]
    splits += [recipe.validation.split] if recipe.validation else []
    splits += [split for callback in recipe.callbacks.values() for split in callback.splits()]
    sizes = {phase.size: None for phase in recipe.phases.values()}
    found = [
        line
        for split in dict.fromkeys(splits)
        for size in sizes
        for line in recipe.data.inspect(split, size)
    ]
    return list(dict.fromkeys(found))


def _size(recipe: Recipe) -> tuple[int, int] | None:
    """[height, width] of the first sample, for phases whose size only the data knows."""
    if all(image.size for image in recipe.data.maps().values()):
        return None
    first = next(iter(recipe.data.open("train").read(0, None).maps.values()))
    return first.shape[-2], first.shape[-1]


def _notes(recipe: Recipe) -> list[str]:
    notes = []
    if "phases" not in recipe.model_fields_set:
        notes.append("no phases: one, main, of 200 epochs at constant rate")
    if recipe.init is None:
        notes.append("no init: the framework's own first weights")
    if recipe.validation is None:
        notes.append("no validation: nothing is scored during training, weights/best is not kept")
    return notes
