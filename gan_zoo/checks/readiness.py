"""Whether a recipe could be trained now: nothing that it needs is absent, its data is sound."""

from __future__ import annotations

from gan_zoo.checks.contracts import contracts
from gan_zoo.checks.data_at_hand import data_mistakes, first_size
from gan_zoo.checks.last_batch import count_samples, last_batch
from gan_zoo.errors import UserError
from gan_zoo.recipe.recipe import Recipe
from gan_zoo.recipe.source import Source
from gan_zoo.recipe.wired import WiredRecipe

SHOWN = 20  # mistakes in the data that stop a run; `gan-zoo check` shows all


def refuse_unready(recipe: Recipe | WiredRecipe, source: Source | None = None) -> WiredRecipe:
    """Refuse what could not be trained: broken contracts, absent needs, mistakes in the data, a
    last picture of a pass that a network cannot take alone.

    Raises:
        RecipeError: every broken contract at once.
        UserError: what is needed, or the mistakes by file.
    """
    wired = contracts(recipe, source)
    if found := list_needed(wired) or data_mistakes(wired):
        more = len(found) - SHOWN
        rest = [f"and {more} more; `gan-zoo check` lists all"] if more > 0 else []
        raise UserError("\n".join([*found[:SHOWN], *rest]))
    samples = count_samples(wired)
    if any(last_batch(wired.phase(name), count) == 1 for name, count in samples.items()):
        from gan_zoo.checks.rehearsal import rehearse

        rehearse(wired, first_size(wired), samples)  # a norm may have nothing to normalize
    return wired


def list_needed(wired: WiredRecipe) -> list[str]:
    """What a run of this recipe still needs, said by its components and the data of each phase."""
    recipe = wired.recipe
    usual = recipe.data.missing()
    found = [
        f"data: {line}" if line in usual else f"phases.{name}.set: {line}"
        for name in recipe.phases
        for line in wired.phase(name).recipe.data.missing()
    ]
    components = {path: spec for path, spec in recipe.components().items() if path != "data"}
    for path, spec in components.items():
        # A spec does not know its name in the recipe.
        named = path.rpartition(".")[0] + ".NAME"
        found += [f"{path}: {line.replace(named, path)}" for line in spec.missing()]
    return list(dict.fromkeys(found))
