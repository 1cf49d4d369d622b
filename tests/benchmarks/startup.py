"""Start-up time of the command line, as ratios to the bare imports it cannot do without.

    python tests/benchmarks/startup.py --repeat 15
    python tests/benchmarks/startup.py --guests     # with every plugin that is installed

Every run is a fresh process; the commands take turns, so that a busy moment hits all of them. All
may write bytecode, which an installed package has.
"""

from __future__ import annotations

import argparse
import datetime
import os
import platform
import statistics
import subprocess
import sys
import tempfile
import time
from importlib import metadata
from pathlib import Path

ROOT = Path(__file__).parents[2]
ZOO = str(Path(sys.executable).with_name("gan-zoo"))
LIGHT = [sys.executable, "-c", "import typer, pydantic, pluggy, yaml"]
HEAVY = [sys.executable, "-c", "import torch, torchvision"]
PAIRS = [
    ("gan-zoo --help", [ZOO, "--help"], LIGHT),
    ("gan-zoo list", [ZOO, "list"], LIGHT),
    ("gan-zoo check pix2pix.yaml", [ZOO, "check", str(ROOT / "recipes/pix2pix.yaml")], HEAVY),
]
PACKAGES = ("gan-zoo", "torch", "torchvision", "typer", "pydantic", "pluggy", "PyYAML")


def seconds(command: list[str], folder: str, *, guests: bool = False) -> float:
    """Wall time of one fresh process; other plugins play no part unless they are asked for."""
    kept = {k: v for k, v in os.environ.items() if k != "PYTHONDONTWRITEBYTECODE"}
    writing = kept if guests else {"GAN_ZOO_PLUGINS": "", **kept}
    start = time.perf_counter()
    done = subprocess.run(
        command, cwd=folder, capture_output=True, text=True, check=False, env=writing
    )
    took = time.perf_counter() - start
    if done.returncode:
        sys.exit(f"{' '.join(command)}: exit code {done.returncode}\n{done.stdout}{done.stderr}")
    return took


def machine() -> str:
    """The processor in words, and how many of its cores are ours."""
    model = platform.processor() or platform.machine()
    info = Path("/proc/cpuinfo")
    if info.exists():
        names = [line for line in info.read_text().splitlines() if line.startswith("model name")]
        model = names[0].partition(":")[2].strip() if names else model
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    return f"{model}, {cores} cores, {platform.system()}"


def main() -> None:
    """Measure and print a markdown table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--repeat", type=int, default=9, metavar="N", help="runs of each command")
    parser.add_argument("--guests", action="store_true", help="with every plugin installed here")
    asked = parser.parse_args()
    repeat = asked.repeat
    if repeat < 1:
        parser.error("--repeat must be at least 1")

    commands = [LIGHT, HEAVY, *(command for _, command, _ in PAIRS)]
    times: dict[tuple[str, ...], list[float]] = {tuple(command): [] for command in commands}
    with tempfile.TemporaryDirectory() as folder:
        for turn in range(repeat + 1):
            for command in commands:
                took = seconds(command, folder, guests=asked.guests)
                if turn:  # the first turn fills the disk's cache and writes the bytecode
                    times[tuple(command)].append(took)

    middle = {command: statistics.median(took) for command, took in times.items()}
    versions = ", ".join(f"{name} {metadata.version(name)}" for name in PACKAGES)
    print(f"{machine()}; Python {platform.python_version()}, {versions}; ", end="")
    print(f"{datetime.date.today()}; median of {repeat} interleaved runs\n")
    print("| command | seconds | against | seconds | ratio |\n|---|---:|---|---:|---:|")
    for name, command, base in PAIRS:
        ours, bare = middle[tuple(command)], middle[tuple(base)]
        print(f"| `{name}` | {ours:.3f} | `{base[-1]}` | {bare:.3f} | {ours / bare:.2f} |")


if __name__ == "__main__":
    main()
