"""Milliseconds a picture of a loaded model: float32 and bfloat16, compiled or not.

    python tests/benchmarks/translation.py
    python tests/benchmarks/translation.py --recipe pix2pix --size 256
    python tests/benchmarks/translation.py --backend aot_eager --rounds 3

A run of one step, of large weights, is made and loaded in four ways, which take turns picture by
picture, so that a busy moment hits all of them; a picture is `Translator.output` of noise. Recipes
are those of pairs: where their pictures do not ship with gan-zoo, some are made up. The first
picture of a compiled model waits for the compiler: with TORCHINDUCTOR_CACHE_DIR an empty folder for
all of it, and when the same command runs again for what torch kept there.
"""

from __future__ import annotations

import argparse
import datetime
import platform
import statistics
import tempfile
import time
from pathlib import Path
from typing import Any

import torch
from loading import save_pairs
from torch import Tensor

import gan_zoo
from gan_zoo.engine import compiling
from gan_zoo.recipe.recipe import Recipe
from gan_zoo.reporter import Reporter
from gan_zoo.runs.folder import RunFolder

SEED = 0
WAYS: dict[str, dict[str, Any]] = {
    "float32": {"precision": "float32"},
    "bfloat16": {"precision": "bfloat16"},
    "float32, compiled": {"precision": "float32", "compile": True},
    "bfloat16, compiled": {"precision": "bfloat16", "compile": True},
}


class Way:
    """A run, loaded in one way.

    Args:
        run, device: As of `gan_zoo.load`.
        words: Of that too.
        maps: What is translated.
    """

    def __init__(
        self, run: RunFolder, device: str, words: dict[str, Any], maps: dict[str, Tensor]
    ) -> None:
        self.model = gan_zoo.load(run, device=device, **words)
        self.maps = maps
        self.times: list[float] = []
        self.first = self.take()
        self.made = self.model.output(maps, seed=SEED)

    def take(self) -> float:
        """Seconds of one picture, from its maps to floats on the host."""
        start = time.perf_counter()
        self.model.output(self.maps, seed=SEED)
        return time.perf_counter() - start

    def row(self, name: str, base: Way) -> str:
        """Of the table; the first way is what others are compared with."""
        apart = (self.made.double() - base.made.double()).abs()
        times = statistics.median(b / o for b, o in zip(base.times, self.times, strict=True))
        numbers = (
            f"{1000 * statistics.median(self.times):.1f}",
            f"{1000 * min(self.times):.1f}",
            f"{times:.2f}",
            f"{self.first:.1f}",
            f"{float(apart.mean()) * 127.5:.2f}",
            f"{float(apart.max()) * 127.5:.1f}",
            f"{float(apart.max()):.1e}",
        )
        return f"| {name} | {' | '.join(numbers)} |"


def fresh(name: str, folder: Path) -> RunFolder:
    """A run of one step on the CPU."""
    words: dict[str, Any] = {"data.workers": 0, "phases.main": {"epochs": None, "steps": 1}}
    words |= {"callbacks": None, "validation": None, "engine.device": "cpu"}
    words["init.gain"] = 0.5  # after one step pictures would be flat, and none far from another
    recipe = Recipe.load(name, set=words)
    if hasattr(recipe.data, "root"):
        save_pairs(folder / "pairs", [(256, 256)] * 2)
        recipe = Recipe.load(name, set={**words, "data.root": str(folder / "pairs")})
    return gan_zoo.train(recipe, folder / "run", reporter=Reporter(quiet=True))


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--recipe", default="quickstart")
    parser.add_argument("--size", type=int, default=64, help="of a square, in pixels")
    parser.add_argument("--rounds", type=int, default=25)
    parser.add_argument("--device", default="cpu")
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--backend", default=compiling.BACKEND, help="aot_eager is quick")
    asked = parser.parse_args()
    torch.set_num_threads(asked.threads)
    compiling.BACKEND = asked.backend
    with tempfile.TemporaryDirectory() as folder:
        run = fresh(asked.recipe, Path(folder))
        shapes, draw = gan_zoo.load(run, device="cpu"), torch.Generator().manual_seed(SEED)
        maps = {
            name: torch.randint(
                0, 256, (shapes.shapes[name].channels, asked.size, asked.size), generator=draw
            ).to(torch.uint8)
            for name in shapes.inputs
        }
        ways = {name: Way(run, asked.device, words, maps) for name, words in WAYS.items()}
        for _ in range(asked.rounds):
            for way in ways.values():
                way.times.append(way.take())
    base = ways["float32"]
    print(
        f"\n{datetime.date.today()}; {asked.recipe}, {asked.size} x {asked.size}, {asked.device}, "
        f"{asked.threads} threads ({platform.machine()}), torch {torch.__version__}, "
        f"{asked.backend}; {asked.rounds} rounds\n"
    )
    print(
        "| way | median ms | least ms | times as fast | first, s | mean of 255 apart | furthest "
        "| in -1 to 1 |\n|---|---:|---:|---:|---:|---:|---:|---:|"
    )
    for name, way in ways.items():
        print(way.row(name, base))


if __name__ == "__main__":
    main()
