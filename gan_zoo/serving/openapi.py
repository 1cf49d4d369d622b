"""What a service says of itself to programs: OpenAPI 3.1, written for the model that it has."""

from __future__ import annotations

from collections.abc import Mapping
from importlib import metadata
from typing import Any

from gan_zoo.serving.kinds import ANSWERS, BODIES, MULTIPART
from gan_zoo.serving.model import ServedModel

STYLE = r"^((instance|class):[0-9]{1,9}=)?(sample|cluster:[0-9]{1,9})$"
MOST_SEED = 2**63 - 1
JSON = "application/json"
REASONS = {
    400: "The query or the body is not what the model takes.",
    401: "The token is absent, or another.",
    403: "A page of another site asks.",
    408: "The body did not come in time.",
    413: "Too many bytes or pixels.",
    415: "A content type that is no picture.",
    421: "A host that is not this machine, where only this machine may ask.",
    422: "The picture, or the style, is not what the model takes.",
    500: "A fault of the service.",
    503: "Too many requests wait, or the service ends.",
}
MAKING = (400, 408, 413, 415, 422, 500, 503)


def write_openapi(model: ServedModel, *, loopback: bool, token: bool) -> dict[str, Any]:
    """The document.

    Args:
        model: That is served.
        loopback: Whether the host is judged.
        token: Whether a token is asked for.
    """
    doors = (*[401] * token, 403, *[421] * loopback)
    json_ = {JSON: {"schema": {"type": "object"}}}
    pictures = {
        ANSWERS[suffix]: {"schema": {"type": "string", "contentMediaType": ANSWERS[suffix]}}
        for suffix in model.suffixes.values()
    }
    paths: dict[str, Any] = {
        "/translate": {
            "post": {
                "operationId": "translate",
                "summary": "Translate a picture: the answer is the file that translate writes.",
                "parameters": _parameters(model),
                "requestBody": {"required": True, "content": _bodies(model)},
                "responses": _responses("The picture.", pictures, (*doors, *MAKING)),
            }
        },
        "/health": {"get": _get("health", "Whether it is ready.", json_, doors, free=True)},
        "/model": {"get": _get("model", "What goes in and what comes out.", json_, doors)},
        "/openapi.json": {"get": _get("openapi", "This document.", json_, doors)},
        "/": {"get": _get("page", "A page for people.", {"text/html": {}}, doors)},
    }
    said: dict[str, Any] = {
        "openapi": "3.1.0",
        "info": {
            "title": f"gan-zoo: {model.name}",
            "version": metadata.version("gan-zoo"),
            "description": model.translator.describe(),
        },
        "paths": paths,
        "components": {"schemas": {"Error": _error()}},
    }
    if token:
        said["components"]["securitySchemes"] = {"token": {"type": "http", "scheme": "bearer"}}
        said["security"] = [{"token": []}]
    return said


def _error() -> dict[str, Any]:
    return {
        "type": "object",
        "required": ["error"],
        "properties": {"error": {"type": "string", "description": "A sentence for people."}},
        "additionalProperties": False,
    }


def _get(
    name: str,
    summary: str,
    content: Mapping[str, Any],
    doors: tuple[int, ...],
    *,
    free: bool = False,
) -> dict[str, Any]:
    """An operation that only tells something; `free` of the token."""
    codes = tuple(code for code in doors if not (free and code == 401))
    told: dict[str, Any] = {"operationId": name, "summary": summary}
    if free:
        told["security"] = []
    return {**told, "responses": _responses(summary, content, (*codes, 500))}


def _responses(summary: str, content: Mapping[str, Any], codes: tuple[int, ...]) -> dict[str, Any]:
    error = {JSON: {"schema": {"$ref": "#/components/schemas/Error"}}}
    told: dict[str, Any] = {"200": {"description": summary, "content": dict(content)}}
    for code in sorted(codes):
        told[str(code)] = {"description": REASONS[code], "content": error}
    told["503" if 503 in codes else "200"] |= _headers(503 in codes)
    return told


def _headers(busy: bool) -> dict[str, Any]:
    if not busy:
        return {}
    after = {"description": "Seconds.", "schema": {"type": "integer", "minimum": 1}}
    return {"headers": {"Retry-After": after}}


def _parameters(model: ServedModel) -> list[dict[str, Any]]:
    """What the query may say."""
    told: list[dict[str, Any]] = [
        {
            "name": "seed",
            "in": "query",
            "description": "Of dropout and of sampled styles.",
            "schema": {"type": "integer", "minimum": 0, "maximum": MOST_SEED, "default": 0},
        },
        {
            "name": "format",
            "in": "query",
            "description": "Of the answer; PNG where it holds the picture if absent.",
            "schema": {"type": "string", "enum": [*model.suffixes]},
        },
    ]
    if model.translator.stylist.id_maps:
        told.append(
            {
                "name": "style",
                "in": "query",
                "description": "For whom, and which; may be given several times.",
                "style": "form",
                "explode": True,
                "schema": {"type": "array", "items": {"type": "string", "pattern": STYLE}},
            }
        )
    return told


def _bodies(model: ServedModel) -> dict[str, Any]:
    """What the body may be."""
    names = model.maps
    picture = {"type": "string", "format": "binary", "minLength": 1}
    parts = {name: picture for name in names}
    schema = {
        "type": "object",
        "required": names,
        "properties": parts,
        "additionalProperties": False,
    }
    told: dict[str, Any] = {MULTIPART: {"schema": schema}}
    if len(names) == 1:
        told |= {kind: {"schema": picture} for kind in BODIES}
    return told
