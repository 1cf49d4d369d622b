"""What a recipe expects at a path: the type that stands there, and the type in words."""

from __future__ import annotations

import types
from collections.abc import Iterator, Mapping
from typing import Annotated, Any, Literal, Union, get_args, get_origin

from pydantic import BaseModel
from pydantic.fields import FieldInfo

from gan_zoo.components.spec import Size, Spec
from gan_zoo.errors import UserError
from gan_zoo.recipe.problems import Keys
from gan_zoo.registry.zoo import Zoo

PLAIN = {int: "a whole number", float: "a number", bool: "true or false", str: "text"}
SIZE = get_args(Size)[0]


def annotation_at(here: Any, values: Any, keys: Keys, zoo: Zoo) -> Any:
    """The annotation at a path below `here`; None where nothing is expected."""
    if not keys:
        return here
    key, *rest = keys
    for one in alternatives(here):
        below = _below(_model(one, values, zoo) or one, key)
        if below is not None:
            return annotation_at(below, item_at(values, (key,)), tuple(rest), zoo)
    return None


def model_at(here: Any, values: Any, keys: Keys, zoo: Zoo) -> type[BaseModel] | None:
    """The model at a path: a section, or the spec that a component's `use` names."""
    annotation = annotation_at(here, values, keys, zoo)
    values = item_at(values, keys)
    return next((m for one in alternatives(annotation) if (m := _model(one, values, zoo))), None)


def names_at(here: Any, values: Any, keys: Keys, zoo: Zoo) -> list[str] | None:
    """The names that are there where names are free, as under `losses`; None elsewhere."""
    annotation = annotation_at(here, values, keys, zoo)
    if all(get_origin(one) is not dict for one in alternatives(annotation)):
        return None
    owner = model_at(here, values, keys[:-1], zoo)
    values = item_at(values, keys)
    if values is None and owner is not None:
        values = owner.model_fields[str(keys[-1])].get_default(call_default_factory=True)
    if not isinstance(values, Mapping):
        return []
    return [name for name, value in values.items() if value is not None]


def item_at(values: Any, keys: Keys) -> Any:
    """The value at a path; None where there is none."""
    for key in keys:
        if isinstance(values, Mapping):
            values = values.get(key)
        elif isinstance(values, list | tuple) and isinstance(key, int) and key < len(values):
            values = values[key]
        else:
            return None
    return values


def is_kind(one: Any) -> bool:
    """Whether any component of a kind may stand there."""
    return isinstance(one, type) and issubclass(one, Spec) and bool(one.kind and not one.name)


def alternatives(annotation: Any) -> Iterator[Any]:
    """The types of a union, or the one type, without their constraints; null left out."""
    if get_origin(annotation) is Annotated:
        yield from alternatives(get_args(annotation)[0])
    elif get_origin(annotation) in (Union, types.UnionType):
        for one in get_args(annotation):
            yield from alternatives(one)
    elif annotation is not None and annotation is not type(None):
        yield annotation


def choices(annotation: Any) -> list[str]:
    """The words that may stand there."""
    literals = (one for one in alternatives(annotation) if get_origin(one) is Literal)
    return [str(word) for one in literals for word in get_args(one)]


def describe_type(annotation: Any, limits: tuple[Any, ...] = ()) -> str:
    """What may stand there, as a noun; empty where only the type's owner can say."""
    if get_origin(annotation) is Annotated:
        inner, *metadata = get_args(annotation)
        return describe_type(inner, (*limits, *metadata))
    if get_origin(annotation) in (Union, types.UnionType):
        members = [one for one in get_args(annotation) if one is not type(None)]
        if int in members and float in members:
            members.remove(int)
        return " or ".join(filter(None, (describe_type(one, limits) for one in members)))
    if annotation in PLAIN:
        return f"{PLAIN[annotation]}{_limits(limits)}"
    if get_origin(annotation) is Literal:
        words = choices(annotation)
        return words[0] if len(words) == 1 else f"one of {', '.join(words)}"
    if get_origin(annotation) in (tuple, list):
        return _list_in_words(annotation)
    if isinstance(annotation, type) and issubclass(annotation, Spec):
        return "{use: NAME, ...}"
    if get_origin(annotation) is dict:
        inner = describe_type(get_args(annotation)[1])
        return f"a mapping of names{f' to {inner}' if inner and inner[0] in '{o' else ''}"
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return f"a mapping of {', '.join(annotation.model_fields)}"
    return ""


def _list_in_words(annotation: Any) -> str:
    if annotation == SIZE:
        return "[height, width]"
    items = get_args(annotation)
    return "a list" if get_origin(annotation) is list or ... in items else f"a list of {len(items)}"


def _limits(metadata: tuple[Any, ...]) -> str:
    """The bounds of a number, from pydantic's constraints."""
    flat = [m for one in metadata for m in (one.metadata if isinstance(one, FieldInfo) else [one])]
    words = {"gt": "above", "ge": "of at least", "lt": "below", "le": "of at most"}
    bound = {name: getattr(m, name) for m in flat for name in words if hasattr(m, name)}
    if {"ge", "le"} <= bound.keys():
        return f" from {bound['ge']} to {bound['le']}"
    parts = [f"{word} {bound[name]}" for name, word in words.items() if name in bound]
    return f" {' and '.join(parts)}" if parts else ""


def _model(one: Any, values: Any, zoo: Zoo) -> type[BaseModel] | None:
    if not (isinstance(one, type) and issubclass(one, BaseModel)):
        return None
    if not issubclass(one, Spec) or one.name:
        return one
    use = values.get("use") if isinstance(values, Mapping) else None
    try:
        return zoo.get(one.kind, str(use))
    except UserError:
        return None


def _below(one: Any, key: str | int) -> Any:
    """The annotation of one item of a type."""
    if isinstance(one, type) and issubclass(one, BaseModel):
        field = one.model_fields.get(str(key))
        if field is None:
            return None
        return Annotated[field.annotation, *field.metadata] if field.metadata else field.annotation
    items = get_args(one)
    if get_origin(one) is dict:
        return items[1]
    if get_origin(one) is list or (get_origin(one) is tuple and ... in items):
        return items[0]
    if get_origin(one) is tuple and isinstance(key, int) and key < len(items):
        return items[key]
    return None
