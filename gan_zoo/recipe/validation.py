"""Pydantic's findings as people read them: all mistakes of a recipe, each with place and cure."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, TypeVar, get_args

from pydantic import BaseModel, ValidationError
from pydantic_core import core_schema

from gan_zoo.components.spec import Spec
from gan_zoo.errors import near_misses, quoted
from gan_zoo.recipe.field_types import (
    SIZE,
    alternatives,
    annotation_at,
    choices,
    describe_type,
    is_kind,
    item_at,
    model_at,
    names_at,
)
from gan_zoo.recipe.foreign_words import ELSEWHERE
from gan_zoo.recipe.problems import Keys, Place, Problem, RecipeError
from gan_zoo.recipe.section import Section
from gan_zoo.registry.option_docs import option_docs
from gan_zoo.registry.zoo import Zoo

if TYPE_CHECKING:
    from pydantic_core import ErrorDetails

    from gan_zoo.recipe.source import Source

__all__ = ["Place", "Problem", "RecipeError", "parse", "problems"]

M = TypeVar("M", bound=BaseModel)

NUMBER = re.compile(r"[-+]?\d+(\.\d*)?([eE][-+]?\d+)?")
YES, NO = {"yes", "y", "on", "true"}, {"no", "n", "off", "false"}
BUILTIN = frozenset(get_args(core_schema.ErrorType))  # what pydantic says, and not a component


def parse(model: type[M], source: Source, zoo: Zoo | None = None) -> M:
    """Make the model out of a source.

    Raises:
        RecipeError: every mistake of the text and of the values.
    """
    zoo = zoo or Zoo.installed()
    found = list(source.problems)
    try:
        made = model.model_validate(source.tree, context={"zoo": zoo})
    except ValidationError as error:
        told = [problem.keys for problem in found]
        found += [p for p in problems(model, source, error, zoo) if p.keys not in told]
    if found:
        raise source.error(found)
    return made


def problems(
    model: type[BaseModel], source: Source, error: ValidationError, zoo: Zoo
) -> list[Problem]:
    """Pydantic's errors as problems; the alternatives of one value become one sentence."""
    found: dict[Keys, list[ErrorDetails]] = {}
    for detail in error.errors(include_url=False):
        found.setdefault(_keys(detail, source.tree), []).append(detail)
    speaker = _Speaker(model, source, zoo)
    return [
        Problem(keys, speaker.sentence(keys, details), source.place(keys))
        for keys, details in found.items()
    ]


def _keys(detail: ErrorDetails, tree: Any) -> Keys:
    """The path of an error in the tree; pydantic's location goes on with the names of types."""
    loc = detail["loc"]
    if detail["type"] == "missing" and isinstance(loc[-1], str):
        return (*_known(loc[:-1], tree), loc[-1])
    if detail["type"] == "component_unknown":
        return (*_known(loc, tree), "use")
    return _known(loc, tree)


def _known(loc: Keys, tree: Any) -> Keys:
    known: list[str | int] = []
    for step in loc:
        try:
            tree = tree[step]
        except (KeyError, IndexError, TypeError):
            break
        known.append(step)
    return tuple(known)


class _Speaker:
    """Says what is wrong at a path of one recipe."""

    def __init__(self, model: type[BaseModel], source: Source, zoo: Zoo) -> None:
        self.model, self.tree, self.zoo = model, source.tree, zoo

    def sentence(self, keys: Keys, details: list[ErrorDetails]) -> str:
        """One sentence on all the errors of a value."""
        by_type = {detail["type"]: detail for detail in details}
        if any(detail["loc"][-1:] == ("[key]",) for detail in details):
            return "this cannot be a name; a name is made of letters, digits, _ and -"
        if "extra_forbidden" in by_type:
            return self._unknown_key(keys)
        if "missing" in by_type and isinstance(by_type["missing"]["loc"][-1], str):
            return self._missing(keys)
        if "value_error" in by_type:
            return str(by_type["value_error"]["ctx"]["error"])
        if own := next((d for kind, d in by_type.items() if kind not in BUILTIN), None):
            return self._component(keys, own)
        return self._wrong_value(keys, by_type)

    def _unknown_key(self, keys: Keys) -> str:
        owner, key = self._owner(keys), str(keys[-1])
        section = owner if owner and issubclass(owner, Section) else None
        if hint := {**ELSEWHERE, **(section.foreign if section else {})}.get(key):
            return f"unknown key; {hint}"
        name, colon, value = key.partition(":")
        if colon and value:  # YAML takes it for one word
            return f"unknown key; write a space behind the colon: {name}: {value.strip()}"
        known = list(owner.model_fields) if owner else []
        if owner is None or not issubclass(owner, Spec):
            whose = section.knows if section else Section.knows
        else:
            whose, known = f"{self.zoo.name_of(owner)} knows", ["use", *known]
        if near := near_misses(key, known):
            return f"unknown key; did you mean {' or '.join(near)}?"
        return f"unknown key; {whose} {', '.join(known)}"

    def _missing(self, keys: Keys) -> str:
        owner, key = self._owner(keys), str(keys[-1])
        if owner is None:
            return "is missing"
        field = owner.model_fields[key]
        about = option_docs(owner).get(key, "").partition("\n")[0].rstrip(".")
        told = f"is missing ({about[0].lower()}{about[1:]})" if about else "is missing"
        expected = describe_type(field.annotation, tuple(field.metadata))
        kinds = [t.kind for t in alternatives(field.annotation) if is_kind(t)]
        if kinds:
            expected += f" with NAME one of {', '.join(self.zoo.claims(kinds[0]))}"
        return f"{told}; write {key}: {expected}" if kinds else f"{told}; {expected} is expected"

    def _component(self, keys: Keys, detail: ErrorDetails) -> str:
        """A component's own words, and what else its neighbors suggest."""
        told, came, siblings = detail["msg"], detail["input"], self._siblings(keys)
        if detail["type"] == "component" and came is None and siblings is not None:
            near = near_misses(str(keys[-1]), siblings)
            hint = f"did you mean {near[0]}?" if near else f"there are {_listed(siblings)}"
            return f"there is nothing of that name to remove; {hint}"
        if detail["type"] == "component_use" and siblings and not told.endswith("?"):
            return f"{told}, or change one that is there: {', '.join(siblings)}"
        word = came.get("use") if isinstance(came, dict) else came
        if elsewhere := _elsewhere(word):
            return f"{told.partition(';')[0]}{elsewhere}"
        return told

    def _wrong_value(self, keys: Keys, by_type: dict[str, ErrorDetails]) -> str:
        came = item_at(self.tree, keys)
        if "too_short" in by_type and came == {}:
            return "is empty; at least one is needed"
        annotation = annotation_at(self.model, self.tree, keys, self.zoo)
        expected = describe_type(annotation)
        owner, key = self._owner(keys), str(keys[-1])
        about = (option_docs(owner) if owner else {}).get(key, "")
        if "string_pattern_mismatch" in by_type:
            words = about.partition(";")[0]  # where it lists what fits, as a docstring may
            pattern = by_type["string_pattern_mismatch"]["ctx"]["pattern"]
            listed = "," in words and not words[:1].isupper()
            expected = words if listed else f"text that fits the pattern {pattern}"
        if not expected:
            expected = next(iter(by_type.values()))["msg"].removeprefix("Input should be ")
        hint = _hint(came, annotation)
        if came is None and not hint:
            hint = "; leave the key out for its default"
        if isinstance(came, bool) and not hint:  # it says no word, so its key may
            hint = _elsewhere(key)
        return f"{quoted(came)} came, but {expected} is expected{hint}"

    def _owner(self, keys: Keys) -> type[BaseModel] | None:
        return model_at(self.model, self.tree, keys[:-1], self.zoo)

    def _siblings(self, keys: Keys) -> list[str] | None:
        names = names_at(self.model, self.tree, keys[:-1], self.zoo)
        return None if names is None else [name for name in names if name != keys[-1]]


def _hint(came: Any, annotation: Any) -> str:
    """What was probably meant, or where it is said; empty where nobody knows."""
    types, words = list(alternatives(annotation)), choices(annotation)
    meant = None
    if near := near_misses(quoted(came).strip("'"), words):
        meant = near[0]
    elif came is None and "none" in words:
        meant = "none"
    elif bool in types and str(came).lower() in YES | NO:
        meant = quoted(str(came).lower() in YES)
    elif isinstance(came, float) and int in types and came.is_integer():
        meant = str(int(came))
    elif isinstance(came, int) and SIZE in types:
        meant = f"[{came}, {came}]"
    elif (listed := _items(types)) and isinstance(came, listed) and not isinstance(came, bool):
        meant = f"[{came}]"
    elif isinstance(came, str) and {int, float} & {*types} and NUMBER.fullmatch(came):
        meant = f"{came}, without quotes"
    if meant is not None:
        return f"; did you mean {meant}?"
    return _elsewhere(came)


def _items(types: list[Any]) -> tuple[type, ...]:
    """What may be an item of a list of any length: numbers, words."""
    inside = [item for one in types if get_args(one)[1:] == (...,) for item in get_args(one)[:1]]
    return tuple(plain for one in inside for plain in (int, str) if plain in {*alternatives(one)})


def _elsewhere(word: Any) -> str:
    """What a word of other programs is called here."""
    return f"; {ELSEWHERE[word]}" if isinstance(word, str) and word in ELSEWHERE else ""


def _listed(names: list[str]) -> str:
    return ", ".join(names) or "none"
