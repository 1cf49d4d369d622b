"""The JSON Schema for editors: sound, complete, and never stricter than the check."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import pytest
import yaml

from gan_zoo.components.learning import LossSpec
from gan_zoo.recipe import text
from gan_zoo.recipe.schema import schema
from gan_zoo.registry.plugins import Plugin
from gan_zoo.registry.zoo import Zoo
from tests.recipe.small_zoo import COMPONENTS, L1Spec

RECIPES = Zoo.installed().recipes()
TYPES: dict[str, Any] = {
    "object": dict,
    "array": list,
    "string": str,
    "integer": int,
    "number": (int, float),
    "boolean": bool,
    "null": type(None),
}


class MineSpec(LossSpec, name="mine"):
    """A guest's."""

    needs = build = L1Spec.needs


@pytest.fixture(scope="module")
def made() -> dict[str, Any]:
    guest = Plugin("hello", "gan-zoo-hello", "1", (MineSpec,))
    return schema(Zoo([Plugin("small", "gan-zoo", "1", COMPONENTS), guest]))


def nodes(node: Any) -> Iterator[dict[str, Any]]:
    if isinstance(node, dict):
        yield node
    if isinstance(node, dict | list):
        for inner in node.values() if isinstance(node, dict) else node:
            yield from nodes(inner)


def refuses(value: Any, part: dict[str, Any], whole: dict[str, Any]) -> str:
    """Why a schema refuses a value, in the words of the schema; empty where it takes it."""
    if "$ref" in part:
        return refuses(value, whole["$defs"][part["$ref"].removeprefix("#/$defs/")], whole)
    if not part:
        return ""
    if "anyOf" in part:
        reasons = [refuses(value, one, whole) for one in part["anyOf"]]
        return "" if "" in reasons else " or ".join(reasons)
    if "const" in part:
        return "" if value == part["const"] else f"not {part['const']}"
    if "enum" in part and value not in part["enum"]:
        return f"{value} not in {part['enum']}"
    kind = TYPES[part["type"]] if "type" in part else object
    if not isinstance(value, kind) or (isinstance(value, bool) and part.get("type") != "boolean"):
        return f"{value} is no {part['type']}"
    if isinstance(value, list):
        places = part.get("prefixItems") or [part.get("items", {})] * len(value)
        return "".join(refuses(v, p, whole) for v, p in zip(value, places, strict=True))
    for key in value if isinstance(value, dict) else ():
        patterns = part.get("patternProperties", {})
        free = [inner for pattern, inner in patterns.items() if re.search(pattern, key)]
        inner = part.get("properties", {}).get(key, free[0] if free else None)
        if inner is None:
            inner = part.get("additionalProperties", True)
        if inner is False:
            return f"no {key}"
        if inner is not True and (reason := refuses(value[key], inner, whole)):
            return f"{key}: {reason}"
    return ""


def test_every_reference_leads_somewhere(made: dict[str, Any]) -> None:
    references = {node["$ref"] for node in nodes(made) if isinstance(node.get("$ref"), str)}
    assert references
    assert references <= {f"#/$defs/{key}" for key in made["$defs"]}
    assert all(re.fullmatch(r"[A-Za-z0-9_-]+", key) for key in made["$defs"])  # nothing to escape


def test_nothing_of_ours_is_left_over(made: dict[str, Any]) -> None:
    assert made["$schema"] == "https://json-schema.org/draft/2020-12/schema"
    assert not [node for node in nodes(made) if "x-component" in node or "required" in node]
    assert not [node for node in nodes(made) if node.get("anyOf") == []]


def test_every_component_is_offered_by_its_name(made: dict[str, Any]) -> None:
    offered = made["$defs"]["any-loss"]["anyOf"]
    specs = [made["$defs"][one["$ref"].removeprefix("#/$defs/")] for one in offered]
    assert [spec["properties"]["use"]["const"] for spec in specs] == [
        "adversarial",
        "l1",
        "hello/mine",
    ]


def test_every_key_of_a_recipe_is_explained(made: dict[str, Any]) -> None:
    assert not [key for key, part in made["properties"].items() if "description" not in part]


@pytest.mark.parametrize("name", RECIPES)
def test_it_takes_what_ships(name: str) -> None:
    node, _ = text.read(RECIPES[name][0][0].read_text(), name)
    whole = schema(Zoo.installed())
    assert refuses(node.plain(), whole, whole) == ""


def test_it_takes_patches_and_refuses_mistakes(made: dict[str, Any]) -> None:
    patches = "{extends: base, generator: {width: null}, losses: {l1: null}, discriminator: null}"
    assert refuses(yaml.safe_load(patches), made, made) == ""
    for mistake in ("{sead: 1}", "{generator: {wdith: 3}}", "{losses: {l1: {use: l3}}}"):
        assert refuses(yaml.safe_load(mistake), made, made)


def test_two_classes_of_one_name_do_not_mix() -> None:
    class MineSpec(LossSpec, name="mine"):
        """Another guest's."""

        strength: int = 1
        needs = build = L1Spec.needs

    first = Plugin("a", "gan-zoo-a", "1", (globals()["MineSpec"],))
    whole = schema(Zoo([first, Plugin("b", "gan-zoo-b", "1", (MineSpec,))]))
    whole = {**whole, "properties": {"loss": {"$ref": "#/$defs/any-loss"}}}
    assert refuses({"loss": {"use": "b/mine", "strength": 2}}, whole, whole) == ""
    assert refuses({"loss": {"use": "a/mine", "strength": 2}}, whole, whole)


def test_hints_name_only_components_that_are_there() -> None:
    from gan_zoo.recipe.foreign_words import ELSEWHERE

    zoo = Zoo.installed()
    kinds = ("generator", "discriminator", "loss", "init", "optimizer", "callback")
    known = {name for kind in kinds for name in zoo.claims(kind)}
    named = {name for hint in ELSEWHERE.values() for name in re.findall(r"use: ([a-z]\w*)", hint)}
    assert named <= known
