"""What one component can do: its options, its contract, a line of a recipe."""

from __future__ import annotations

import textwrap

from gan_zoo.cli.terminal.text import indent, print_rows, require_kind
from gan_zoo.components.kinds import KINDS
from gan_zoo.components.spec import Spec
from gan_zoo.registry.describe import contract, options, recipe_line
from gan_zoo.registry.zoo import Zoo


def print_component(zoo: Zoo, kind: str, name: str) -> None:
    """All that a recipe may say of one component.

    Raises:
        UserError: no such kind or component.
    """
    require_kind(kind, KINDS)
    spec = zoo.get(kind, name)
    print(f"{name}: {kind}, from {zoo.owner(spec)}")
    print(indent(textwrap.dedent("    " + (spec.__doc__ or "")).strip()))
    rows = [[o.name, o.type, o.default, o.meaning] for o in options(spec)]
    if rows:
        print("\nOptions")
        print_rows([["option", "type", "default", "meaning"], *rows])
    if words := _contract(zoo, spec):
        print("\nContract")
        print_rows([[word, said] for word, said in words.items()])
    where = "In an ablation's file" if kind == "executor" else "In a recipe"
    print(f"\n{where}\n  {recipe_line(zoo, spec)}")


def _contract(zoo: Zoo, spec: type[Spec]) -> dict[str, str]:
    """What it promises and what is missing; of a guest that raises instead, the error."""
    owner = zoo.owner(spec)
    try:
        missing = _missing(spec)
        return {**contract(spec), **({"needed before run": missing} if missing else {})}
    except Exception as problem:
        if owner is None or owner.builtin:
            raise
        return {"cannot be told": f"{type(problem).__name__}: {problem}"}


def _missing(spec: type[Spec]) -> str:
    """What this machine lacks for the spec with its defaults, where it needs no more to tell."""
    if any(field.is_required() for field in spec.model_fields.values()):
        return ""
    return "; ".join(spec().missing())
