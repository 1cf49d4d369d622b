"""What there is to say of a component or a section of a recipe: its options, its contract, a line
of a recipe. The terminal and the reference pages say the same, each in its own form.
"""

from __future__ import annotations

import sys
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import yaml
from pydantic import BaseModel
from pydantic_core import to_jsonable_python

from gan_zoo.components.conditions import ConditionSpec
from gan_zoo.components.data import DataSpec
from gan_zoo.components.kinds import KINDS
from gan_zoo.components.learning import LossSpec
from gan_zoo.components.networks import DiscriminatorSpec, GeneratorSpec, NetworkSpec
from gan_zoo.components.spec import Spec
from gan_zoo.components.watching import MetricSpec
from gan_zoo.registry.option_docs import option_docs
from gan_zoo.registry.zoo import Zoo

PLACES = {  # kind -> the keys of a recipe above a component; {} is its own name
    "condition": ("conditions", "{}"),
    "loss": ("losses", "{}"),
    "optimizer": ("optimizers", "generator"),
    "metric": ("validation", "metrics", "{}"),
    "callback": ("callbacks", "{}"),
}


@dataclass(frozen=True)
class Option:
    """One option in words: its type with the range, its default as YAML, `-` where it has none."""

    name: str
    type: str
    default: str
    meaning: str


def options(model: type[BaseModel]) -> list[Option]:
    """The options of a spec or of a section, in the order of the source."""
    return [
        Option(name, _type(node), _default(model, name), _meaning(model, name))
        for name, node in _schema(model)
    ]


def contract(spec: type[Spec]) -> dict[str, str]:
    """What the spec promises with its defaults, where it needs no more to tell."""
    if issubclass(spec, DataSpec):
        return {"gives the maps": ", ".join(spec.example().maps())}
    if any(field.is_required() for field in spec.model_fields.values()):
        return {}
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
        if made.ideal is not None:
            words["better"] = f"nearer to {made.ideal:g}"
        words["scores"] = ", ".join(made.names(made.name) if made.fields else ())
    return {word: said for word, said in words.items() if said}


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
            default = as_plain_data(field.get_default(call_default_factory=True))
            said |= {} if default is None else {option: default}
    key, *above = PLACES.get(spec.kind, (spec.kind,))
    whole: Any = said
    for step in reversed(above):
        whole = {step.format(spec.name): whole}
    return f"{key}: {flow(whole)}"


def as_plain_data(value: Any) -> Any:
    """A default as plain data; of a section only what differs from its own defaults."""
    if isinstance(value, Mapping):
        return {key: as_plain_data(inner) for key, inner in value.items()}
    if isinstance(value, BaseModel):
        return value.model_dump(mode="json", exclude_defaults=not isinstance(value, Spec))
    return to_jsonable_python(value)


def flow(value: Any) -> str:
    """Plain data on one line of YAML."""
    text = yaml.safe_dump(value, default_flow_style=True, width=sys.maxsize, sort_keys=False)
    return str(text).removesuffix("\n").removesuffix("\n...").strip()


def _schema(model: type[BaseModel]) -> Iterable[tuple[str, Mapping[str, Any]]]:
    """Option -> its JSON Schema, references resolved."""
    whole = model.model_json_schema(mode="validation")
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
        if "properties" in node:  # a section
            return str(node["title"])
        values = (node.get("additionalProperties"), *node.get("patternProperties", {}).values())
        told = [_type(value) for value in values if isinstance(value, Mapping)]
        return f"mapping of {told[0]}" if told else "mapping"
    word = {"integer": "int", "string": "text", "boolean": "true | false"}.get(kind, str(kind))
    return " ".join([word, *_bounds(node)])


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


def _default(model: type[BaseModel], option: str) -> str:
    field = model.model_fields[option]
    if field.is_required():
        return "required"
    default = as_plain_data(field.get_default(call_default_factory=True))
    return "-" if default is None else flow(default)


def _meaning(model: type[BaseModel], option: str) -> str:
    said = " ".join((option_docs(model).get(option, "")).split())
    patched = issubclass(model, Spec) and option in model.per_phase
    return f"{said} A phase may set it." if patched else said


def _placeholder(option: str, node: Mapping[str, Any]) -> Any:
    if "x-component" in node:
        return {"use": node["x-component"].upper()}
    return node["enum"][0] if "enum" in node else option.upper()
