"""The page of the door for authors, from `gan_zoo.components` itself: docs/reference/api.md."""

from __future__ import annotations

import inspect
import re
from collections.abc import Iterator
from types import ModuleType
from typing import Any

from gan_zoo import components
from gan_zoo.components import Spec
from gan_zoo.registry.option_docs import option_docs
from tools.markdown import plain, text

FIRST = ("spec", "data", "networks", "conditions", "learning", "watching", "interfaces", "scene")
SIGNATURES = 100  # characters; a longer one has a line for each argument


def api() -> Iterator[str]:
    """The parts of the page: what an author imports, by where it lives."""
    yield "# The door for authors"
    yield text(components.__doc__)
    yield (
        "Components, their templates and their tests import from here, from `gan_zoo` (recipes, "
        "`check`, `train`, `load`, ...) and from `gan_zoo.testing`. What is not on this page may "
        "be renamed at any time."
    )
    homes: dict[str, list[str]] = {}
    for name in components.__all__:
        homes.setdefault(_home(name), []).append(name)
    early = {home: place for place, home in enumerate(FIRST)}
    for home in sorted(homes, key=lambda home: (early.get(home, len(early)), home)):
        first = getattr(components, homes[home][0])
        module = first if isinstance(first, ModuleType) else inspect.getmodule(first)
        yield f"## {home}"
        if module is not None and module.__name__.endswith(f".{home}"):
            yield text(module.__doc__)
        for name in homes[home]:
            yield from _name(name, getattr(components, name))


def _home(name: str) -> str:
    """The module of a name, without its package."""
    return components._HOMES.get(name, name).rpartition(".")[2]


def _name(name: str, thing: Any) -> Iterator[str]:
    if isinstance(thing, ModuleType):
        for inner, function in vars(thing).items():
            own = inspect.isfunction(function) and function.__module__ == thing.__name__
            if own and not inner.startswith("_"):
                yield f"### {name}.{inner}"
                yield _code(inner, function)
                yield text(function.__doc__)
        return
    yield f"### {name}"
    if inspect.isclass(thing):
        yield _class(thing)
        yield text(thing.__doc__)
        options = option_docs(thing) if issubclass(thing, Spec) else {}
        if own := [name for name in inspect.get_annotations(thing) if name in options]:
            yield "\n".join(f"- `{option}`: {options[option]}" for option in own)
        for inner, function in _methods(thing):
            yield _code(inner, function)
            yield text(function.__doc__)
    elif inspect.isfunction(thing):
        yield _code(name, thing)
        yield text(thing.__doc__)
    else:
        yield f"```python\n{name} = {_value(thing)}\n```"


def _class(thing: type) -> str:
    bases = [base.__name__ for base in thing.__bases__ if base is not object]
    lines = [f"class {thing.__name__}({', '.join(bases)})" if bases else f"class {thing.__name__}"]
    for field, said in inspect.get_annotations(thing).items():
        if not field.startswith("_"):
            value = thing.__dict__.get(field, inspect.Parameter.empty)
            shown = isinstance(value, str | int | float | bool | frozenset | tuple)
            lines.append(f"    {field}: {said}" + (f" = {_value(value)}" if shown else ""))
    return "\n".join(["```python", *lines, "```"])


def _methods(thing: type) -> Iterator[tuple[str, Any]]:
    """The methods that a class itself has, and that say what they do."""
    for name, value in list(vars(thing).items()):
        function = value.fget if isinstance(value, property) else inspect.unwrap(value)
        function = getattr(function, "__func__", function)
        shown = not name.startswith("_") or name == "__call__"
        if shown and inspect.isfunction(function) and function.__doc__:
            yield name, function


def _code(name: str, function: Any) -> str:
    """A signature as it stands in the source, self left out."""
    signature = inspect.signature(function)
    parameters = [p for key, p in signature.parameters.items() if key not in ("self", "cls")]
    said = plain(signature.replace(parameters=parameters))
    if len(name) + len(said) > SIGNATURES:
        inside = "".join(f"    {plain(one)},\n" for one in parameters)
        said = f"(\n{inside})" + said[said.rindex(")") + 1 :]
    return f"```python\n{name}{said}\n```"


def _value(thing: Any) -> str:
    if isinstance(thing, dict):
        return f"{{{', '.join(f'{key!r}: {value.__name__}' for key, value in thing.items())}}}"
    if isinstance(thing, frozenset):
        return f"frozenset({sorted(thing)})" if thing else "frozenset()"
    if project := getattr(thing, "project_name", ""):  # a marker of pluggy
        return f"{type(thing).__name__}({project!r})"
    if isinstance(thing, str):
        return repr(thing)
    # A function in it has another address in every process.
    return re.sub(r"<function (\w+) at 0x[0-9a-f]+>", r"\1", str(thing).replace("typing.", ""))
