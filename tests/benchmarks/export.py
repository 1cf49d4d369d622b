"""Every shipped recipe as an exported file: differences, nodes, size, speed.

    python tests/benchmarks/export.py
    python tests/benchmarks/export.py --recipes pix2pixhd scenes --write

Generators are 16 channels wide and have the weights that a run begins with; nothing is trained.
A picture of 96 x 128 is made by the run's networks and by the file in turns, on one thread; the
ratio is of the medians, so that 2.0 is twice as fast as eager. --write puts the table into
docs/explanation/export.md, where a slow test looks for it.
"""

from __future__ import annotations

import argparse
import re
import statistics
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

import torch

import gan_zoo
from gan_zoo.inference.export import onnx_files, torch_files
from gan_zoo.inference.export.graph import Graph
from gan_zoo.inference.translator import Translator
from gan_zoo.reporter import Reporter

sys.path.append(str(Path(__file__).parents[1] / "inference" / "export"))
from shipped import CHANGES, NO_NOISE, small_data, small_run  # type: ignore[import-not-found]

PAGE = Path(__file__).parents[2] / "docs" / "explanation" / "export.md"
HEAD = "| recipe | format | largest difference | nodes | MB | times as fast as eager | seconds |"
LINE = "|---|---|---:|---:|---:|---:|---:|"
ROUNDS = 15
WIDE = 16
SIZE = (96, 128)


class Row(NamedTuple):
    """One recipe in one format."""

    recipe: str
    format: str
    largest: float
    nodes: int
    megabytes: float
    ratio: float
    seconds: float

    def __str__(self) -> str:
        return (
            f"| {self.recipe} | {self.format} | {self.largest:.1e} | {self.nodes} "
            f"| {self.megabytes:.2f} | {self.ratio:.2f} | {self.seconds:.0f} |"
        )


def rows(recipes: Sequence[str], rounds: int = ROUNDS) -> Iterator[Row]:
    """Export and measure."""
    torch.set_num_threads(1)
    for recipe in recipes:
        changes = {
            key: WIDE if key in ("generator.width", "generator.coarse.width") else value
            for key, value in CHANGES[recipe].items()
        }
        with tempfile.TemporaryDirectory() as name:
            folder = Path(name)
            run = small_run(folder / "run", recipe, changes)
            data = small_data(folder / "data", recipe)
            for to in ("onnx", "torch"):
                made = gan_zoo.export(
                    run, to, set=NO_NOISE, data=data, reporter=Reporter(quiet=True)
                )
                yield Row(
                    recipe,
                    to,
                    made.figures.largest,
                    sum(made.operations.values()),
                    made.path.stat().st_size / 1e6,
                    _ratio(run.path, made.path, rounds),
                    made.seconds,
                )


def _ratio(run: Path, file: Path, rounds: int) -> float:
    """How many times as fast a file is as the run's own networks."""
    model: Translator = gan_zoo.load(run, device="cpu", precision="float32", set=NO_NOISE)
    graph = Graph(model).eval()
    opened = onnx_files if file.suffix == ".onnx" else torch_files
    call = opened.open_file(file)
    inputs = [port.example(1, *SIZE) for port in graph.ports]
    arrays = [one.numpy() for one in inputs]
    ours, theirs = [], []
    for _ in range(rounds + 1):
        began = time.perf_counter()
        with torch.inference_mode():
            graph(*inputs)
        between = time.perf_counter()
        call(arrays)
        ours.append(between - began)
        theirs.append(time.perf_counter() - between)
    return statistics.median(ours[1:]) / statistics.median(theirs[1:])  # the first warms up


def table_of(page: str) -> list[list[str]]:
    """The cells of the table on the page, a row each."""
    found = re.findall(r"^\| (.+) \|$", page.partition(LINE)[2], re.MULTILINE)
    return [row.split(" | ") for row in found]


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--recipes", nargs="*", default=[*CHANGES])
    parser.add_argument("--rounds", type=int, default=ROUNDS)
    parser.add_argument("--write", action="store_true")
    said = parser.parse_args()
    print(HEAD, LINE, sep="\n", flush=True)
    made = []
    for row in rows(said.recipes, said.rounds):
        made.append(str(row))
        print(row, flush=True)
    if said.write:
        page = PAGE.read_text(encoding="utf-8")
        before, _, after = page.partition(HEAD)
        rest = re.sub(r"\A\n\|---.*\n(\|.*\n)*", "", after)
        PAGE.write_text(before + "\n".join([HEAD, LINE, *made]) + "\n" + rest, encoding="utf-8")


if __name__ == "__main__":
    main()
