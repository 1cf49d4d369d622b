"""The JSON Schema of a recipe or an ablation, for editors: every installed component with its
options.

It is milder than the check. A recipe that extends another may leave anything out and remove
anything with null, so nothing is required and null is allowed everywhere.
"""

from __future__ import annotations

from typing import Any, get_args

from pydantic import BaseModel
from pydantic.json_schema import models_json_schema

from gan_zoo.components.kinds import KINDS
from gan_zoo.recipe.model import RecipeFields
from gan_zoo.recipe.recipe import Recipe
from gan_zoo.recipe.section import Section
from gan_zoo.registry.describe import as_plain_data
from gan_zoo.registry.option_docs import option_docs
from gan_zoo.registry.zoo import Zoo

DIALECT = "https://json-schema.org/draft/2020-12/schema"
COMPONENT = "x-component"  # how a spec's field says that any component of a kind may stand there
PATCH = "x-patch"  # likewise, that changes to a recipe may
PATCHES = "patch"  # its definition; no class is called so
ABOUT = ("title", "description", "default")
NULL = {"type": "null"}


def schema(zoo: Zoo, top: type[Section] = Recipe) -> dict[str, Any]:
    """A schema in which every place of a component offers all of its kind.

    Args:
        zoo: The components.
        top: What is written: a recipe, or what has patches of recipes inside.
    """
    specs = {
        claims[0].spec: (kind, name) for kind in KINDS for name, claims in zoo.claims(kind).items()
    }
    tops: list[type[BaseModel]] = [Recipe] if top is Recipe else [Recipe, top]
    models = [*tops, *specs]
    references, made = models_json_schema([(model, "validation") for model in models])
    definitions = made["$defs"]
    explained: list[type[BaseModel]] = [
        *specs,
        *sections_in(RecipeFields),
        Recipe,
        *sections_in(top),
    ]
    for model in explained:
        _explain(definitions.get(model.__name__, {}), model)
    choices: dict[str, list[Any]] = {kind: [] for kind in KINDS}
    for spec, (kind, name) in specs.items():
        reference = references[spec, "validation"]
        own = definitions[_key(reference)]
        own["properties"] = {"use": {"const": name}, **own.get("properties", {})}
        choices[kind].append(reference)
    for kind, offered in choices.items():
        definitions[_any(kind)] = {"anyOf": offered or [NULL]}
    recipe = definitions.pop(_key(references[Recipe, "validation"]))
    # A patch has the keys of a recipe, and paths of them.
    dotted = {"patternProperties": {r"\.": {}}, "additionalProperties": False}
    patch = {"type": "object", "properties": recipe["properties"], **dotted}
    about = "The recipe that this one changes: a file beside it, or a shipped recipe's name."
    extends = {"type": "string", "description": about}
    if top is Recipe:
        whole = {**recipe, "properties": {"extends": extends, **recipe["properties"]}}
    else:
        whole = definitions.pop(_key(references[top, "validation"]))
        definitions[PATCHES] = patch
    shared = {key: _mild(definition) for key, definition in definitions.items()}
    return {"$schema": DIALECT, **_mild(whole), "$defs": shared}


def sections_in(model: type[Section]) -> list[type[Section]]:
    """A section, and all that it has inside, in the order in which they are met."""
    found = [model]
    for field in model.model_fields.values():
        inside = (one for held in _held(field.annotation) for one in sections_in(held))
        found += [one for one in inside if one not in found]
    return found


def _held(annotation: Any) -> list[type[Section]]:
    """The sections of which a field may be made."""
    if isinstance(annotation, type) and issubclass(annotation, Section):
        return [annotation]
    return [one for part in get_args(annotation) for one in _held(part)]


def _explain(definition: dict[str, Any], model: type[BaseModel]) -> None:
    """Give every option the text that an editor shows, and a default that is made when needed."""
    shown = definition.get("properties", {})
    for name, text in option_docs(model).items():
        if name in shown:
            shown[name]["description"] = text
    for name, field in model.model_fields.items():
        if name in shown and field.default_factory is not None:
            shown[name]["default"] = as_plain_data(field.get_default(call_default_factory=True))


def _any(kind: str) -> str:
    """The key of the choice between all components of a kind; no class can be called so."""
    return f"any-{kind}"


def _key(reference: dict[str, str]) -> str:
    return reference["$ref"].removeprefix("#/$defs/")


def _mild(schema: Any) -> Any:
    """Components become a choice of their kind, nothing is required, null may stand anywhere."""
    if isinstance(schema, list):
        return [_mild(item) for item in schema]
    if not isinstance(schema, dict):
        return schema
    about = {"description": schema["description"]} if "description" in schema else {}
    if kind := schema.get(COMPONENT):
        return {"$ref": f"#/$defs/{_any(kind)}", **about}
    if PATCH in schema:
        return {"$ref": f"#/$defs/{PATCHES}", **about}
    made = {}
    for word, value in schema.items():
        if word in ("properties", "patternProperties"):
            made[word] = {name: _or_null(name, _mild(inner)) for name, inner in value.items()}
        elif word not in ("required", "default", "const", "enum"):
            made[word] = _mild(value)
        elif word != "required":
            made[word] = value
    return made


def _or_null(name: str, schema: dict[str, Any]) -> dict[str, Any]:
    """The schema, or null: which removes what an extended recipe says."""
    about = {word: value for word, value in schema.items() if word in ABOUT}
    inner = {word: value for word, value in schema.items() if word not in ABOUT}
    if name == "use" or not inner:
        return schema
    either = inner["anyOf"] if inner.keys() == {"anyOf"} else [inner]
    return {**about, "anyOf": [*(one for one in either if one != NULL), NULL]}
