"""Step time, loading, start-up and peak memory of recipes on the device at hand.

    python tests/benchmarks/step.py
    python tests/benchmarks/step.py --recipe pix2pix --precision bfloat16 --repeat 30
    python tests/benchmarks/step.py --recipe pix2pixhd --phase joint --share-views true,false

Needs nothing but an installed gan-zoo. Variants take turns step by step, so that a busy moment
hits all of them; their medians fill the table of `auto` in gan_zoo/engine/precision.py.
"""

from __future__ import annotations

import argparse
import datetime
import itertools
import platform
import statistics
import subprocess
import sys
import tempfile
import time
from importlib import metadata
from pathlib import Path
from typing import Any

import torch
from torch import nn

from gan_zoo.checks.rehearsal import Bytes
from gan_zoo.components.shapes import Image
from gan_zoo.engine.assembly import assemble
from gan_zoo.engine.loader import Plan, read_batches
from gan_zoo.engine.phase import PhaseRunner
from gan_zoo.engine.precision import Precision, pick_device
from gan_zoo.recipe.recipe import Recipe
from gan_zoo.recipe.source import parse_set
from gan_zoo.recipe.wired import WiredRecipe

PACKAGES = ("gan-zoo", "torch", "torchvision", "numpy", "pillow")
WARM = 2  # steps of each variant that are not counted
SIDE = 256  # where only the data knows


class Variant:
    """One recipe in one precision and layout, ready to step.

    Args:
        name: Of the recipe.
        recipe: What steps.
        precision: In which numbers, on which device.
        phase: Which steps; the first one if absent.
    """

    def __init__(
        self, name: str, recipe: Recipe, precision: Precision, phase: str | None = None
    ) -> None:
        self.name = name
        self.recipe = recipe
        self.precision = precision
        self.times: list[float] = []
        phase = phase or next(iter(recipe.phases))
        self.runner = PhaseRunner(assemble(recipe), phase, precision)
        self.runner.begin()
        maps = WiredRecipe(recipe).phase(phase).wiring.maps
        self.batch = {name: noise(image, recipe.data.batch) for name, image in maps.items()}

    def step(self) -> float:
        """Seconds of one step; reading the losses waits for the device."""
        start = time.perf_counter()
        self.runner.step([self.batch]).numbers()
        return time.perf_counter() - start

    def peak(self) -> int:
        """Peak bytes of one step: by the allocator on a GPU, of live tensors elsewhere."""
        if self.precision.device.type == "cuda":
            torch.cuda.reset_peak_memory_stats()
            others: int = torch.cuda.memory_allocated() - self._held()
            self.step()
            return torch.cuda.max_memory_allocated() - others
        seen = Bytes()
        with seen:
            seen.count(self.tensors())
            self.step()
        return seen.peak

    def tensors(self) -> list[torch.Tensor]:
        """What is held between two steps: networks, those of losses too, and optimizers' state."""
        losses = [loss for loss in self.runner.losses.values() if isinstance(loss, nn.Module)]
        modules = [*self.runner.cast.networks.values(), *losses]
        own = [t for module in modules for t in (*module.parameters(), *module.buffers())]
        own += [t.grad for t in own if t.grad is not None]
        players = self.runner.remember().optimizers.values()
        moments = [v for states in players for state in states.values() for v in state.values()]
        return own + [value for value in moments if isinstance(value, torch.Tensor)]

    def _held(self) -> int:
        held = {t.untyped_storage().data_ptr(): t.untyped_storage() for t in self.tensors()}
        return sum(storage.nbytes() for storage in held.values() if storage.device.type == "cuda")


def noise(image: Image, batch: int) -> torch.Tensor:
    """A map of noise, or of ids, `B C H W`."""
    below = image.classes or image.instances or 256
    kind = torch.int32 if image.ids else torch.uint8
    size = image.channels, image.height or SIDE, image.width or SIDE
    return torch.randint(0, below, (batch, *size), dtype=kind)


def loading(recipe: Recipe, count: int) -> float | None:
    """Seconds a sample takes with the recipe's workers; None where the data is not at hand."""
    if recipe.data.missing():
        return None
    dataset = recipe.data.open("train", next(iter(recipe.phases.values())).size)
    plan = Plan(len(dataset), recipe.data.batch, recipe.seed, 0)
    steps = max(2, count // recipe.data.batch)
    feed = read_batches(
        dataset, plan, start=0, stop=1 + steps, workers=recipe.data.workers, pin=False
    )
    next(feed)  # starts the workers
    start = time.perf_counter()
    read = sum(len(batch.names) for batch in feed)
    return (time.perf_counter() - start) / read


def start_up(recipe: str, changes: list[str]) -> float:
    """Seconds from the command to the end of a run of one step."""
    sets = [part for change in changes for part in ("--set", change)]
    with tempfile.TemporaryDirectory() as folder:
        command = [sys.executable, "-m", "gan_zoo", "run", recipe, "--steps", "1", *sets]
        start = time.perf_counter()
        done = subprocess.run(
            [*command, "--out", str(Path(folder) / "run")],
            capture_output=True,
            text=True,
            check=False,
        )
        took = time.perf_counter() - start
    if done.returncode:
        sys.exit(f"{' '.join(command)}: exit code {done.returncode}\n{done.stdout}{done.stderr}")
    return took


def machine(device: torch.device) -> str:
    """The device in words."""
    if device.type == "cuda":
        return torch.cuda.get_device_name(device)
    model = platform.processor() or platform.machine()
    info = Path("/proc/cpuinfo")
    if info.exists():
        names = [line for line in info.read_text().splitlines() if line.startswith("model name")]
        model = names[0].partition(":")[2].strip() if names else model
    return f"{model}, {torch.get_num_threads()} threads"


def arguments() -> argparse.Namespace:
    """What is to be measured."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    add = parser.add_argument
    add("--recipe", action="append", metavar="NAME", help="default: quickstart")
    add("--set", action="append", default=[], metavar="KEY=VALUE", help="for every recipe")
    add("--phase", metavar="NAME", help="default: the first of each recipe")
    add("--device", default="auto", help="auto, cpu, cuda or mps")
    add("--precision", default="float32,bfloat16", metavar="A,B")
    add("--memory-format", default="contiguous,channels_last", metavar="A,B")
    add("--share-views", default="true", metavar="A,B", help="true,false compares both")
    add("--repeat", type=int, default=7, metavar="N", help="counted steps of each variant")
    add("--samples", type=int, default=200, metavar="N", help="samples that are read")
    return parser.parse_args()


def main() -> None:
    """Measure and print markdown tables."""
    asked = arguments()
    device = pick_device(asked.device)
    names = asked.recipe or ["quickstart"]
    recipes = {name: Recipe.load(name, set=parse_set(asked.set)) for name in names}
    choices = (asked.precision, asked.memory_format, asked.share_views)
    variants = []
    for name, precision, layout, share in itertools.product(
        names, *(choice.split(",") for choice in choices)
    ):
        numbers: Any = Precision(device, precision, layout, share == "true")
        variants.append(Variant(name, recipes[name], numbers, asked.phase))
    for turn in range(WARM + asked.repeat):
        for variant in variants:
            took = variant.step()
            if turn >= WARM:
                variant.times.append(took)

    versions = ", ".join(f"{package} {metadata.version(package)}" for package in PACKAGES)
    print(f"{machine(device)}; Python {platform.python_version()}, {versions}; ", end="")
    print(f"{datetime.date.today()}; median of {asked.repeat} interleaved steps\n")
    print("| recipe | batch | precision | memory format | views | ms a step | fastest | peak MiB |")
    print("|---|---:|---|---|---|---:|---:|---:|")
    for variant in variants:
        middle = 1000 * statistics.median(variant.times)
        row = [variant.name, variant.recipe.data.batch, variant.precision.name]
        together = getattr(variant.recipe.method, "turns", "") == "simultaneous"
        shared = "shared" if variant.precision.share_views else "separate"
        row += [variant.precision.memory_format, shared if together else "-", f"{middle:.1f}"]
        row += [f"{1000 * min(variant.times):.1f}", f"{variant.peak() / 2**20:.0f}"]
        print(f"| {' | '.join(map(str, row))} |")
    print("\n| recipe | workers | ms a sample read | seconds of a run of one step |")
    print("|---|---:|---:|---:|")
    for name, recipe in recipes.items():
        read = loading(recipe, asked.samples)
        told = ["no data", "no data"]
        if read is not None:
            sets = [*asked.set, f"engine.device={device.type}"]
            told = [f"{1000 * read:.2f}", f"{start_up(name, sets):.1f}"]
        print(f"| {name} | {recipe.data.workers} | {' | '.join(told)} |")


if __name__ == "__main__":
    main()
