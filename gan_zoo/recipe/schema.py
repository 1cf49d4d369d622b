"""The recipe's JSON Schema, for editors: every installed component with its options."""

from __future__ import annotations

from typing import Any

from gan_zoo.recipe.model import Recipe
from gan_zoo.specs import KINDS
from gan_zoo.zoo import Zoo


def schema(zoo: Zoo) -> dict[str, Any]:
    """A schema in which every place of a component offers all of its kind."""
    made = Recipe.model_json_schema(mode="validation")
    definitions = made.setdefault("$defs", {})
    for kind in KINDS:
        choices = []
        for name, claims in zoo.claims(kind).items():
            own = claims[0].spec.model_json_schema(mode="validation")
            definitions |= own.pop("$defs", {})
            own["properties"] = {"use": {"const": name}, **own.get("properties", {})}
            own["required"] = ["use", *own.get("required", [])]
            definitions[f"{kind} {name}"] = own
            choices.append(
                {
                    "$ref": f"#/$defs/{kind} {name}".replace("/", "~1").replace(
                        "#~1$defs~1", "#/$defs/"
                    )
                }
            )
        definitions[kind] = {"anyOf": choices}
    made["properties"] = {"extends": {"type": "string"}, **made["properties"]}
    made["$schema"] = "https://json-schema.org/draft/2020-12/schema"
    made["required"] = []  # a recipe that extends another may leave anything out
    return dict(_with_components(made))


def _with_components(node: Any) -> Any:
    """Every placeholder of a component becomes a reference to the choice of its kind."""
    if isinstance(node, dict):
        if kind := node.get("x-component"):
            return {"$ref": f"#/$defs/{kind}"}
        return {key: _with_components(value) for key, value in node.items()}
    return [_with_components(item) for item in node] if isinstance(node, list) else node
