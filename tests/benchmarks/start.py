"""How long a large data set delays the first step of a run.

    python tests/benchmarks/start.py [SAMPLES] [FOLDER]

Makes label maps, instance maps and photos, three small files a sample, once in FOLDER, and runs one
step of a tiny network on the first 10 of them and on all, in turn, each in a process of its own.
Prints the medians of the time until the step was taken, and their difference.
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
import time
from pathlib import Path
from statistics import median

import numpy as np
from PIL import Image

ROUNDS = 3
SIDE = 16
RECIPE = """
data: {use: label_folder, root: ROOT, classes: 8, instances: 64, batch: 1}
conditions: {label: {use: one_hot}, boundary: {use: boundary}}
method: {use: paired}
generator: {use: unet, width: 2, depth: 3}
discriminator: {use: patch, width: 2, layers: 1}
losses: {gan: {use: adversarial}}
optimizers: {generator: {use: adam}, discriminator: {use: adam}}
phases:
  small: {steps: 1, size: [16, 16]}
  large: {steps: 1, size: [32, 32]}
  last: {steps: 1, size: [24, 24]}
validation: {split: val, metrics: {l1: {use: l1}}}
engine: {device: cpu}
"""


def make(root: Path, samples: int) -> Path:
    """The folders, if they are not there."""
    if (root / "done").exists():
        return root
    draw = np.random.default_rng(0)
    for split, count in (("train", samples), ("val", 2)):
        for kind in ("label", "inst", "img"):
            (root / f"{split}_{kind}").mkdir(parents=True, exist_ok=True)
        for n in range(count):
            ids = draw.integers(0, 8, (SIDE, SIDE), dtype=np.uint8)
            Image.fromarray(ids).save(root / f"{split}_label" / f"{n:06d}.png")
            Image.fromarray(ids * 7).save(root / f"{split}_inst" / f"{n:06d}.png")
            colors = draw.integers(0, 256, (SIDE, SIDE, 3), dtype=np.uint8)
            Image.fromarray(colors).save(root / f"{split}_img" / f"{n:06d}.jpg")
    (root / "done").touch()
    return root


def seconds(root: Path) -> tuple[float, str]:
    """Until the first step of a fresh process was taken, and what it said on the way."""
    with tempfile.TemporaryDirectory() as folder:
        recipe = Path(folder) / "recipe.yaml"
        recipe.write_text(RECIPE.replace("ROOT", str(root)))
        command = [sys.executable, "-m", "gan_zoo", "run", str(recipe), "--steps", "1"]
        start = time.perf_counter()
        done = subprocess.run(
            [*command, "--out", str(Path(folder) / "run")],
            capture_output=True,
            text=True,
            check=True,
        )
        return time.perf_counter() - start, done.stderr


def main() -> None:
    samples = int(sys.argv[1]) if len(sys.argv) > 1 else 33_333
    base = Path(sys.argv[2]) if len(sys.argv) > 2 else Path(tempfile.gettempdir())
    few, all_of_them = make(base / "few", 10), make(base / f"all-{samples}", samples)
    found: dict[str, list[float]] = {"10": [], str(samples): []}
    for _ in range(ROUNDS):
        for name, root in (("10", few), (str(samples), all_of_them)):
            took, said = seconds(root)
            found[name].append(took)
    for name, times in found.items():
        print(f"{name} samples: {median(times):.1f} s ({min(times):.1f} to {max(times):.1f})")
    apart = [large - small for small, large in zip(*found.values(), strict=True)]
    print(f"later by {median(apart):.1f} s ({min(apart):.1f} to {max(apart):.1f})\n{said}")


if __name__ == "__main__":
    main()
