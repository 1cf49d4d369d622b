"""What the boundary map is worth where instances of one class touch.

    python tests/benchmarks/boundary.py --steps 1500 --seeds 0,1,2

Trains the recipe `scenes` with and without its condition `edges`, seed by seed with the same steps,
and compares the L1 of the test pictures near the borders that only the boundary map tells: pixels
whose centers lie within 2 pixels of a border between two instances of one class.
"""

from __future__ import annotations

import argparse
import statistics
import tempfile
import time
from pathlib import Path
from typing import Any

import numpy as np

from gan_zoo.inference.translator import Translator
from gan_zoo.recipe.recipe import Recipe
from gan_zoo.recipe.source import parse_set
from gan_zoo.reporter import Reporter
from gan_zoo.training.run import train


def near(label: Any, instance: Any) -> Any:
    """Ids `H W` each -> the pixels near a border between instances of one class."""
    border = np.zeros(label.shape, bool)
    for axis in (0, 1):
        ahead = [slice(None), slice(None)]
        behind = [slice(None), slice(None)]
        ahead[axis], behind[axis] = slice(1, None), slice(None, -1)
        one, other = tuple(ahead), tuple(behind)
        touch = (label[one] == label[other]) & (instance[one] != instance[other])
        border[one] |= touch
        border[other] |= touch
    wide = np.pad(border, 1)  # from half a pixel off the border to one and a half
    return wide[:-2, 1:-1] | wide[2:, 1:-1] | wide[1:-1, :-2] | wide[1:-1, 2:] | border


def scores(recipe: Recipe, folder: Path) -> tuple[float, float]:
    """Mean L1 in 8-bit values near those borders, and everywhere, over all pixels of the test."""
    run = train(recipe, folder, reporter=Reporter(quiet=True))
    translator = Translator.load(run)
    dataset = recipe.data.open("test")
    close: list[Any] = []
    everywhere: list[float] = []
    for index in range(len(dataset)):
        sample = dataset.read(index, None)
        made = translator.picture({name: sample.maps[name] for name in translator.inputs})
        off = (made.int() - sample.maps["target"].int()).abs().numpy()  # D H W
        mask = near(sample.maps["label"][0].numpy(), sample.maps["instance"][0].numpy())
        close.append(off[:, mask].ravel())
        everywhere.append(float(off.mean()))
    return float(np.concatenate(close).mean()), statistics.mean(everywhere)


def main() -> None:
    """Train the pairs and print a table."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--steps", type=int, default=1500)
    parser.add_argument("--seeds", default="0,1,2", metavar="A,B")
    parser.add_argument("--test", type=int, default=300, help="test scenes")
    parser.add_argument("--set", action="append", default=[], metavar="KEY=VALUE")
    asked = parser.parse_args()
    fixed: dict[str, Any] = {
        "data.samples": [1000, 100, asked.test],
        "phases.main.epochs": None,
        "phases.main.steps": asked.steps,
        "phases.main.schedule": None,
        "validation": None,
        "callbacks": None,
        **parse_set(asked.set),
    }
    print("| seed | near, on | near, off | less | everywhere, on | everywhere, off | minutes |")
    print("|---:|---:|---:|---:|---:|---:|---:|")
    for seed in map(int, asked.seeds.split(",")):
        start, row = time.perf_counter(), []
        for edges in ({}, {"conditions.edges": None}):
            recipe = Recipe.load("scenes", set={**fixed, "seed": seed, **edges})
            with tempfile.TemporaryDirectory() as folder:
                row.append(scores(recipe, Path(folder) / "run"))
        (near_on, all_on), (near_off, all_off) = row
        less = f"{100 * (1 - near_on / near_off):.1f} %"
        figures = [f"{near_on:.2f}", f"{near_off:.2f}", less, f"{all_on:.2f}", f"{all_off:.2f}"]
        minutes = f"{(time.perf_counter() - start) / 60:.1f}"
        print(f"| {' | '.join([str(seed), *figures, minutes])} |", flush=True)


if __name__ == "__main__":
    main()
