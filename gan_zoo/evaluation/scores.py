"""A run folder + data + metrics -> scores with their protocol."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

from pydantic import ValidationError

from gan_zoo.checks.score_contracts import refuse_unscorable
from gan_zoo.components.at_hand import read_once
from gan_zoo.components.data import move_data
from gan_zoo.components.shapes import Image
from gan_zoo.components.watching import MetricSpec
from gan_zoo.errors import ContractError, UserError
from gan_zoo.evaluation.baselines import BASELINES, refuse_unknown
from gan_zoo.evaluation.measurement import (
    Measured,
    describe_context,
    describe_scores,
    measure,
)
from gan_zoo.evaluation.score_files import Scores, write_scores
from gan_zoo.inference.translator import Translator
from gan_zoo.recipe.wired import WiredPhase
from gan_zoo.registry.zoo import Zoo
from gan_zoo.reporter import Reporter
from gan_zoo.runs.folder import RunFolder


@read_once()
def evaluate(
    run: str | Path | RunFolder,
    *,
    data: str | Path | None = None,
    split: str = "test",
    metrics: list[str] | Mapping[str, MetricSpec] | None = None,
    baseline: str | None = None,
    weights: str | None = None,
    device: str = "auto",
    fetch: bool = False,
    cache: Path | None = None,
    reporter: Reporter | None = None,
) -> Scores:
    """Score 8-bit translations on a split of the run's data, or of other data in the same layout:
    the samples at the recipe's size rule; `translate` keeps each picture's own size. The run keeps
    them in scores/.

    Args:
        run: The run's folder; or whatever else `gan_zoo.load` takes, which keeps no scores.
        data: Another root for the data.
        split: Which split.
        metrics: Names of registered metrics, or metrics themselves by names of your own, as in a
            recipe's validation; those of the recipe's validation if absent, or where it has none
            those that are scored unasked, as l1 and psnr.
        baseline: Also score what takes no learning: `median` or `classes` of
            gan_zoo.evaluation.baselines.
        weights: latest or best; what the recipe says if absent.
        device: As in the recipe's engine section.
        fetch: Fetch published weights that the metrics lack. Nothing is fetched otherwise.
        cache: Where metrics keep what takes long to make; this user's cache if absent.
        reporter: Told what takes long, as the training of a judge.

    Raises:
        UserError: no run, no such metric or baseline, data that is not what the recipe says, or
            whose pictures have no targets of their own.
    """
    refuse_unknown(baseline)
    reporter = reporter or Reporter(quiet=True)
    translator = Translator.load(run, device=device, weights=weights)
    recipe, folder = translator.recipe, translator.stylist.run
    assert folder is not None
    if not recipe.data.paired:
        raise UserError(
            f"{recipe.data.name} pairs no picture with the target that its translation should be, "
            "so no metric has anything to compare; look at previews, or translate"
        )
    specs = _metrics(recipe.validation.metrics if recipe.validation else {}, metrics, fetch=fetch)
    moved = None if data is None else move_data(recipe.data, data)
    phase = WiredPhase(translator.phase, recipe)
    where = str(translator.cast.precision.device)
    at = describe_context(
        phase, translator, where, reporter.say, split=split, data=moved, cache=cache
    )
    _refuse_unscorable(specs, at.maps)
    dataset = at.dataset(split)
    found = measure(translator, dataset, specs, at)
    beside: dict[str, Measured] = {}
    if baseline is not None:
        painter = BASELINES[baseline](at.dataset("train"), recipe.data.maps(), translator.target)
        comparing = {name: spec for name, spec in specs.items() if spec.compares}
        beside[baseline] = measure(translator, dataset, comparing, at, instead=painter)
    weights, step = translator.weights, folder.weights_step(translator.weights)
    scores = replace(
        describe_scores(found, translator, dataset, split=split, step=step, weights=weights),
        baseline={name: measured.scores for name, measured in beside.items()},
    )
    _keep(folder, scores, reporter, elsewhere=data is not None)
    return scores


def _keep(folder: RunFolder, scores: Scores, reporter: Reporter, *, elsewhere: bool) -> None:
    """Write the scores into the run. A run that cannot be written to is scored all the same."""
    if folder.shared:
        reporter.say(f"The scores are not kept: {folder.shared.name} is not written to")
        return
    try:
        write_scores(folder.path, scores, elsewhere=elsewhere)
    except OSError as problem:
        reporter.say(f"The scores were not kept: {problem.strerror or problem}")


def _metrics(
    validation: Mapping[str, MetricSpec],
    asked: list[str] | Mapping[str, MetricSpec] | None,
    *,
    fetch: bool,
) -> dict[str, MetricSpec]:
    """The metrics by name, ready to be measured.

    Raises:
        UserError: unknown, in need of options, or of something that is not at hand and could not be
            fetched.
    """
    if isinstance(asked, Mapping):
        made = dict(asked)
    else:
        names = list(validation or _unasked()) if asked is None else asked
        made = {name: validation.get(name) or _of_name(name) for name in names}
    for spec in made.values() if fetch else ():
        spec.fetch()
    if missing := [f"{name}: {line}" for name, spec in made.items() for line in spec.missing()]:
        raise UserError("\n".join(missing))
    return made


def _refuse_unscorable(metrics: Mapping[str, MetricSpec], maps: Mapping[str, Image]) -> None:
    """Refuse metrics that need what the data does not have, all at once.

    Raises:
        UserError: names them.
    """
    wrong = []
    for name, spec in metrics.items():
        try:
            refuse_unscorable(spec, maps)
        except ContractError as problem:
            wrong.append(f"metric {name}: {problem}")
    if wrong:
        raise UserError("\n".join(wrong))


def _unasked() -> list[str]:
    """The metrics that are scored where neither the caller nor the recipe names any."""
    claimed = {name: claims[0].spec for name, claims in Zoo.installed().claims("metric").items()}
    return [n for n, spec in claimed.items() if issubclass(spec, MetricSpec) and spec.unasked]


def _of_name(name: str) -> MetricSpec:
    spec = Zoo.installed().get("metric", name)
    try:
        made = spec()
    except ValidationError as problem:
        wanted = ", ".join(str(detail["loc"][0]) for detail in problem.errors() if detail["loc"])
        raise UserError(
            f"metric {name} needs the options {wanted}; say them in the recipe's validation.metrics"
        ) from None
    assert isinstance(made, MetricSpec)
    return made
