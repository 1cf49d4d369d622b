"""A run folder -> a file that was compared with it."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

from gan_zoo.errors import UserError
from gan_zoo.inference.export import onnx_files, torch_files
from gan_zoo.inference.export.about import describe
from gan_zoo.inference.export.comparing import FULL, HALF, Figures, compare
from gan_zoo.inference.export.graph import Graph
from gan_zoo.inference.export.onnx_files import OnnxFile
from gan_zoo.inference.export.places import choose_path, staged
from gan_zoo.inference.export.samples import cut_to_sizes, read_samples
from gan_zoo.inference.export.torch_files import TorchFile
from gan_zoo.inference.export.tracing import trace
from gan_zoo.inference.translator import Translator
from gan_zoo.reporter import Reporter, format_duration
from gan_zoo.runs.folder import RunFolder
from gan_zoo.runs.opening import open_model

SUFFIXES = {"onnx": onnx_files.SUFFIX, "torch": torch_files.SUFFIX}


class Converted(Protocol):
    """A program in one of the formats."""

    operations: Mapping[str, int]

    def save(self, path: Path, about: Mapping[str, str]) -> None:
        """Write it."""
        ...


@dataclass(frozen=True)
class Exported:
    """A file that was written.

    Args:
        path: Where it is.
        figures: How far its pictures are from the run's.
        about: What it says of itself.
        operations: Operation -> how many nodes of its graph are one.
        seconds: That it took to make the graph, without the comparison.
    """

    path: Path
    figures: Figures
    about: Mapping[str, str]
    operations: Mapping[str, int]
    seconds: float


def export(
    run: str | Path | RunFolder,
    to: str = "onnx",
    out: str | Path | None = None,
    *,
    half: bool = False,
    weights: str | None = None,
    set: Mapping[str, Any] | None = None,
    data: str | Path | None = None,
    inputs: Sequence[str | Path] = (),
    reporter: Reporter | None = None,
) -> Exported:
    """Write the generator of a run as one file with all that surrounds it, from 8-bit pictures and
    ids to 8-bit pictures: `gan_zoo.export("runs/mine", "onnx")`.

    The file takes any number of pictures of any size. It is compared with the run on 24 real
    inputs before it takes its name, and is not written where it makes other pictures.

    Args:
        run: The run's folder; a zip of one, a folder that `gan-zoo push` wrote, hub:OWNER/NAME; or
            what one of them was opened as.
        to: onnx, or torch, which is a program of torch.export.
        out: The file; if absent `export/RUN.onnx` or `.pt2` in the run, and of what is not a run's
            own folder in the working directory. One that is there is replaced.
        half: Keep weights in float16, for a file of half the size; they are computed with in
            float32.
        weights: latest or best; what the recipe says if absent.
        set: Change how pictures are made, as `{"inference.dropout": False}`.
        data: Another root for the data that inputs of the comparison come from.
        inputs: Pictures, or folders of them, in place of the data.
        reporter: Told what is done; standard output if absent.

    Returns:
        What was written and measured.

    Raises:
        UserError: no run; something of it draws at random or does not say that it can be exported;
            nothing to compare with is at hand; the file cannot be written; or it makes other
            pictures than the run, with the figures. Nothing is written then, and an earlier file
            stays.
    """
    if to not in SUFFIXES:
        raise UserError(f"to: {to} came; {' or '.join(SUFFIXES)} was expected")
    if to == "onnx":
        onnx_files.require()
    folder = open_model(run, set)
    path = choose_path(folder, SUFFIXES[to], out, half=half)
    told = reporter or Reporter()
    model = Translator.load(folder, device="cpu", weights=weights, precision="float32")
    graph = Graph(model, half=half and to == "torch").eval()
    size = model.recipe.phases[model.phase].size
    samples = cut_to_sizes(read_samples(model, data=data, inputs=inputs, size=size))
    told.say(f"Writing down {model.weights} weights of phase {model.phase}: a minute or so")
    with staged(path) as place:
        began = time.perf_counter()
        program = trace(graph)
        onnx = to == "onnx"
        made: Converted = OnnxFile(program, graph, half=half) if onnx else TorchFile(program, graph)
        run_file = onnx_files.open_file if onnx else torch_files.open_file
        seconds = time.perf_counter() - began
        told.say(
            f"Written down in {format_duration(seconds)}; comparing its pictures with the run's"
        )
        made.save(place, describe(graph, folder, None))
        figures = compare(model, graph.ports, run_file(place), samples, HALF if half else FULL)
        if not figures.ok:
            raise UserError(
                f"the file makes other pictures than the run, so that it was not written: {figures}"
            )
        about = describe(graph, folder, figures)
        made.save(place, about)
    return Exported(path, figures, about, made.operations, seconds)
