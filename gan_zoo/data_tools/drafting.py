"""A folder of pictures -> a recipe that trains on it, each line with its reason."""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from gan_zoo.checks.contracts import contracts
from gan_zoo.components.networks import GeneratorSpec
from gan_zoo.data_tools.base_recipes import Base, choose_conditions
from gan_zoo.data_tools.size_rules import Sides, SizeRule, has_aspect, plan_crop, plan_size
from gan_zoo.errors import UserError, first_line, format_size
from gan_zoo.recipe.model import LEARNED
from gan_zoo.recipe.problems import RecipeError
from gan_zoo.recipe.recipe import Recipe, change_source
from gan_zoo.recipe.source import Source
from gan_zoo.recipe.validation import parse
from gan_zoo.registry.option_docs import option_docs

SCORED = "val"  # the split that is looked at in training
MOST_SHOWN = 3000 * 200  # pictures in all: so many the papers show of sets up to this size
LEAST_SHARE = 15 / 200  # of the epochs, as they train on 50,000 pairs


@dataclass(frozen=True)
class Folder:
    """What was found of a folder.

    Args:
        name: The data component's, as recipes say it.
        options: Of the data, as a recipe says them.
        whys: Option -> its reason, where there is a better one than what it means.
        pairs: Split -> how many samples.
        sizes: All sizes (height, width) of the training pictures.
    """

    name: str
    options: Mapping[str, Any]
    whys: Mapping[str, str]
    pairs: Mapping[str, int]
    sizes: tuple[Sides, ...]


@dataclass
class Draft:
    """Changes to a recipe that another one extends.

    Args:
        base: The recipe.
        source: It with the changes.
        recipe: The same, parsed.
        changes: Dotted path -> value, in the order in which they are written.
        whys: Dotted path -> reason.
    """

    base: Base
    source: Source
    recipe: Recipe
    changes: dict[str, Any] = field(default_factory=dict)
    whys: dict[str, str] = field(default_factory=dict)

    @classmethod
    def of(cls, base: Base) -> Draft:
        """No change yet."""
        return cls(base, base.source, base.recipe)

    def change(self, changes: Mapping[str, Any], why: str = "") -> Draft:
        """A draft with more changes, all for one reason.

        Raises:
            RecipeError: the recipe does not take them.
        """
        source = change_source(self.source, changes, self.base.zoo)
        recipe = parse(Recipe, source, self.base.zoo)
        whys = {**self.whys, **dict.fromkeys(changes, why)} if why else dict(self.whys)
        return Draft(self.base, source, recipe, {**self.changes, **changes}, whys)


def draft(base: Base, folder: Folder) -> Draft:
    """Change a recipe so that it trains on a folder.

    Raises:
        UserError: the recipe cannot be made to; says what its contracts say.
    """
    made = _with_data(Draft.of(base), folder)
    refused: RecipeError | None = None
    for depth in _depths(made.recipe):
        try:
            shallower = made.change(depth)
            sized = _with_sizes(shallower, folder)
            if sized is None:
                continue
            return _with_splits(_with_losses(_with_epochs(sized, folder)), folder)
        except RecipeError as problem:
            refused = refused or problem
    told = f"; {first_line(refused)}" if refused else ": its generator halves them too often"
    sizes = " and ".join(format_size(size) for size in folder.sizes[:2])
    raise UserError(
        f"{base.name} cannot be made to learn from pictures of {sizes} (height x width){told}. "
        "Try another recipe: --like RECIPE (gan-zoo list recipes)"
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
    if "flip" in spec.model_fields and (flip := getattr(was, "flip", 0.0)):
        options["flip"] = flip
        whys["flip"] = "mirrored they are as good; 0 if left and right differ"
    if type(was) is spec:  # it takes over what its own root had: say what differs
        for name in sorted(was.model_fields_set - set(options)):
            usual = spec.model_fields[name].get_default(call_default_factory=True)
            if getattr(was, name) != usual:
                plain = list(usual) if isinstance(usual, tuple) else usual
                options[name], whys[name] = plain, _sentence(docs.get(name, ""))
    data = {"use": folder.name, **options}
    found = made.base.zoo.get("data", folder.name).model_validate(
        options, context={"zoo": made.base.zoo}
    )
    target = made.recipe.method.wire(made.recipe.parts()).target
    conditions = choose_conditions(made.base, found, target)  # type: ignore[arg-type]
    changes: dict[str, Any] = {"data": data}
    reasons = {f"data.{name}": why for name, why in whys.items()}
    reasons["data.use"] = folder.whys.get("use", "")
    for name, one in conditions.items():
        changes[f"conditions.{name}"] = one
        reasons[f"conditions.{name}"] = (
            "there are no maps for it" if one is None else f"shows {one.get('map', 'the maps')}"
        )
    done = made.change(changes)
    done.whys.update(reasons)
    return done


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


def _with_sizes(made: Draft, folder: Folder) -> Draft | None:
    """The size rule; None where the generator halves these pictures too often."""
    recipe, multiple = made.recipe, made.recipe.generator.multiple()
    options = type(recipe.data).model_fields
    said = {
        name: tuple(phase.size or phase.set.get("data.crop") or ())
        for name, phase in recipe.phases.items()
    }
    rule: SizeRule | None
    if any(said.values()):
        largest = max((size for size in said.values() if size), key=math.prod)
        rule = plan_size(folder.sizes, multiple, math.prod(largest))
        return rule and _with_phase_sizes(made, folder, rule, said, largest)
    if not {"load", "crop"} <= set(options):
        return made
    rule = plan_crop(folder.sizes, multiple)
    if rule is None:
        return None
    if rule.load:
        made = made.change({"data.load": list(rule.load)}, rule.why_load)
    return _explain_depth(made.change({"data.crop": list(rule.size)}, rule.why), rule.size)


def _with_phase_sizes(
    made: Draft,
    folder: Folder,
    rule: SizeRule,
    said: Mapping[str, tuple[int, ...]],
    largest: tuple[int, ...],
) -> Draft:
    """The size of every phase in proportion to the largest, and what follows from it."""
    data = made.recipe.data
    smallest = tuple(min(column) for column in zip(*folder.sizes, strict=True))
    for name, phase in made.recipe.phases.items():
        if not (was := said[name]):
            continue
        changes: dict[str, Any] = {}
        if phase.size:
            now = [side * a // b for side, a, b in zip(rule.size, was, largest, strict=True)]
            changes[f"phases.{name}.size"] = now
        else:
            step = made.recipe.generator.multiple()
            fits = zip(was, smallest, strict=True)
            now = [max(step, min(side, room // step * step)) for side, room in fits]
            changes[f"phases.{name}.set.data.crop"] = now
        for key, value in phase.set.items():
            if key.endswith(".frozen_at") and value:  # of the size that this phase had
                follows = [n * a // b for n, a, b in zip(now, value, was, strict=True)]
                changes[f"phases.{name}.set.{key}"] = follows
        made = made.change(changes)
        made.whys[f"phases.{name}"] = rule.why if was == largest else f"{format_size(now)} of it"
    if not has_aspect(folder.sizes, rule.size) and "aspect" in type(data).model_fields:
        why = "cuts off what is too much of a side, where the shape is another than the size's"
        made = made.change({"data.aspect": "crop"}, why)
    return _explain_depth(made, rule.size)


def _explain_depth(made: Draft, size: Sides) -> Draft:
    for path in made.changes:
        if path.startswith("generator."):
            made.whys[path] = f"halves {format_size(size)} as often as it can"
    return made


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
        why = f"{steps:,} steps; "
        why += f"less than published, for {pairs:,} are many" if share < 1 else "as published"
        before = made.whys.get(f"phases.{name}")
        made = made.change(changes)
        made.whys[f"phases.{name}"] = f"{before}; {why}" if before else why
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
        unfit = {one.keys[1]: one.message for one in problem.problems if one.keys[:1] == ("losses",)}
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
            why = "unseen ones show what it has learned" if there else f"there is no {SCORED}"
            made = made.change({f"callbacks.{name}.split": split}, why)
    return made


def _sentence(text: str) -> str:
    """The first clause of an option's meaning."""
    said = re.split(r"[.:;,](?: |$)", " ".join(text.split()), maxsplit=1)[0]
    return said[:1].lower() + said[1:]
