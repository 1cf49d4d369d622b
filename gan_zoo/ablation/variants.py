"""The variants of an ablation, each a recipe whose contracts hold, with its budget. No torch."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from pydantic import ValidationError

from gan_zoo.ablation.budget import Course, fit_source
from gan_zoo.ablation.candidates import Candidate, told_once
from gan_zoo.ablation.file import AblationFile, Budget
from gan_zoo.ablation.samples import Absent, Samples
from gan_zoo.checks.contracts import contracts
from gan_zoo.checks.hints import broken_contract
from gan_zoo.checks.score_contracts import refuse_unscorable
from gan_zoo.errors import ContractError, UserError
from gan_zoo.recipe.problems import Keys, Problem, RecipeError
from gan_zoo.recipe.recipe import Recipe
from gan_zoo.recipe.source import Source
from gan_zoo.recipe.validation import parse
from gan_zoo.recipe.wired import WiredRecipe
from gan_zoo.registry.zoo import Zoo


@dataclass(frozen=True)
class Variant:
    """A variant that could be trained.

    Args:
        name: Of the variant.
        factors: Factor of the grid -> its level; empty of one under `vary`.
        changes: To the base, a line each, as `generator.use: encoder_decoder`.
        source: Of its recipe: every value with its place. Its notes say what the budget made of
            the phases.
        wired: The recipe, whose contracts hold.
    """

    name: str
    factors: Mapping[str, str]
    changes: tuple[str, ...]
    source: Source
    wired: WiredRecipe


@dataclass(frozen=True)
class Variants:
    """All variants of a file.

    Args:
        variants: Those that could be trained, in the order of the table.
        left_out: Variant -> why its contracts do not hold, where the file says `impossible: list`.
    """

    variants: tuple[Variant, ...]
    left_out: Mapping[str, str]


def make_variants(
    file: AblationFile, *, seconds: Mapping[str, float] | None = None, zoo: Zoo | None = None
) -> Variants:
    """Make a file's variants, and judge their contracts.

    Args:
        file: The ablation.
        seconds: Variant -> measured seconds a step, for a budget of minutes. Without them such a
            budget is not applied yet: the variants are as long as their base.
        zoo: The components; the installed ones if absent.

    Raises:
        RecipeError: every broken contract of every variant, those of its scores among them, each
            with the line of the file or of its base; two variants that are the same recipe; a
            reference that is impossible.
        UserError: the data is not at hand, or not sound, and the budget needs its number of
            samples.
    """
    zoo = zoo or Zoo.installed()
    sound, left_out = _judge(file, zoo)
    fitted = _fit(file, sound, seconds, zoo)
    variants = tuple(
        Variant(one.name, one.factors, one.changes, source, contracts(recipe, source, zoo))
        for one, source, recipe in fitted
    )
    _refuse_twins(file, variants)
    return Variants(variants, left_out)


def _judge(file: AblationFile, zoo: Zoo) -> tuple[list[Candidate], dict[str, str]]:
    """The variants whose contracts hold, and why those of the others do not.

    Raises:
        RecipeError: where the file stops at them, or nothing is left to compare.
    """
    found = {one.name: list(_broken(file, one, zoo)) for one in file.candidates}
    broken = {name: problems for name, problems in found.items() if problems}
    reference = file.fields.compared_with
    sound = [one for one in file.candidates if one.name not in broken]
    if broken and (file.fields.impossible == "stop" or reference in broken):
        problems = list(told_once(broken, len(found)))
        if file.fields.impossible == "list":
            told = f"the reference {reference} is impossible, so nothing can be set against it"
            problems.append(_at(file, ("reference",), told))
        raise file.error(problems)
    reasons = {
        name: "; ".join(f"{p.key}: {p.message}" if p.key else p.message for p in problems)
        for name, problems in broken.items()
    }
    return sound, reasons


def _broken(file: AblationFile, one: Candidate, zoo: Zoo) -> Iterator[Problem]:
    """The broken contracts of a variant: its recipe's, and those of how it is scored."""
    wired = WiredRecipe(one.recipe, zoo)
    try:
        contracts(wired, one.source, zoo)
    except RecipeError as error:
        yield from error.problems
    score, recipe = file.fields.score, one.recipe
    kept = ["latest", *(spec.keeps for spec in recipe.callbacks.values() if spec.keeps)]
    kept += ["best"] if recipe.validation and recipe.validation.best else []
    if score.weights is not None and score.weights not in kept:
        told = f"no run keeps weights '{score.weights}'; use {' or '.join(kept)}"
        yield _at(file, ("score", "weights"), told)
    if not recipe.data.paired:
        told = f"{recipe.data.name} pairs no picture with a target, so nothing can be scored"
        yield _at(file, ("score",), told)
        return
    try:
        last = wired.phase(list(recipe.phases)[-1])
        maps = last.recipe.data.maps(last.phase.size)
    except (ContractError, ValidationError):
        return  # the recipe's contracts say so
    for name, spec in score.metrics.items():
        try:
            refuse_unscorable(spec, maps)
        except ContractError as error:
            broken = broken_contract(("score", "metrics", name), error)
            yield _at(file, broken.keys, broken.message)


def _fit(
    file: AblationFile, sound: list[Candidate], seconds: Mapping[str, float] | None, zoo: Zoo
) -> list[tuple[Candidate, Source, Recipe]]:
    """The variants with their budget.

    Raises:
        RecipeError: the budget is too small for the phases.
        UserError: what the data lacks whose samples must be counted.
    """
    budget, found, absent, made = file.fields.budget, {}, [], []
    counted = Samples()
    for one in sound:
        source = one.source
        unit, total = _length(budget, None if seconds is None else seconds[one.name])
        if total is not None:
            place = file.source.place(("budget", unit)) or file.source.place(("budget",))
            try:
                course = Course(one.recipe.phases, counted.of(one.recipe, zoo))
                source = fit_source(source, course, unit, total, place)
            except Absent as error:
                absent += error.lines
                continue
            except UserError as error:
                found[one.name] = [_at(file, ("budget",), str(error))]
                continue
        recipe = one.recipe if source is one.source else parse(Recipe, source, zoo)
        made.append((one, source, recipe))
    if found:
        raise file.error(told_once(found, len(sound)))
    if absent:
        raise UserError("\n".join(dict.fromkeys(absent)))
    return made


def _length(budget: Budget | None, seconds: float | None) -> tuple[str, int | None]:
    """The unit of a budget and how many; None where nothing is to be fitted."""
    if budget is None:
        return "", None
    if budget.minutes is not None:
        return "steps", None if seconds is None else max(1, int(60 * budget.minutes / seconds))
    return ("epochs", budget.epochs) if budget.epochs else ("steps", budget.steps)


def _refuse_twins(file: AblationFile, variants: tuple[Variant, ...]) -> None:
    """Refuse two variants that would be one and the same run.

    Raises:
        RecipeError: names them.
    """
    found = []
    for index, one in enumerate(variants):
        for other in variants[:index]:
            if other.wired.recipe == one.wired.recipe:
                keys = ("grid",) if one.factors else ("vary", one.name)
                told = f"{one.name} is the same recipe as {other.name}; leave one of them out"
                found.append(_at(file, keys, told))
                break
    if found:
        raise file.error(found)


def _at(file: AblationFile, keys: Keys, told: str) -> Problem:
    return Problem(keys, told, file.source.place(keys))
