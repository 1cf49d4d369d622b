"""Mistakes in a recipe, as people read them: file:line: key: what came, what was expected."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeVar, get_args, get_origin

from pydantic import BaseModel, ValidationError

from gan_zoo.errors import UserError
from gan_zoo.recipe.vocabulary import ELSEWHERE
from gan_zoo.specs import Spec
from gan_zoo.zoo import Zoo, near_misses

if TYPE_CHECKING:
    from pydantic_core import ErrorDetails

    from gan_zoo.recipe.source import Keys, Source

M = TypeVar("M", bound=BaseModel)

EXPECTED = {
    "int": "a whole number",
    "float": "a number",
    "bool": "true or false",
    "string": "text",
    "dict": "a mapping",
    "list": "a list",
    "tuple": "a list",
    "model": "a mapping",
}


@dataclass(frozen=True)
class Place:
    """Where something was written: a file and line, or an argument."""

    source: str
    line: int | None = None

    def __str__(self) -> str:
        return self.source if self.line is None else f"{self.source}:{self.line}"

    def where(self) -> str:
        """As part of a sentence."""
        return f"by {self.source}" if self.line is None else f"in line {self.line}"


@dataclass(frozen=True)
class Problem:
    """One mistake: the key, what is wrong and how to cure it, and where it was written."""

    keys: Keys
    message: str
    place: Place | None = None

    @property
    def key(self) -> str:
        """The dotted path."""
        return ".".join(map(str, self.keys))

    def __str__(self) -> str:
        return ": ".join(str(part) for part in (self.place, self.key, self.message) if part)


class RecipeError(UserError, ValueError):
    """All mistakes of a recipe at once."""

    def __init__(self, problems: Iterable[Problem]) -> None:
        self.problems = list(problems)
        super().__init__("\n".join(map(str, self.problems)))


def parse(model: type[M], source: Source, zoo: Zoo | None = None) -> M:
    """Make the model out of a source.

    Raises:
        RecipeError: every mistake, in the order of the file.
    """
    zoo = zoo or Zoo.installed()
    try:
        return model.model_validate(source.tree, context={"zoo": zoo})
    except ValidationError as error:
        raise RecipeError(problems(model, source, error, zoo)) from None


def problems(
    model: type[BaseModel], source: Source, error: ValidationError, zoo: Zoo
) -> list[Problem]:
    """Pydantic's errors as Problems; alternatives of one value become one sentence."""
    found: dict[tuple[Keys, bool], list[ErrorDetails]] = {}
    for detail in error.errors(include_url=False):
        wanted = detail["type"] in ("missing", "extra_forbidden")
        keys = detail["loc"] if wanted else _known(detail["loc"], source.tree)
        found.setdefault((keys, wanted), []).append(detail)
    made = [
        Problem(keys, _say(model, source, keys, details, zoo), source.place(keys))
        for (keys, _), details in found.items()
    ]
    return sorted(made, key=lambda p: (p.place is None, p.place and (p.place.line or 10**9)))


def _known(loc: Keys, tree: Any) -> Keys:
    """The part of a pydantic location that is a path of the tree; the rest names types."""
    for depth, step in enumerate(loc):
        try:
            tree = tree[step]
        except (KeyError, IndexError, TypeError):
            return loc[:depth]
    return loc


def _say(
    model: type[BaseModel], source: Source, keys: Keys, details: list[ErrorDetails], zoo: Zoo
) -> str:
    detail = details[0]
    match detail["type"]:
        case "extra_forbidden":
            return _unknown_key(model, source, keys, zoo)
        case "missing":
            owner = model_at(model, source.tree, keys[:-1], zoo)
            field = owner.model_fields[str(keys[-1])] if owner else None
            told = f" ({field.description.splitlines()[0]})" if field and field.description else ""
            return f"is missing{told}"
        case "component_use" if (at := source.places.get(keys)) and at.line is None:
            others = [k for k in _at(source.tree, keys[:-1]) if k != keys[-1]]
            return (
                f"there is no such {detail['ctx']['kind']} to change; there are "
                f"{', '.join(others) or 'none'}; a new one says use: NAME"
            )
        case "component" | "component_use" | "component_unknown":
            return _with_foreign_word(detail["msg"], _use_of(detail["input"]))
        case "value_error":
            return str(detail["ctx"]["error"])
    return _wrong_value(details)


def _wrong_value(details: list[ErrorDetails]) -> str:
    """What came and what was expected, over all the alternatives that a field allows."""
    came, expected = details[0]["input"], []
    choices: list[str] = []
    for detail in details:
        context = detail.get("ctx", {})
        if detail["type"] == "literal_error":
            choices += str(context["expected"]).replace("'", "").replace(" or ", ", ").split(", ")
        elif detail["type"].rpartition("_")[2] == "type" or detail["type"] == "int_from_float":
            expected.append(EXPECTED.get(detail["type"].partition("_")[0], detail["msg"]))
        else:
            expected.append(detail["msg"].removeprefix("Input should be ").lower())
    if choices:
        expected.insert(0, "one of " + ", ".join(choices) if len(choices) > 1 else choices[0])
    said = f"{_value(came)} came, expected {' or '.join(dict.fromkeys(expected))}"
    if near := near_misses(str(came), choices):
        return f"{said}; did you mean {near[0]}?"
    return _with_foreign_word(said, str(came))


def _unknown_key(model: type[BaseModel], source: Source, keys: Keys, zoo: Zoo) -> str:
    owner = model_at(model, source.tree, keys[:-1], zoo)
    key, known = str(keys[-1]), list(owner.model_fields) if owner else []
    if key in ELSEWHERE:
        return f"unknown key; {ELSEWHERE[key]}"
    said = "unknown key"
    if near := near_misses(key, known):
        return f"{said}; did you mean {' or '.join(near)}?"
    whose = f"{zoo.name_of(owner)} knows" if owner and issubclass(owner, Spec) else "known are"
    return f"{said}; {whose} {', '.join(known) or 'no options'}"


def _with_foreign_word(message: str, word: str) -> str:
    return f"{message}; {ELSEWHERE[word]}" if word in ELSEWHERE else message


def model_at(
    model: type[BaseModel], tree: Any, keys: Keys, zoo: Zoo | None
) -> type[BaseModel] | None:
    """The model that stands at a path of the recipe, components looked up by their `use`."""
    here: Any = model
    for key in keys:
        if isinstance(here, type) and issubclass(here, BaseModel):
            field = here.model_fields.get(str(key))
            here = field.annotation if field else None
        elif get_origin(here) is dict:
            here = get_args(here)[1]
        else:
            return None
        tree = tree.get(key) if isinstance(tree, Mapping) else None
        options = [
            a for a in (here, *get_args(here)) if isinstance(a, type) and a is not type(None)
        ]
        if get_origin(here) is not dict:
            here = next((a for a in options if issubclass(a, BaseModel)), None)
        if isinstance(here, type) and issubclass(here, Spec) and here.kind and not here.name:
            try:
                here = (zoo or Zoo.installed()).get(here.kind, _use_of(tree))
            except UserError:
                return None
    return here if isinstance(here, type) and issubclass(here, BaseModel) else None


def _use_of(value: Any) -> str:
    return str(value.get("use", "")) if isinstance(value, Mapping) else str(value)


def _at(tree: Any, keys: Keys) -> Any:
    for key in keys:
        tree = tree[key]
    return tree


def _value(value: Any) -> str:
    if isinstance(value, Mapping):
        return "a mapping"
    if isinstance(value, list | tuple):
        return f"[{', '.join(map(_value, value))}]"
    return f"'{value}'" if isinstance(value, str) else str(value).lower()
