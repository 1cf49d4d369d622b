"""What one component can do: its options, its contract, a line of a recipe."""

from __future__ import annotations

import textwrap
from collections.abc import Iterable, Mapping
from typing import Any

from gan_zoo.meanings import meanings
from gan_zoo.specs import (
    KINDS,
    ConditionSpec,
    DiscriminatorSpec,
    GeneratorSpec,
    LossSpec,
    MetricSpec,
    NetworkSpec,
    Spec,
)
from gan_zoo.terminal.text import flow, indented, known_kind, plain, print_rows
from gan_zoo.zoo import Zoo

PLACES = {  # kind -> the keys of a recipe above a component; {} is its own name
    "condition": ("conditions", "{}"),
    "loss": ("losses", "{}"),
    "optimizer": ("optimizers", "generator"),
    "metric": ("validation", "metrics", "{}"),
    "callback": ("callbacks", "{}"),
}


def print_component(zoo: Zoo, kind: str, name: str) -> None:
    """All that a recipe may say of one component.

    Raises:
        UserError: no such kind or component.
    """
    known_kind(kind, KINDS)
    spec = zoo.get(kind, name)
    print(f"{name}: {kind}, from {zoo.owner(spec)}")
    print(indented(textwrap.dedent("    " + (spec.__doc__ or "")).strip()))
    options = [[o, _type(p), _default(spec, o), _meaning(spec, o)] for o, p in _schema(spec)]
    if options:
        print("\nOptions")
        print_rows([["option", "type", "default", "meaning"], *options])
    if words := _contract(spec):
        print("\nContract")
        print_rows(words)
    print(f"\nIn a recipe\n  {recipe_line(zoo, spec)}")


def recipe_line(zoo: Zoo, spec: type[Spec]) -> str:
    """A line of a recipe with the component's own options at their defaults; what has none is
    said in capitals.
    """
    inherited = KINDS[spec.kind].model_fields
    said: dict[str, Any] = {"use": zoo.name_of(spec)}
    for option, field in spec.model_fields.items():
        if field.is_required():
            said[option] = _placeholder(option, dict(_schema(spec))[option])
        elif option not in inherited:
            default = plain(field.get_default(call_default_factory=True))
            said |= {} if default is None else {option: default}
    key, *above = PLACES.get(spec.kind, (spec.kind,))
    whole: Any = said
    for step in reversed(above):
        whole = {step.format(spec.name): whole}
    return f"{key}: {flow(whole)}"


def _schema(spec: type[Spec]) -> Iterable[tuple[str, Mapping[str, Any]]]:
    """Option -> its JSON Schema, references resolved."""
    whole = spec.model_json_schema(mode="validation")
    definitions = whole.get("$defs", {})

    def resolved(node: Any) -> Any:
        if isinstance(node, list):
            return [resolved(item) for item in node]
        if not isinstance(node, dict):
            return node
        if "$ref" in node:
            return resolved(definitions[node["$ref"].rpartition("/")[2]])
        return {key: resolved(value) for key, value in node.items() if key != "default"}

    return [(option, resolved(node)) for option, node in whole.get("properties", {}).items()]


def _type(node: Mapping[str, Any]) -> str:
    """A JSON Schema in a few words."""
    if "x-component" in node:
        return f"{node['x-component']} {{use: ...}}"
    if "enum" in node or "const" in node:
        return " | ".join(map(flow, node.get("enum", [node.get("const")])))
    if choices := node.get("anyOf", node.get("oneOf", node.get("allOf"))):
        return " | ".join(_type(choice) for choice in choices if choice.get("type") != "null")
    kind = node.get("type", "anything")
    if kind == "array":
        if items := node.get("prefixItems"):
            return f"[{', '.join(map(_type, items))}]"
        return f"list of {_type(node.get('items', {}))}"
    if kind == "object":
        return f"mapping of {_type(node['additionalProperties'])}" if _maps(node) else "mapping"
    word = {"integer": "int", "string": "text", "boolean": "true | false"}.get(kind, str(kind))
    return " ".join([word, *_bounds(node)])


def _maps(node: Mapping[str, Any]) -> bool:
    return isinstance(node.get("additionalProperties"), Mapping)


def _bounds(node: Mapping[str, Any]) -> Iterable[str]:
    over, under = node.get("exclusiveMinimum"), node.get("exclusiveMaximum")
    least, most = node.get("minimum"), node.get("maximum")
    if node.get("type") == "integer":
        least = over + 1 if over is not None else least
        most = under - 1 if under is not None else most
        over = under = None
    if least is not None and most is not None:
        yield f"{flow(least)} to {flow(most)}"
        return
    for sign, bound in ((">", over), (">=", least), ("<", under), ("<=", most)):
        if bound is not None:
            yield f"{sign} {flow(bound)}"


def _default(spec: type[Spec], option: str) -> str:
    field = spec.model_fields[option]
    if field.is_required():
        return "required"
    default = plain(field.get_default(call_default_factory=True))
    return "-" if default is None else flow(default)


def _meaning(spec: type[Spec], option: str) -> str:
    said = " ".join((meanings(spec).get(option, "")).split())
    return f"{said} A phase may set it." if option in spec.per_phase else said


def _placeholder(option: str, node: Mapping[str, Any]) -> Any:
    if "x-component" in node:
        return {"use": node["x-component"].upper()}
    return node["enum"][0] if "enum" in node else option.upper()


def _contract(spec: type[Spec]) -> list[list[str]]:
    """What the spec promises with its defaults, where it needs no more to tell."""
    if any(field.is_required() for field in spec.model_fields.values()):
        return []
    made = spec()
    words: dict[str, str] = {}
    if isinstance(made, GeneratorSpec):
        words["sides"] = f"height and width are multiples of {made.multiple()}"
        words["makes a picture too"] = ", ".join(made.plays())
    if isinstance(made, DiscriminatorSpec):
        words["receptive field"] = f"{made.receptive_field()} pixels"
    if isinstance(made, NetworkSpec):
        words["parts"] = ", ".join(made.parts())
    if isinstance(made, ConditionSpec):
        words["needs the maps"] = ", ".join(made.needs())
    if isinstance(made, LossSpec):
        needs = made.needs().items()
        words |= {f"for the {who}, needs": ", ".join(sorted(what)) for who, what in needs}
    if isinstance(made, MetricSpec):
        words["protocol"] = made.protocol
        words["better"] = "lower" if made.lower_is_better else "higher"
    words["needed before run"] = "; ".join(made.missing())
    return [[word, said] for word, said in words.items() if said]
