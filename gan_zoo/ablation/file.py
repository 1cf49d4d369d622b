"""The file of an ablation: which recipe, what is varied, how long, how it is scored. No torch."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Annotated, Any, ClassVar, Literal, Self

from pydantic import (
    BeforeValidator,
    ConfigDict,
    Field,
    FiniteFloat,
    PositiveInt,
    Strict,
    ValidationError,
    WithJsonSchema,
    model_validator,
)
from pydantic_core import PydanticCustomError

from gan_zoo.ablation.candidates import Candidate, make_candidates
from gan_zoo.ablation.names import mistakes, name_variants
from gan_zoo.components.watching import ExecutorSpec, MetricSpec
from gan_zoo.errors import quoted
from gan_zoo.recipe.model import RecipeFields
from gan_zoo.recipe.problems import Problem, RecipeError
from gan_zoo.recipe.schema import PATCH
from gan_zoo.recipe.section import Name, Section
from gan_zoo.recipe.source import Source, find_file, node_of_change, read_file
from gan_zoo.recipe.tree import Node
from gan_zoo.recipe.validation import parse
from gan_zoo.registry.zoo import Zoo

OWN = {"ablation", "base", "vary", "grid"}  # keys that no recipe has


def _whole(value: Any) -> Any:
    """Refuse a variant of which nothing is said: it may have been forgotten."""
    if value is None:
        raise ValueError("null came, but changes are expected; write {} where nothing changes")
    return value


Patch = Annotated[dict[str, Any], BeforeValidator(_whole), WithJsonSchema({PATCH: True})]
"""Changes to the base, by dotted path or nested, as --set makes them."""


def _distinct(value: Any) -> Any:
    """Refuse a number of seeds, none at all, and one twice."""
    if isinstance(value, int) and not isinstance(value, bool):
        named = quoted(list(range(min(max(value, 1), 10))))
        raise ValueError(f"{value} came, but the seeds themselves are expected, as {named}")
    if isinstance(value, list | tuple):
        if not value:
            raise ValueError("is empty; at least one seed is needed")
        if twice := [seed for i, seed in enumerate(value) if seed in value[:i]]:
            raise ValueError(f"{twice[0]} came twice, which would train the same run again")
    return value


def _as_name(value: Any) -> Any:
    """A variant or a level that is called by a number: YAML takes `reference: 16` for one."""
    return str(value) if isinstance(value, int) and not isinstance(value, bool) else value


Named = Annotated[
    str,
    BeforeValidator(_as_name),
    WithJsonSchema({"anyOf": [{"type": "string"}, {"type": "integer"}]}),
]
Seeds = Annotated[
    tuple[Annotated[int, Field(ge=0, lt=2**32)], ...], Strict(False), BeforeValidator(_distinct)
]


class Budget(Section):
    """How long every variant learns. Phases and their schedules keep their shares of it."""

    steps: PositiveInt | None = None
    """Training steps of a run; one of `steps`, `epochs`, `minutes`."""
    epochs: PositiveInt | None = None
    """Passes over the data, of all phases together."""
    minutes: float | None = Field(None, gt=0)
    """Of training: the seconds of a step are measured first."""

    @model_validator(mode="after")
    def _one(self) -> Self:
        given = [name for name in type(self).model_fields if getattr(self, name) is not None]
        if not given:
            raise ValueError("is empty; write steps: N, epochs: N or minutes: N")
        if len(given) > 1:
            raise ValueError(f"{' and '.join(given)} are two budgets; keep one of them")
        return self


class Score(Section):
    """How a trained run is scored, as `gan-zoo evaluate` does."""

    split: str = "test"
    """The split of the data that is scored."""
    weights: str | None = None
    """Which of the weights that a run keeps; what the recipe's inference says if absent."""
    metrics: dict[Name, MetricSpec] = Field(min_length=1)
    """What is measured, by name: the columns of the table."""


class Published(Section):
    """Numbers of a paper, printed beside ours and never averaged with them."""

    source: str
    """Where they come from: paper, table, data."""
    values: dict[str, FiniteFloat | dict[str, FiniteFloat]] = Field(min_length=1)
    """Variant -> number, or several by the name of their column."""

    def columns(self) -> dict[str, dict[str, float]]:
        """Variant -> column -> number; a number alone stands in the column `published`."""
        return {
            variant: dict(one) if isinstance(one, Mapping) else {"published": one}
            for variant, one in self.values.items()
        }


class AblationFields(Section):
    """What an ablation is made of: one recipe, its variants, and how they are compared."""

    model_config = ConfigDict(title="gan-zoo ablation")
    knows = "an ablation knows"
    foreign: ClassVar[Mapping[str, str]] = {
        "extends": "the recipe that is varied is named by `base`",
        "recipe": "the recipe that is varied is named by `base`",
        "name": "an ablation is called as its file",
        "seed": "seeds are a list: seeds: [0, 1, 2]",
        "repeats": "seeds are a list: seeds: [0, 1, 2]",
        "variants": "variants stand under `vary`",
        "parameters": "what is multiplied stands under `grid`",
        "matrix": "what is multiplied stands under `grid`",
        "sweep": "what is multiplied stands under `grid`",
        "exclude": "what the grid leaves out stands under `leave_out`",
        "steps": "the length stands under `budget: {steps: N}`",
        "epochs": "the length stands under `budget: {epochs: N}`",
        "metrics": "metrics stand under `score: {metrics: {NAME: {use: NAME}}}`",
    }

    ablation: Literal[1]
    """The format of this file."""
    about: str = ""
    """What it asks, in a sentence: the line above its table."""
    base: str
    """The recipe that is varied: a file beside this one, or a shipped recipe's name."""
    set: Patch = Field({})
    """Changes for every variant, by dotted path or nested, as --set makes them."""
    reference: Named | None = None
    """The variant that the others are set against; the one without changes if absent."""
    seeds: Seeds = (0, 1, 2)
    """Every variant is trained once with each of them."""
    budget: Budget | None = None
    """How long every variant learns; as the recipe says if absent."""
    vary: dict[Name, Patch] = Field({})
    """Variants by name, in the order of the table: what each changes. {} changes nothing."""
    grid: dict[Name, dict[Name, Patch]] = Field({})
    """Factor -> level -> what it changes. Every combination is a variant, called LEVEL.LEVEL."""
    leave_out: list[dict[str, Named]] = Field([])
    """Combinations of the grid that are not wanted, each as factor -> level; a factor that is not
    named stands for all of its levels."""
    score: Score
    """How a trained run is scored."""
    impossible: Literal["stop", "list"] = "stop"
    """What becomes of a variant whose contracts do not hold: an error, or a line under the table
    that says why it is left out. A typo is always an error."""
    published: Published | None = None
    """Numbers of a paper, in columns of their own."""
    executor: ExecutorSpec = Field({"use": "local"}, validate_default=True)
    """Where runs are made."""

    @model_validator(mode="after")
    def _names_agree(self) -> Self:
        told = {name: getattr(self, name) for name in ("set", "reference", "vary", "grid")}
        told["leave_out"] = self.leave_out
        told["published"] = self.published.model_dump() if self.published else None
        found = list(mistakes(Node.of(told)))
        if found:
            wrong = [PydanticCustomError("ablation", "{told}", {"told": p.message}) for p in found]
            raise ValidationError.from_exception_data(
                "Ablation",
                [
                    {"type": error, "loc": problem.keys, "input": None}
                    for error, problem in zip(wrong, found, strict=True)
                ],
            )
        return self

    @property
    def compared_with(self) -> str:
        """The variant that the others are set against."""
        return self.reference or next(
            one.name
            for one in name_variants(Node.of({"vary": self.vary, "grid": self.grid}))
            if not one.patches
        )


@dataclass(frozen=True)
class AblationFile:
    """A file of an ablation, read.

    Args:
        path: Of the file.
        name: The file's, without suffix.
        text: As it is written.
        fields: What it says.
        source: Its values with their places.
        candidates: Its variants in the order of the table: of `vary`, then of the grid.
    """

    path: Path
    name: str
    text: str
    fields: AblationFields
    source: Source
    candidates: tuple[Candidate, ...]

    def error(self, problems: Iterable[Problem]) -> RecipeError:
        """All mistakes as one error: those of this file first, then those of its base."""
        return _error(self.source, self.candidates, problems)


def read_ablation(
    file: str | Path, zoo: Zoo | None = None, *, set: Mapping[str, Any] | None = None
) -> AblationFile:
    """Read an ablation by path, or a shipped one by name.

    Args:
        file: Path or name.
        zoo: The components that it may name; the installed ones if absent.
        set: Changes for every variant by dotted path, after the file's own `set`.

    Raises:
        RecipeError: every mistake at once, each with file, line, key and a hint: of the file, of
            its base, and of what its variants say.
    """
    zoo = zoo or Zoo.installed()
    path = find_ablation(file, zoo)
    source = _with_set(read_file(path, "an ablation", "base: quickstart"), set or {})
    keys = source.root.value.keys()
    if not keys & OWN and keys & {"extends", *RecipeFields.model_fields}:
        raise RecipeError([Problem((), _is_recipe(str(file)), source.root.place)])
    found: list[Problem] = []
    fields: AblationFields | None = None
    try:
        fields = parse(AblationFields, source, zoo)
    except RecipeError as error:
        found += error.problems
    found += mistakes(source.root)
    candidates, wrong = make_candidates(source, path.parent, zoo)
    found += wrong
    if found:
        raise _error(source, candidates, {(p.keys, p.message): p for p in found}.values())
    assert fields is not None
    text = path.read_text(encoding="utf-8")
    return AblationFile(path, path.stem, text, fields, source, candidates)


def _error(
    source: Source, candidates: Iterable[Candidate], problems: Iterable[Problem]
) -> RecipeError:
    spoken = [*source.spoken, *(name for one in candidates for name in one.source.spoken)]
    return replace(source, spoken=tuple(dict.fromkeys(spoken))).error(problems)


def find_ablation(file: str | Path, zoo: Zoo) -> Path:
    """The file of an ablation: a path, or a shipped ablation's name.

    Raises:
        RecipeError: there is no such file and no such name.
    """
    shipped = zoo.ablations()
    if str(file) in zoo.recipes() and str(file) not in shipped and not Path(file).is_file():
        raise RecipeError([Problem((), _is_recipe(str(file)))])
    return find_file(file, shipped, zoo, noun="ablation")


def _with_set(source: Source, set: Mapping[str, Any]) -> Source:
    """The file with more in its `set`, each value at the place of who said it."""
    own = source.root.child("set")
    if not set or (own is not None and not isinstance(own.value, dict)):
        return source
    said = {key: node_of_change(key, value) for key, value in set.items()}
    patches = Node({**(own.value if own else {}), **said}, own.place if own else None)
    spoken = tuple(node.place.source for node in said.values() if node.place)
    root = replace(source.root, value={**source.root.value, "set": patches})
    return replace(source, root=root, spoken=(*source.spoken, *spoken))


def _is_recipe(name: str) -> str:
    return (
        f"{name} is a recipe, not an ablation; to train it: gan-zoo run {name}; an ablation names "
        "a recipe as its base, and what changes under vary: gan-zoo list ablations"
    )
