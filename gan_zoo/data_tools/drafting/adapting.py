"""A folder of pictures -> a recipe that trains on it, each line with its reason."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from gan_zoo.checks.contracts import contracts
from gan_zoo.components.data import DataSpec
from gan_zoo.components.networks import GeneratorSpec
from gan_zoo.data_tools.drafting.base_recipes import Base, choose_conditions
from gan_zoo.data_tools.drafting.draft import Draft, Folder
from gan_zoo.data_tools.drafting.size_rules import describe_sizes
from gan_zoo.data_tools.drafting.sizes import with_sizes
from gan_zoo.errors import UserError, first_line
from gan_zoo.recipe.model import LEARNED
from gan_zoo.recipe.problems import RecipeError
from gan_zoo.recipe.recipe import Recipe
from gan_zoo.registry.option_docs import option_docs

SCORED = "val"  # the split that is looked at in training
MOST_SHOWN = 3000 * 200  # pictures in all: so many the papers show of sets up to this size
LEAST_SHARE = 15 / 200  # of the epochs, as they train on 50,000 pairs


def draft(base: Base, folder: Folder) -> Draft:
    """Change a recipe so that it trains on a folder.

    Raises:
        UserError: the recipe cannot be made to; says what its contracts say.
    """
    made = _with_epochs(_with_data(Draft(base), folder), folder)
    refused: RecipeError | None = None
    for depth in _depths(made.recipe):
        try:
            sized = with_sizes(made.change(depth) if depth else made, folder.sizes)
            if sized is not None:
                return _with_splits(_with_losses(_with_flip(sized)), folder)
        except RecipeError as problem:
            refused = refused or problem
    told = f"; {first_line(refused)}" if refused else ": its generator halves them too often"
    raise UserError(
        f"{base.name} cannot be made to learn from pictures of {describe_sizes(folder.sizes)} "
        f"(height x width){told}. Try another recipe: --like RECIPE (gan-zoo list recipes)"
    )


def _with_data(made: Draft, folder: Folder) -> Draft:
    """The data section, the batch and flip of the recipe, and conditions for its maps."""
    was = made.recipe.data
    options = dict(folder.options)
    spec = made.base.zoo.get("data", folder.name)
    docs = option_docs(spec)
    whys = {name: folder.whys.get(name) or _sentence(docs.get(name, "")) for name in options}
    batch = min(was.batch, folder.pairs[LEARNED])
    if batch != spec.model_fields["batch"].default:
        options["batch"], whys["batch"] = batch, f"as {made.base.name} has it"
    if type(was) is spec:  # it takes over what its own root had: say what differs
        for name, option in spec.model_fields.items():
            usual = option.get_default(call_default_factory=True)
            if name in was.model_fields_set - set(options) and getattr(was, name) != usual:
                options[name] = list(usual) if isinstance(usual, tuple) else usual
                whys[name] = f"not as in {made.base.name}"
    data = {"use": folder.name, **options}
    found = spec.model_validate(options, context={"zoo": made.base.zoo})
    assert isinstance(found, DataSpec)
    target = made.recipe.method.wire(made.recipe.parts()).target
    conditions = choose_conditions(made.base, found, target)
    changes: dict[str, Any] = {"data": data}
    reasons = {f"data.{name}": why for name, why in whys.items()}
    reasons["data.use"] = folder.whys.get("use", "")
    for name, one in conditions.items():
        changes[f"conditions.{name}"] = one
        reasons[f"conditions.{name}"] = (
            "there are no maps for it" if one is None else "how networks are shown such a map"
        )
    return made.change(changes).explain(reasons)


def _depths(recipe: Recipe) -> Iterator[dict[str, int]]:
    """Changes that let the generator halve less and less often; none first."""
    yield {}
    inside = {
        path: spec
        for path, spec in recipe.components().items()
        if isinstance(spec, GeneratorSpec) and path.partition(".")[0] == "generator"
    }
    path, spec = list(inside.items())[-1]  # the innermost
    for option in type(spec).model_fields:
        value = getattr(spec, option)
        if type(value) is not int or value < 2:
            continue
        if spec.model_copy(update={option: value - 1}).multiple() < spec.multiple():
            yield from ({f"{path}.{option}": less} for less in range(value - 1, 0, -1))
            return


def _with_flip(made: Draft) -> Draft:
    """Mirror as the recipe does."""
    flip = getattr(made.base.recipe.data, "flip", 0.0)
    if not flip or "flip" not in type(made.recipe.data).model_fields:
        return made
    return made.change({"data.flip": flip}, "mirrored they are as good; 0 if left and right differ")


def _with_epochs(made: Draft, folder: Folder) -> Draft:
    """Fewer passes over many samples, as the papers have it."""
    pairs = folder.pairs[LEARNED]
    share = min(1.0, max(LEAST_SHARE, MOST_SHOWN / 200 / pairs))
    batch = made.recipe.data.batch
    for name, phase in made.recipe.phases.items():
        if not phase.epochs:
            continue
        epochs = max(1, round(phase.epochs * share))
        changes: dict[str, Any] = {f"phases.{name}.epochs": epochs}
        if phase.schedule and epochs != phase.epochs:
            end = phase.schedule.hold + phase.schedule.fall - phase.epochs  # past the last one
            hold = round(phase.schedule.hold * share)
            changes[f"phases.{name}.schedule"] = {"hold": hold, "fall": epochs + end - hold}
        steps = epochs * -(-pairs // batch)
        told = f"as long as {made.base.name}"
        if share < 1:
            told = f"{made.base.name} has {phase.epochs} epochs, for fewer samples"
        made = made.change(changes, f"{steps:,} steps; {told}")
    return made


def _with_losses(made: Draft) -> Draft:
    """Leave out losses that lack weights learned elsewhere, or cannot take these pictures.

    Raises:
        RecipeError: what else breaks a contract.
    """
    for name, loss in made.recipe.losses.items():
        if absent := loss.missing():
            why = f"{absent[0].partition(';')[0]}; leave this line out once they are"
            made = made.change({f"losses.{name}": None}, why)
    try:
        contracts(made.recipe, made.source, made.base.zoo)
    except RecipeError as problem:
        unfit = {
            str(one.keys[1]): one.message for one in problem.problems if one.keys[:1] == ("losses",)
        }
        if len(unfit) in (0, len(made.recipe.losses)):
            raise
        for name, told in unfit.items():
            made = made.change({f"losses.{name}": None}, " ".join(told.split()))
        contracts(made.recipe, made.source, made.base.zoo)
    return made


def _with_splits(made: Draft, folder: Folder) -> Draft:
    """Look at the validation split, where there is one, and at none that is absent."""
    there = SCORED in folder.pairs
    split = SCORED if there else LEARNED
    validation = made.recipe.validation
    if validation and validation.split not in folder.pairs:
        change: dict[str, Any]
        change = {"validation.split": SCORED} if there else {"validation": None}
        made = made.change(change, "" if there else f"there is no split {SCORED} to score")
    elif validation is None and there and made.recipe.data.paired:
        longest = max(phase.epochs or 0 for phase in made.recipe.phases.values())
        metrics = {
            name: {"use": name}
            for name, claims in made.base.zoo.claims("metric").items()
            if getattr(claims[0].spec, "unasked", False)
        }
        scored = {"split": SCORED, "every": max(1, longest // 40), "metrics": metrics}
        made = made.change({"validation": scored}, f"scores {folder.pairs[SCORED]} unseen samples")
    for name, one in made.recipe.callbacks.items():
        looks = getattr(one, "split", None)
        if looks is not None and (looks not in folder.pairs or (there and looks == LEARNED)):
            why = "unseen samples tell more" if there else f"there is no {SCORED}"
            made = made.change({f"callbacks.{name}.split": split}, why)
    return made


def _sentence(text: str) -> str:
    """The first clause of an option's meaning."""
    said = re.split(r"[.:;,](?: |$)", " ".join(text.split()), maxsplit=1)[0]
    return said[:1].lower() + said[1:]
