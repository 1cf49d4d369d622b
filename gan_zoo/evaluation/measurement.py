"""One pass over the samples of a split serves all metrics."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import torch
from pydantic_core import to_jsonable_python

from gan_zoo.components.data import DataSpec
from gan_zoo.components.interfaces import Dataset, Sample
from gan_zoo.components.measuring import Metric, MetricContext
from gan_zoo.components.pictures import as_8bit
from gan_zoo.components.user_cache import VARIABLE, cache_folder
from gan_zoo.components.watching import MetricSpec
from gan_zoo.engine.precision import generator_states, restore_generators
from gan_zoo.errors import DataError, UserError, add_note_on_error
from gan_zoo.evaluation.baselines import Painter
from gan_zoo.evaluation.score_files import Score, Scores
from gan_zoo.inference.translator import Translator
from gan_zoo.recipe.wired import WiredPhase
from gan_zoo.registry.zoo import Zoo
from gan_zoo.reporter import progress
from gan_zoo.runs.tensor_files import as_bytes

BITS = 8  # of the pictures that are compared


@dataclass
class Measured:
    """What a pass over a split gave.

    Args:
        digest: Of the names and all maps of the samples, as they were compared.
        names: Of the samples.
        size: (height, width) of the pictures; None where they differ.
        scores: METRIC or METRIC.FIELD -> score.
    """

    digest: str
    names: tuple[str, ...]
    size: tuple[int, int] | None
    scores: dict[str, Score] = field(default_factory=dict)


def describe_context(
    phase: WiredPhase,
    translator: Translator | None,
    device: str,
    say: Callable[[str], None],
    *,
    split: str,
    data: DataSpec | None = None,
    cache: Path | None = None,
) -> MetricContext:
    """What metrics may know of a phase of a run.

    Args:
        phase: Its data and size are scored.
        translator: Makes the pictures, where they are made already.
        device: Where metrics may compute.
        say: Tells the user a line.
        split: The one that is scored.
        data: Is scored in place of the run's own.
        cache: Where metrics keep what takes long to make; this user's cache if absent.
    """
    return MetricContext(
        data=data or phase.recipe.data,
        learned=phase.recipe.data,
        size=phase.phase.size,
        split=split,
        target=phase.wiring.target,
        pictures=translator,
        cache=cache or cache_folder(),
        device=device,
        seed=phase.recipe.seed,
        say=say,
        progress=progress,
    )


def build_metrics(metrics: Mapping[str, MetricSpec], at: MetricContext) -> dict[str, Metric]:
    """Fresh accumulators by name. The program's generators stay as they are.

    Raises:
        UserError: the split has too few pictures for a metric, what a metric keeps cannot be
            written, or its data cannot be read.
    """
    if any(spec.of_sets for spec in metrics.values()):
        count = len(at.dataset(at.split))
        for spec in metrics.values():
            spec.require(count)
    with own_draws(at.device):
        return {name: _build(name, spec, at) for name, spec in metrics.items()}


def measure(
    translator: Translator,
    dataset: Dataset,
    metrics: Mapping[str, MetricSpec],
    at: MetricContext,
    *,
    instead: Painter | None = None,
) -> Measured:
    """Translate every sample and compare the 8-bit pictures with their targets. The program's
    generators stay as they are.

    Args:
        translator: Makes the pictures.
        dataset: The samples, read without augmentation.
        metrics: What is measured, by name.
        at: What metrics may know; its split is that of the samples.
        instead: Makes pictures that stand in for the translations.

    Raises:
        DataError: a picture is not of the size of its target; names the file.
        UserError: a metric cannot measure this; says why.
    """
    built = build_metrics(metrics, at)
    digest, names, sizes = hashlib.sha256(), [], set()
    with own_draws(at.device), progress(len(dataset), f"scoring {at.split}") as advance:
        for index in range(len(dataset)):
            sample = dataset.read(index, None)
            real = as_8bit(sample.maps[translator.target])
            made = instead(sample) if instead else _translation(translator, sample)
            if made.shape != real.shape:
                came = f"{[*real.shape]}, and {[*made.shape]} is compared with it"
                cure = "; a median needs pictures of one size" if instead else ""
                raise DataError(f"{sample.files[0]}: its target is {came}{cure}")
            for name, metric in built.items():
                with add_note_on_error(f"metric {name} took {sample.name}"):
                    metric.update(made, real, sample)
            digest.update(_digest(sample))
            names.append(sample.name)
            sizes.add((real.shape[-2], real.shape[-1]))
            advance()
        found = Measured(
            digest.hexdigest()[:16], tuple(names), sizes.pop() if len(sizes) == 1 else None
        )
        on = {
            "split": at.split,
            "data": found.digest,
            "pictures": len(names),
            "size": found.size and [*found.size],
            "bits": BITS,
            "styles": _styles(translator),
        }
        if not (values := at.data.values(translator.target)).plain:
            on["values"] = f"{values} as {BITS} bits"
        for name, metric in built.items():
            found.scores |= _scores(name, metrics[name], metric, on)
    return found


def describe_scores(
    found: Measured,
    translator: Translator,
    dataset: Dataset,
    *,
    split: str,
    step: int | None,
    weights: str,
) -> Scores:
    """What was measured, with the weights that made the pictures.

    Args:
        found: The measured numbers.
        translator: Made the pictures.
        dataset: Was scored.
        split: Its name.
        step: Of the weights.
        weights: Their name in the run.
    """
    seeded = "; seed 0" if translator.recipe.inference.dropout else ""
    return Scores(
        phase=translator.phase,
        step=step,
        weights=weights,
        split=split,
        styles=translator.describe_styles(targets=True),
        model=translator.describe(targets=True) + seeded,
        data=dataset.describe(),
        digest=found.digest,
        names=found.names,
        size=found.size,
        measured=found.scores,
    )


def _translation(translator: Translator, sample: Sample) -> torch.Tensor:
    given = {name: sample.maps[name] for name in translator.inputs}
    return translator.picture(given, style=translator.style_of(sample.maps))


def _styles(translator: Translator) -> str:
    """Where the styles of the pictures come from, in a word: each instance's `own`, the `usual` of
    its class, `none` of models that could take one; empty for others.
    """
    stylist = translator.stylist
    if len(stylist.id_maps) == 1 and translator.recipe.inference.styles == "own":
        return "own"
    return ("usual" if stylist.gathered else "none") if stylist.id_maps else ""


def _build(name: str, spec: MetricSpec, at: MetricContext) -> Metric:
    try:
        return spec.build(at)
    except OSError as problem:
        told = f"{problem.filename or at.cache}: {problem.strerror or problem}"
        raise UserError(
            f"metric {name}: {told}; ${VARIABLE} names another folder for what metrics keep"
        ) from problem


def _scores(name: str, spec: MetricSpec, metric: Any, on: Mapping[str, Any]) -> dict[str, Score]:
    judge = metric.protocol() if hasattr(metric, "protocol") else None
    protocol = {
        "metric": Zoo.installed().name_of(type(spec)),
        "options": _options(spec),
        "version": spec.version,
        "measures": spec.protocol,
        **on,
        "judge": judge,
    }
    numbers = _by_field(metric.compute())
    values = _by_field(metric.values()) if hasattr(metric, "values") else {}
    beside = metric.beside() if hasattr(metric, "beside") else {}
    if "" in numbers:
        beside = {"": beside}
    found = {}
    for part, value in numbers.items():
        own = values.get(part)
        found[f"{name}.{part}" if part else name] = Score(
            value=float(value),
            lower_is_better=spec.lower_is_better,
            protocol={**protocol, "field": part} if part else protocol,
            values=None if own is None else tuple(map(float, own)),
            beside=dict(beside.get(part, {})),
            ideal=spec.ideal,
        )
    return found


def _options(spec: MetricSpec) -> dict[str, Any]:
    """The options that a metric was given, as plain data; where a file lies says nothing of it."""
    said = {option: value for option, value in spec if option not in spec.files}
    plain: dict[str, Any] = to_jsonable_python(said)
    return plain


def _by_field(numbers: Any) -> Mapping[str, Any]:
    """Field -> of it; a metric of one number has one field, of no name."""
    return numbers if isinstance(numbers, Mapping) else {"": numbers}


def _digest(sample: Sample) -> bytes:
    """Of a sample's name and all its maps."""
    digest = hashlib.sha256(sample.name.encode())
    for name, tensor in sorted(sample.maps.items()):
        digest.update(f"{name} {tensor.dtype} {[*tensor.shape]}".encode())
        digest.update(as_bytes(tensor))
    return digest.digest()


@contextmanager
def own_draws(device: str) -> Iterator[None]:
    """Whatever is drawn in here, the program's generators are afterwards as before: a run gives the
    same weights whatever it is scored by.
    """
    import random

    import numpy as np

    where = torch.device(device)
    drawn, plain, numbers = generator_states(where), random.getstate(), np.random.get_state()
    try:
        yield
    finally:
        restore_generators(drawn, where)
        random.setstate(plain)
        np.random.set_state(numbers)
