"""Other values for the options of a spec, read off their types and limits."""

from __future__ import annotations

import types
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Annotated, Any, Literal, Union, get_args, get_origin

from pydantic import ValidationError

from gan_zoo.components.spec import Spec
from gan_zoo.errors import ContractError
from gan_zoo.registry.zoo import Zoo

# Tried for texts, besides the example's own value with an ending: maps, splits.
WORDS = ("target", "source", "train", "test")
NUMBERS = (1, 2, 3, 4, 8, 16, 32)


@dataclass(frozen=True)
class Choice:
    """A value that an option could have.

    Args:
        value: The value.
        distinct: It is one of a short list, each of which must mean something of its own.
    """

    value: Any
    distinct: bool = False


def choices(spec: Spec, option: str, zoo: Zoo) -> list[Choice]:
    """Values of an option other than the spec's own; some may be refused beside its others."""
    field = type(spec).model_fields[option]
    now = getattr(spec, option)
    offered = [Choice(value) for value in field.examples or ()]
    offered += _choices(field.annotation, now, zoo)
    found: list[Choice] = []
    for choice in offered:
        seen = [now, *(other.value for other in found)]
        if not any(type(v) is type(choice.value) and v == choice.value for v in seen):
            found.append(choice)
    return found


def changed(spec: Spec, option: str, value: Any) -> Any:
    """The same spec with one option changed; None where its validators refuse that."""
    options = {name: getattr(spec, name) for name in type(spec).model_fields}
    try:
        return type(spec)(**{**options, option: value})
    except (ValidationError, ContractError):
        return None


def variants(spec: Spec, zoo: Zoo) -> Iterator[tuple[str, Any]]:
    """The spec with one option changed, and what was changed, in words."""
    for option in type(spec).model_fields:
        for choice in choices(spec, option, zoo):
            if (other := changed(spec, option, choice.value)) is not None:
                yield f"{option}: {format_value(choice.value)}", other


def format_value(value: Any) -> str:
    """A value as a recipe would say it."""
    return type(value).name if isinstance(value, Spec) else str(value)


def _choices(annotation: Any, now: Any, zoo: Zoo) -> list[Choice]:
    origin, arguments = get_origin(annotation), get_args(annotation)
    if origin is Annotated:
        return _choices(arguments[0], now, zoo)
    if origin in (Union, types.UnionType):
        return [choice for argument in arguments for choice in _choices(argument, now, zoo)]
    if origin is Literal:
        return [Choice(value, distinct=True) for value in arguments]
    if annotation is type(None):
        return [Choice(None)]
    if annotation is bool:
        return [Choice(True, distinct=True), Choice(False, distinct=True)]
    if annotation is int:
        return [Choice(value) for value in _integers(now)]
    if annotation is float:
        return [Choice(value) for value in _floats(now)]
    if annotation is str:
        ending = [f"{now}_other"] if isinstance(now, str) else []
        return [Choice(word) for word in (*ending, *WORDS)]
    if origin is tuple:
        return [Choice(value) for value in _tuples(arguments, now, zoo)]
    if isinstance(annotation, type) and issubclass(annotation, Spec):
        return [Choice(value) for value in _components(annotation, now, zoo)]
    return []


def _integers(now: Any) -> Iterator[int]:
    if isinstance(now, int) and not isinstance(now, bool):
        yield from (now + 1, now - 1, 2 * now, now // 2, 4 * now)
    else:
        yield from NUMBERS


def _floats(now: Any) -> Iterator[float]:
    if isinstance(now, float):
        yield from (now * 0.5, now * 2.0, now + 0.25)
    yield from (0.5, 1.0, 0.0)


def _tuples(arguments: tuple[Any, ...], now: Any, zoo: Zoo) -> Iterator[tuple[Any, ...]]:
    """One place changed at a time; where there is no tuple yet, all places alike."""
    if isinstance(now, tuple):
        for place, value in enumerate(now):
            annotation = arguments[0] if arguments[-1] is Ellipsis else arguments[place]
            for choice in _choices(annotation, value, zoo):
                yield (*now[:place], choice.value, *now[place + 1 :])
        if arguments[-1] is Ellipsis:
            yield now[:-1]
            yield from ((*now, choice.value) for choice in _choices(arguments[0], None, zoo))
    else:
        length = 1 if arguments[-1] is Ellipsis else len(arguments)
        yield from ((choice.value,) * length for choice in _choices(arguments[0], None, zoo))


def _components(kind: type[Spec], now: Any, zoo: Zoo) -> Iterator[Spec]:
    """Other components of the kind, and the one at hand with its own options changed."""
    if isinstance(now, kind):
        yield from (other for _, other in variants(now, zoo))
    for spec in examples(kind.kind, zoo):
        if type(spec) is not type(now) and isinstance(spec, kind):
            yield spec


def examples(kind: str, zoo: Zoo) -> Iterator[Any]:
    """The example of every component of a kind, the built-in ones first."""
    for claims in zoo.claims(kind).values():
        for claim in claims:
            try:
                yield claim.spec.example()
            except (ValidationError, ContractError):
                continue  # it fails a check of its own
