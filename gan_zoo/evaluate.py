"""A run folder + data + metrics -> scores with their protocol."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor

from gan_zoo.errors import DataError, UserError
from gan_zoo.protocols import Dataset
from gan_zoo.specs import MetricSpec
from gan_zoo.translate import Translator
from gan_zoo.zoo import Zoo

TARGET = "target"


@dataclass(frozen=True)
class Scores:
    """What was measured, on what, and by which protocol."""

    data: str
    pictures: int
    scores: dict[str, float]
    protocols: dict[str, str]
    baseline: dict[str, float] | None = None


def evaluate(
    run: str | Path,
    *,
    data: str | Path | None = None,
    split: str = "test",
    metrics: list[str] | None = None,
    median_baseline: bool = False,
    device: str = "auto",
) -> Scores:
    """Score a run on a split of its data, or of other data in the same layout.

    Args:
        run: The run's folder.
        data: Another root for the data.
        split: Which split.
        metrics: Names of registered metrics; those of the recipe's validation, or all, if absent.
        median_baseline: Also score one picture, the per-pixel median of the training targets.
        device: As in the recipe's engine section.

    Raises:
        UserError: no run, no such metric, or data that is not what the recipe says.
    """
    translator = Translator.load(run, device=device)
    recipe = translator.recipe
    if data is not None:
        if "root" not in type(recipe.data).model_fields:
            raise UserError(f"data: {recipe.data.name} has no root that --data could change")
        recipe = recipe.model_copy(
            update={"data": recipe.data.model_copy(update={"root": str(data)})}
        )
    size = list(recipe.phases.values())[-1].size
    specs = _metrics(recipe.validation.metrics if recipe.validation else {}, metrics)
    dataset = recipe.data.open(split, size)
    scores = score(translator, dataset, specs)
    reference = None
    if median_baseline:
        picture = median(recipe.data.open("train", size))
        reference = score(translator, dataset, specs, instead=picture)
    protocols = {name: spec.protocol for name, spec in specs.items()}
    return Scores(dataset.describe(), len(dataset), scores, protocols, reference)


def score(
    translator: Translator,
    dataset: Dataset,
    metrics: Mapping[str, MetricSpec],
    instead: Tensor | None = None,
) -> dict[str, float]:
    """Translate every sample and compare the 8-bit pictures with their targets.

    Args:
        translator: Makes the pictures.
        dataset: The samples, read without augmentation.
        metrics: What is measured.
        instead: One picture that stands in for all translations.
    """
    measured = {name: spec.build() for name, spec in metrics.items()}
    for index in range(len(dataset)):
        sample = dataset.read(index, None)
        inputs = {name: sample.maps[name] for name in translator.inputs}
        made = translator.picture(inputs) if instead is None else instead
        real = sample.maps[TARGET]
        if made.shape != real.shape:
            raise DataError(
                f"{sample.files[0]}: its target is {[*real.shape]}, the picture to compare "
                f"{[*made.shape]}; a median needs pictures of one size"
            )
        for metric in measured.values():
            metric.update(made, real)
    return {name: metric.compute() for name, metric in measured.items()}


def median(dataset: Dataset) -> Tensor:
    """The per-pixel median of all targets, uint8 `D H W`: the best constant picture for L1."""
    targets: list[Any] = []
    for index in range(len(dataset)):
        sample = dataset.read(index, None)
        target = sample.maps[TARGET].numpy()
        if targets and target.shape != targets[0].shape:
            raise DataError(
                f"{sample.files[0]}: {[*target.shape]}, others are {[*targets[0].shape]}; "
                "a median needs pictures of one size"
            )
        targets.append(target)
    return torch.from_numpy(np.median(np.stack(targets), axis=0).round().astype(np.uint8))


def _metrics(
    validation: Mapping[str, MetricSpec], names: list[str] | None
) -> dict[str, MetricSpec]:
    if names is None and validation:
        return dict(validation)
    zoo = Zoo.installed()
    chosen = names if names is not None else list(zoo.claims("metric"))
    made = {}
    for name in chosen:
        spec = validation.get(name) or zoo.get("metric", name)()
        if not isinstance(spec, MetricSpec):
            raise TypeError(f"{name} is no metric")
        made[name] = spec
    return made
