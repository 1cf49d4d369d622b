"""The graph as a file of torch.export, which torch runs without gan-zoo."""

from __future__ import annotations

import io
import json
import warnings
from collections import Counter
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch

from gan_zoo.inference.export.comparing import Arrays, Run
from gan_zoo.inference.export.graph import Graph
from gan_zoo.inference.export.tracing import told_as_user_error
from gan_zoo.runs.atomic import write_file

SUFFIX = ".pt2"
ABOUT = "gan_zoo.json"  # the file in it that says what is known of it


class TorchFile:
    """An exported program as it is.

    Args:
        program: Of torch.export.
        graph: That it was made of.

    Attributes:
        operations: Name -> how many nodes it is of.
    """

    def __init__(self, program: Any, graph: Graph) -> None:
        self._program, self._graph = program, graph
        called = [node for node in program.graph.nodes if node.op == "call_function"]
        self.operations: Mapping[str, int] = Counter(str(node.target) for node in called)

    def save(self, path: Path, about: Mapping[str, str]) -> None:
        """Write it, with what is known of it beside.

        Raises:
            OSError: the disk is full or gone; names the file.
        """
        beside = {ABOUT: json.dumps(dict(about), indent=2)}
        held = io.BytesIO()  # torch tells nothing of a full disk, or ends the process by it
        with told_as_user_error("torch.export", self._graph):
            torch.export.save(self._program, held, extra_files=beside)
        write_file(path, [held.getbuffer()])


def open_file(path: Path) -> Run:
    """Run a file."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of torch's own code
        module = torch.export.load(path).module()

    def run(inputs: Arrays) -> Arrays:
        with torch.no_grad():
            made = module(*map(torch.from_numpy, inputs))
        return [one.numpy() for one in made]

    return run
