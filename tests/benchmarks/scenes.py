"""Time to make a scene, beside the time to read one of its kind from files.

    python tests/benchmarks/scenes.py
    python tests/benchmarks/scenes.py --files ../shared/data/facades_inst_hd --classes 11

The two take turns scene by scene, so that a busy moment hits both. Files are read as training
reads them: decoded, resized to the side, label and instance by nearest.
"""

from __future__ import annotations

import argparse
import datetime
import platform
import statistics
import time
from importlib import metadata
from pathlib import Path

from gan_zoo.components.interfaces import Dataset
from gan_zoo_data.folder_specs import LabelFolderSpec
from gan_zoo_data.scenes.themes import THEMES
from gan_zoo_data.shipped_specs import ScenesSpec

ROOT = Path(__file__).parents[2]
PACKAGES = ("gan-zoo", "torch", "numpy", "pillow")
WARM = 5  # scenes of each kind that are not counted


def machine() -> str:
    """The processor in words."""
    info = Path("/proc/cpuinfo")
    if info.exists():
        names = [line for line in info.read_text().splitlines() if line.startswith("model name")]
        if names:
            return names[0].partition(":")[2].strip()
    return platform.processor() or platform.machine()


def arguments() -> argparse.Namespace:
    """What is to be measured."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    add = parser.add_argument
    add("--side", type=int, action="append", metavar="PIXELS", help="default: 128 and 512")
    add("--repeat", type=int, default=50, metavar="N", help="counted scenes of each kind")
    add("--files", type=Path, default=ROOT.parent / "shared/data/facades_inst_hd", metavar="DIR")
    add("--classes", type=int, default=11, metavar="N", help="classes of these files")
    return parser.parse_args()


def main() -> None:
    """Measure and print a markdown table."""
    asked = arguments()
    rows: dict[tuple[str, int], Dataset] = {}
    for side in asked.side or [128, 512]:
        for theme in THEMES:
            rows[f"made: {theme}", side] = ScenesSpec(theme=theme).open("train", (side, side))
        if asked.files.is_dir():
            files = LabelFolderSpec(root=str(asked.files), classes=asked.classes)
            rows[f"read: {asked.files.name}", side] = files.open("train", (side, side))

    times: dict[tuple[str, int], list[float]] = {row: [] for row in rows}
    for index in range(WARM + asked.repeat):
        for row, dataset in rows.items():
            start = time.perf_counter()
            dataset.read(index % len(dataset), None)
            if index >= WARM:
                times[row].append(time.perf_counter() - start)

    versions = ", ".join(f"{package} {metadata.version(package)}" for package in PACKAGES)
    print(f"{machine()}; Python {platform.python_version()}, {versions}; ", end="")
    print(f"{datetime.date.today()}; one process, median of {asked.repeat} interleaved scenes\n")
    print("| scenes | side | ms a scene | fastest | slowest |\n|---|---:|---:|---:|---:|")
    for (name, side), took in times.items():
        told = [1000 * seconds for seconds in (statistics.median(took), min(took), max(took))]
        print(f"| {name} | {side} | {' | '.join(f'{ms:.1f}' for ms in told)} |")


if __name__ == "__main__":
    main()
