"""A run folder + data + metrics -> scores with their protocol."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from pydantic import ValidationError

from gan_zoo.components.interfaces import Dataset
from gan_zoo.components.watching import MetricSpec
from gan_zoo.errors import DataError, UserError
from gan_zoo.evaluation.baselines import BASELINES, Painter, refuse_unknown
from gan_zoo.inference.translator import Translator
from gan_zoo.registry.zoo import Zoo
from gan_zoo.runs.folder import RunFolder


@dataclass(frozen=True)
class Scores:
    """What was measured, on what, and by which protocol.

    Args:
        data: Which pictures, as the data describes itself.
        model: Which weights made the translations, and how.
        split: The split of the data.
        pictures: How many.
        size: [height, width] that the recipe's size rule made of them; None where they differ.
        scores: Metric -> score.
        protocols: Metric -> how it is computed.
        baseline: Its name -> metric -> its score, if asked for.
    """

    data: str
    model: str
    split: str
    pictures: int
    size: tuple[int, int] | None
    scores: dict[str, float]
    protocols: dict[str, str]
    baseline: dict[str, dict[str, float]] | None = None


def evaluate(
    run: str | Path | RunFolder,
    *,
    data: str | Path | None = None,
    split: str = "test",
    metrics: list[str] | None = None,
    baseline: str | None = None,
    weights: str | None = None,
    device: str = "auto",
) -> Scores:
    """Score 8-bit translations on a split of the run's data, or of other data in the same layout:
    the samples at the recipe's size rule; `translate` keeps each picture's own size.

    Args:
        run: The run's folder.
        data: Another root for the data.
        split: Which split.
        metrics: Names of registered metrics; those of the recipe's validation if absent, or where
            it has none those that are scored unasked, as l1 and psnr.
        baseline: Also score what takes no learning: `median` or `classes` of
            gan_zoo.evaluation.baselines.
        weights: latest or best; what the recipe says if absent.
        device: As in the recipe's engine section.

    Raises:
        UserError: no run, no such metric or baseline, data that is not what the recipe says, or
            whose pictures have no targets of their own.
    """
    refuse_unknown(baseline)
    translator = Translator.load(run, device=device, weights=weights)
    recipe = translator.recipe
    if not recipe.data.paired:
        raise UserError(
            f"{recipe.data.name} pairs no picture with the target that its translation should be, "
            "so no metric has anything to compare; look at previews, or translate"
        )
    specs = _metrics(recipe.validation.metrics if recipe.validation else {}, metrics)
    source = recipe.data
    if data is not None:
        if "root" not in type(source).model_fields:
            raise UserError(f"data: {source.name} has no root that could be changed")
        source = source.model_copy(update={"root": str(data)})
    size = recipe.phases[translator.phase].size
    dataset = source.open(split, size)
    sizes: set[tuple[int, int]] = set()
    scores = score(translator, dataset, specs, sizes=sizes)
    reference = None
    if baseline is not None:
        painter = BASELINES[baseline](source.open("train", size), source.maps(), translator.target)
        reference = {baseline: score(translator, dataset, specs, instead=painter)}
    protocols = {name: spec.protocol for name, spec in specs.items()}
    told = translator.describe(targets=True) + ("; seed 0" if recipe.inference.dropout else "")
    return Scores(
        data=dataset.describe(),
        model=told,
        split=split,
        pictures=len(dataset),
        size=sizes.pop() if len(sizes) == 1 else None,
        scores=scores,
        protocols=protocols,
        baseline=reference,
    )


def score(
    translator: Translator,
    dataset: Dataset,
    metrics: Mapping[str, MetricSpec],
    instead: Painter | None = None,
    sizes: set[tuple[int, int]] | None = None,
) -> dict[str, float]:
    """Translate every sample and compare the 8-bit pictures with their targets.

    Args:
        translator: Makes the pictures.
        dataset: The samples, read without augmentation.
        metrics: What is measured.
        instead: Makes pictures that stand in for the translations.
        sizes: Takes the (height, width) of the pictures, where given.
    """
    measured = {name: spec.build() for name, spec in metrics.items()}
    for index in range(len(dataset)):
        sample = dataset.read(index, None)
        real = sample.maps[translator.target]
        if instead is None:
            given = {name: sample.maps[name] for name in translator.inputs}
            made = translator.picture(given, style=translator.style_of(sample.maps))
        else:
            made = instead(sample)
        if made.shape != real.shape:
            came = f"{[*real.shape]}, and {[*made.shape]} is compared with it"
            cure = "" if instead is None else "; a median needs pictures of one size"
            raise DataError(f"{sample.files[0]}: its target is {came}{cure}")
        if sizes is not None:
            sizes.add((real.shape[-2], real.shape[-1]))
        for metric in measured.values():
            metric.update(made, real)
    return {name: metric.compute() for name, metric in measured.items()}


def _metrics(
    validation: Mapping[str, MetricSpec], names: list[str] | None
) -> dict[str, MetricSpec]:
    """The metrics by name, ready to be measured.

    Raises:
        UserError: unknown, in need of options, or of something that is not at hand.
    """
    if names is None:
        names = list(validation or _unasked())
    made = {name: validation.get(name) or _of_name(name) for name in names}
    if missing := [f"{name}: {line}" for name, spec in made.items() for line in spec.missing()]:
        raise UserError("\n".join(missing))
    return made


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
