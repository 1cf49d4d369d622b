"""The fields of a recipe: what each section may say, and what holds between them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, ClassVar, Literal, Self

from pydantic import (
    BaseModel,
    Field,
    PositiveInt,
    ValidationError,
    model_validator,
)
from pydantic_core import PydanticCustomError

from gan_zoo.components.conditions import ConditionSpec
from gan_zoo.components.data import DataSpec
from gan_zoo.components.learning import InitSpec, LossSpec, MethodSpec, OptimizerSpec
from gan_zoo.components.networks import DiscriminatorSpec, GeneratorSpec
from gan_zoo.components.spec import Size, Spec
from gan_zoo.components.watching import CallbackSpec, MetricSpec
from gan_zoo.recipe.engine_words import Engine
from gan_zoo.recipe.section import Name, Names, Section

LEARNED = "train"  # the split that a run learns from


class Schedule(Section):
    """Learning rate of epoch e, from 1 within its phase: lr * (1 - max(0, e - hold) / fall)."""

    hold: int | float = Field(ge=0)
    """Epochs at the full rate."""
    fall: int | float = Field(gt=0)
    """Epochs until the rate would be zero."""

    def factor(self, epoch: int) -> float:
        """What the learning rate is multiplied with in an epoch; never below zero."""
        return max(0.0, 1.0 - max(0, epoch - self.hold) / self.fall)


class Phase(Section):
    """A stretch of training: how long, at which size, who plays and who learns."""

    epochs: PositiveInt | None = None
    """Passes over the data; either this or `steps`."""
    steps: PositiveInt | None = None
    """Training steps; either this or `epochs`."""
    size: Size | None = None
    """[height, width] of every sample, in place of the data's own size rule."""
    play: str = "generator"
    """The part that makes the picture: the generator, or a part of it with a head of its own."""
    train: Names | None = None
    """Paths of the parts that learn; everything that plays if absent."""
    start: dict[str, Literal["carried", "fresh"]] = Field({})
    """Player -> optimizer state at the phase's start; carried if absent."""
    set: dict[str, Any] = Field({})
    """Values that hold in this phase only, by path."""
    schedule: Schedule | None = None
    """How the learning rate falls; constant if absent."""

    @model_validator(mode="after")
    def _one_length(self) -> Self:
        if (self.epochs is None) == (self.steps is None):
            if self.epochs is None:
                raise ValueError("its length is missing; write epochs: N or steps: N")
            raise ValueError("epochs and steps are two lengths of one phase; keep one of them")
        return self


class Inference(Section):
    """How a trained model makes pictures; previews, validation and translation obey it."""

    earlier: ClassVar[Mapping[str, Any]] = {"styles": "usual"}

    dropout: bool = False
    """Keep dropout on, seeded by each input."""
    norm: Literal["running", "picture"] = "running"
    """Batch norm's statistics: the learned ones, or each picture's own."""
    styles: Literal["own", "usual"] = "own"
    """Of models whose instances have features, where a target is known (previews, validation,
    evaluation): each instance's own style, of that target, or what a translation takes of itself,
    the mean of the class once styles are gathered."""
    weights: str = "latest"
    """Which of the weights that the run keeps: latest, best (by validation), or those of a callback
    that keeps its own, as average."""


class EarlyStop(Section):
    """Ends a phase that gets no better; the next one begins."""

    metric: str
    """The score that is watched: METRIC, or METRIC.FIELD of one with several numbers."""
    patience: PositiveInt
    """Scores in a row without a new best, after which the phase ends."""


class Validation(Section):
    """Scores during training."""

    split: str = "val"
    """The split that is scored."""
    every: PositiveInt = 1
    """Epochs between two scores; the end of every phase is always scored."""
    metrics: dict[Name, MetricSpec]
    """What is measured, by name."""
    best: str | None = None
    """The score that picks weights/best, among those of the last phase that has any: METRIC, or
    METRIC.FIELD of one with several numbers."""
    early_stop: EarlyStop | None = None
    """Ends a phase whose score gets no better; none does if absent."""

    @model_validator(mode="after")
    def _named_is_measured(self) -> Self:
        known = self.scores()
        stop = self.early_stop.metric if self.early_stop else None
        for word, name in (("best", self.best), ("early_stop.metric", stop)):
            if name is not None and name not in known:
                told = f"{word} is '{name}', which is not measured"
                raise ValueError(f"{told}; name {' or '.join(known) or 'a metric first'}")
        return self

    def scores(self) -> dict[str, MetricSpec]:
        """METRIC, or METRIC.FIELD of those with several numbers -> whose it is."""
        specs = self.metrics.items()
        return {one: spec for name, spec in specs for one in spec.names(name)}


class RecipeFields(Section):
    """What one run is made of."""

    knows = "a recipe knows extends,"
    patchable: ClassVar[frozenset[str]] = frozenset({"data", "engine"})  # whole, by a phase's set

    seed: int = Field(0, ge=0, lt=2**32)
    """Every random draw of the run follows from it."""
    data: DataSpec
    """Where the samples come from."""
    conditions: dict[Name, ConditionSpec] = Field(min_length=1)
    """What the networks are shown, concatenated in this order."""
    method: MethodSpec
    """Which networks exist and who takes a turn in which order."""
    generator: GeneratorSpec
    """Makes the picture."""
    discriminator: DiscriminatorSpec | None = None
    """Judges it; a recipe of plain reconstruction has none."""
    init: InitSpec | None = None
    """First weights; the framework's own if absent."""
    losses: dict[Name, LossSpec] = Field(min_length=1)
    """What the players learn from, by name."""
    optimizers: dict[Name, OptimizerSpec]
    """How each player steps."""
    phases: dict[Name, Phase] = Field({"main": Phase(epochs=200)}, min_length=1)
    """Stretches of training, in this order."""
    inference: Inference = Inference()
    """How the trained model makes pictures."""
    validation: Validation | None = None
    """Scores during training; none if absent."""
    callbacks: dict[Name, CallbackSpec] = Field({})
    """What watches the run, by name."""
    engine: Engine = Engine()
    """How the numbers are computed and kept."""

    @model_validator(mode="after")
    def _weights_are_kept(self) -> Self:
        asked = self.inference.weights
        keeping = {name: spec.keeps for name, spec in self.callbacks.items() if spec.keeps}
        by_callbacks = list(keeping.values())
        for kept in by_callbacks:
            if len(both := [name for name, one in keeping.items() if one == kept]) > 1:
                told = f"{' and '.join(both)} would both write weights/{kept}; keep one of them"
                wrong = PydanticCustomError("keeps", "{told}", {"told": told})
                raise ValidationError.from_exception_data(
                    "Recipe", [{"type": wrong, "loc": ("callbacks", both[-1]), "input": kept}]
                )
        if asked == "latest" or asked in by_callbacks:
            return self
        if asked != "best":
            kept = " or ".join(["latest", "best", *by_callbacks])
            told = f"no callback keeps weights '{asked}'; add one that does, or use {kept}"
        elif self.validation and self.validation.best:
            return self
        else:
            told = "weights/best is kept only where validation picks it; "
            told += "name a metric in validation.best, or use weights: latest"
        wrong = PydanticCustomError("weights", "{told}", {"told": told})
        place = ("inference", "weights")
        raise ValidationError.from_exception_data(
            "Recipe", [{"type": wrong, "loc": place, "input": asked}]
        )

    @property
    def per_translation(self) -> frozenset[str]:
        """The paths that a trained run can still change: they say how pictures are made."""
        options = [f"inference.{option}" for option in type(self.inference).model_fields]
        options += [f"method.{option}" for option in type(self.method).per_translation]
        return frozenset(options)

    def splits(self) -> dict[str, list[str]]:
        """Split of the data that a run reads -> who looks at it; the one to learn from is first."""
        found: dict[str, list[str]] = {LEARNED: []}
        if self.validation:
            found.setdefault(self.validation.split, []).append("validation")
        for name, callback in self.callbacks.items():
            for split in callback.splits():
                found.setdefault(split, []).append(f"callbacks.{name}")
        return found

    def components(self) -> dict[str, Spec]:
        """Path -> spec of every component of the recipe, with those inside others."""
        named: dict[str, Spec] = {
            key: getattr(self, key) for key in ("data", "method", "generator")
        }
        named |= {key: spec for key in ("discriminator", "init") if (spec := getattr(self, key))}
        for section in ("conditions", "losses", "optimizers", "callbacks"):
            named |= {f"{section}.{key}": spec for key, spec in getattr(self, section).items()}
        if self.validation:
            named |= {f"validation.metrics.{k}": s for k, s in self.validation.metrics.items()}
        return dict(found for path, spec in named.items() for found in _specs(path, spec))


def _specs(path: str, value: Any) -> Iterator[tuple[str, Spec]]:
    """The components in a value, each with its path."""
    if isinstance(value, Spec):
        yield path, value
    pairs: Any = ()
    if isinstance(value, BaseModel):
        pairs = value
    elif isinstance(value, Mapping):
        pairs = value.items()
    elif isinstance(value, list | tuple):
        pairs = enumerate(value)
    for key, inner in pairs:
        yield from _specs(f"{path}.{key}", inner)
