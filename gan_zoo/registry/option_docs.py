"""What the options of a spec mean: the docstring under each field, read when somebody asks.

Pydantic can do this while a class is made, but then every `gan-zoo list` pays for parsing the
source of all of them.
"""

from __future__ import annotations

import ast
import inspect
import textwrap
from collections.abc import Mapping
from functools import cache
from itertools import pairwise

from pydantic import BaseModel


@cache
def option_docs(model: type[BaseModel]) -> Mapping[str, str]:
    """Option -> what its docstring says; options without one, or without source, are left out."""
    found: dict[str, str] = {}
    for owner in reversed(model.__mro__):
        if issubclass(owner, BaseModel) and owner is not BaseModel:
            found |= _own(owner)
    said = {name: field.description for name, field in model.model_fields.items()}
    found |= {name: text for name, text in said.items() if text}
    return {name: text for name, text in found.items() if name in model.model_fields}


def _own(owner: type[BaseModel]) -> dict[str, str]:
    try:
        tree = ast.parse(textwrap.dedent(inspect.getsource(owner)))
    except (OSError, TypeError, SyntaxError):  # made without a source file, as in a console
        return {}
    [body] = [node.body for node in tree.body if isinstance(node, ast.ClassDef)] or [[]]
    found = {}
    for statement, after in pairwise(body):
        if not isinstance(statement, ast.AnnAssign) or not isinstance(statement.target, ast.Name):
            continue
        if isinstance(after, ast.Expr) and isinstance(after.value, ast.Constant):
            found[statement.target.id] = inspect.cleandoc(str(after.value.value))
    return found
