"""What shapes and names alone can tell of a recipe: every mistake at once, without torch."""

from __future__ import annotations

from collections.abc import Iterator

from gan_zoo.checks.loss_contracts import judge_losses, judge_optimizers
from gan_zoo.checks.phase_contracts import judge_phase
from gan_zoo.checks.score_contracts import judge_scores
from gan_zoo.checks.wiring_contracts import refuse_untranslatable, wire_or_refuse
from gan_zoo.components.learning import Wiring
from gan_zoo.recipe.phase_words import phase_words
from gan_zoo.recipe.problems import Problem
from gan_zoo.recipe.recipe import Recipe
from gan_zoo.recipe.source import Source
from gan_zoo.recipe.tree import Node
from gan_zoo.recipe.wired import WiredRecipe
from gan_zoo.registry.zoo import Zoo


def contracts(
    recipe: Recipe | WiredRecipe, source: Source | None = None, zoo: Zoo | None = None
) -> WiredRecipe:
    """Check everything that shapes and names can tell. Pure Python, no torch.

    Args:
        recipe: What is judged; once, as long as it is handed on as it comes back.
        source: Where its values came from, for messages.
        zoo: The components that it may name; the installed ones if absent.

    Returns:
        The recipe with its shapes, for all that comes after.

    Raises:
        RecipeError: every mistake at once.
    """
    wired = recipe if isinstance(recipe, WiredRecipe) else WiredRecipe(recipe, zoo)
    if wired.judged:
        return wired
    source = source or Source("recipe", Node({}))
    found = dict.fromkeys((p.keys, p.message) for p in _mistakes(wired))
    if found:  # what is wrong in several phases is said once
        raise source.error(Problem(keys, told, source.place(keys)) for keys, told in found)
    wired.judged = True
    return wired


def _mistakes(wired: WiredRecipe) -> Iterator[Problem]:
    recipe, zoo = wired.recipe, wired.zoo or Zoo.installed()
    parts = recipe.parts()
    wiring = wire_or_refuse(parts, lambda: wired.wiring, ("data",), zoo)
    if not isinstance(wiring, Wiring):
        yield from wiring
        return
    yield from refuse_untranslatable(parts, wiring)
    yield from judge_scores(wired)
    yield from judge_losses(parts, wiring)
    yield from judge_optimizers(parts, wiring, zoo)
    known = phase_words(recipe, wiring)
    for name in recipe.phases:
        yield from judge_phase(wired, name, known, zoo)
