"""The graph as an ONNX file, which programs without torch run."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np
import torch

from gan_zoo.errors import UserError
from gan_zoo.inference.export.comparing import Arrays, Run
from gan_zoo.inference.export.graph import Graph
from gan_zoo.inference.export.tracing import told_as_user_error

SUFFIX = ".onnx"
NEEDED = ("onnx", "onnxscript", "onnxruntime")


def require() -> None:
    """What writes and runs ONNX is there.

    Raises:
        UserError: it is not; says what installs it.
    """
    if absent := [name for name in NEEDED if find_spec(name) is None]:
        many = len(absent) > 1
        raise UserError(
            f"ONNX files are written and compared by {' and '.join(absent)}, which "
            f"{'are' if many else 'is'} not installed: pip install 'gan-zoo[export]'"
        )


class OnnxFile:
    """An exported program, converted.

    Args:
        program: Of torch.export.
        graph: That it was made of.
        half: Keep weights in float16.

    Attributes:
        operations: Name -> how many nodes it is of.
    """

    def __init__(self, program: Any, graph: Graph, *, half: bool = False) -> None:
        with told_as_user_error("torch.onnx", graph):
            made = torch.onnx.export(
                program,
                dynamo=True,
                verbose=False,
                input_names=[port.name for port in graph.ports],
                output_names=[output["name"] for output in graph.outputs],
                dynamic_shapes=graph.dynamic_shapes(),
            )
        assert made is not None
        _forget_torch(made.model)
        if half:
            _keep_in_half(made.model.graph)
        self._made = made
        self.operations: Mapping[str, int] = Counter(node.op_type for node in made.model.graph)

    def save(self, path: Path, about: Mapping[str, str]) -> None:
        """Write it, with what is known of it as its metadata."""
        self._made.model.metadata_props.clear()
        self._made.model.metadata_props.update(about)
        self._made.save(str(path), external_data=False)


def open_file(path: Path) -> Run:
    """Run a file on the CPU, on as many threads as torch has."""
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = torch.get_num_threads()
    session = onnxruntime.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])
    names = [port.name for port in session.get_inputs()]

    def run(inputs: Arrays) -> Arrays:
        made: Arrays = session.run(None, dict(zip(names, inputs, strict=True)))
        return made

    return run


def _forget_torch(model: Any) -> None:
    """Drop what torch notes of its own: lines of code with paths of this machine among it."""
    for graph in (model.graph, *model.functions.values()):
        values = [*graph.inputs, *graph.outputs]
        values += graph.initializers.values() if graph is model.graph else ()
        nodes = [*graph.all_nodes()]
        for one in (graph, *nodes, *values, *(value for node in nodes for value in node.outputs)):
            for key in [key for key in one.metadata_props if key.startswith("pkg.")]:
                del one.metadata_props[key]
            one.doc_string = None


def _keep_in_half(graph: Any) -> None:
    """Weights of two dimensions or more become float16, each with a node that widens it: a session
    does so once, when it opens the file. Done here, since the exporter would do it at once.
    """
    import onnx_ir as ir

    for name, weight in [*graph.initializers.items()]:
        array = weight.const_value.numpy()
        if weight.dtype != ir.DataType.FLOAT or array.ndim < 2:
            continue
        del graph.initializers[name]
        weight.name = f"{name}.wide"
        tensor = ir.tensor(array.astype(np.float16), name=name)
        kind = ir.TensorType(ir.DataType.FLOAT16)
        narrow = ir.Value(name=name, shape=weight.shape, type=kind, const_value=tensor)
        graph.register_initializer(narrow)
        widen = ir.node("Cast", [narrow], {"to": ir.DataType.FLOAT})
        [wide] = widen.outputs
        wide.name, wide.type, wide.shape = f"{name}.float", weight.type, weight.shape
        weight.replace_all_uses_with(wide)
        graph.insert_before(graph[0], widen)
