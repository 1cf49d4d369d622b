"""An exported file in the terminal."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from gan_zoo.inference.export.exporting import Exported


def print_exported(made: Exported) -> None:
    """Where it is, what goes in and comes out, and how far it is from the run."""
    size = made.path.stat().st_size / 1e6
    nodes = sum(made.operations.values())
    print(f"{made.path}: {size:.1f} MB, {nodes} nodes")
    for what in ("inputs", "outputs"):
        for one in json.loads(made.about[what]):
            name, kind, shape, meaning = (one[k] for k in ("name", "type", "shape", "meaning"))
            print(f"  {what[:-1]} {name}: {kind} {shape}, {meaning}")
    for note in json.loads(made.about["notes"]):
        print(f"  {note}")
    print(f"Compared with the run on {made.figures}")
