"""A graph as torch.export writes it down, with a free batch and free sizes."""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import torch

from gan_zoo.errors import UserError, first_line
from gan_zoo.inference.export.graph import Graph

LEAST = "2.9"  # of torch: the first whose ONNX exporter goes through torch.export


def trace(graph: Graph) -> Any:
    """The exported program.

    Raises:
        UserError: torch cannot write it down, or is too old for it; says why.
    """
    from torch.fx.experimental import _config

    if not hasattr(_config, "backed_size_oblivious"):
        raise UserError(
            f"exporting takes torch {LEAST} or later, and {torch.__version__} is installed"
        )
    # Else a side of one multiple, as of a small picture, would be guarded against: torch takes 1
    # for special wherever it could broadcast.
    patched = _config.patch(backed_size_oblivious=True)  # type: ignore[attr-defined]
    with told_as_user_error("torch.export", graph), patched, torch.no_grad():
        program = torch.export.export(
            graph.eval(), graph.examples(), dynamic_shapes=graph.dynamic_shapes(), strict=False
        )
    forget_lines(program.graph_module)
    return program


def forget_lines(module: Any) -> None:
    """Drop from every node which lines of which files it was called from: files are handed on, and
    these are paths of the machine that wrote them.
    """
    for one in module.modules():
        for node in one.graph.nodes if isinstance(one, torch.fx.GraphModule) else ():
            node.meta.pop("stack_trace", None)


@contextmanager
def told_as_user_error(who: str, graph: Graph) -> Iterator[None]:
    """Whatever torch raises in here is told in a line; warnings of its own code are not.

    Raises:
        UserError: what it raised.
    """
    generator = graph.model.recipe.generator.name
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    except UserError:
        raise
    except Exception as problem:
        raise UserError(
            f"{who} cannot write down this run, whose generator is {generator}, for pictures of "
            f"any number and size: {type(problem).__name__}: {first_line(problem)}"
        ) from problem
