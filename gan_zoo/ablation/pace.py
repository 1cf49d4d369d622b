"""How long a step of a variant takes here, for a budget of minutes: measured by a short run of
every phase, in a process of its own. No torch.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from gan_zoo.ablation.keys import counted, digest
from gan_zoo.errors import UserError
from gan_zoo.recipe import text
from gan_zoo.recipe.wired import WiredRecipe
from gan_zoo.runs.process import THREADS

WARM = 4  # steps of a phase that are not counted: caches fill, kernels are chosen
TIMED = 16  # steps that are
LENGTH = {"epochs": None, "steps": WARM + TIMED, "schedule": None}


def name_pace(wired: WiredRecipe, device: str, threads: int | None) -> str:
    """What is equal where steps take equally long, on one machine: of any length."""
    tree = counted(wired)
    for phase in tree["phases"].values():
        phase |= dict.fromkeys(LENGTH)
    return digest([tree, device, threads])


def measure_pace(wired: WiredRecipe, steps: Mapping[str, int], threads: int | None) -> float:
    """Seconds a step, in the mean over the run's course.

    Args:
        wired: Of any length; its data is at hand.
        steps: Phase -> its share of the whole.
        threads: Of the run, on a CPU.

    Raises:
        UserError: the short run failed; shows its last words.
    """
    tree = wired.recipe.dump(wired.zoo)
    tree["phases"] = {name: {**phase, **LENGTH} for name, phase in tree["phases"].items()}
    tree["engine"] |= {"log_every": 1}
    with TemporaryDirectory(prefix="gan-zoo-pace-") as folder:
        recipe, run = Path(folder) / "recipe.yaml", Path(folder) / "run"
        recipe.write_text(text.write(tree), encoding="utf-8")
        command = [sys.executable, "-m", "gan_zoo", "run", str(recipe), "--out", str(run)]
        chosen = dict.fromkeys(THREADS, str(threads)) if threads else {}
        done = subprocess.run(
            command, env={**os.environ, **chosen}, capture_output=True, text=True, check=False
        )
        if done.returncode:
            words = (done.stderr or done.stdout).strip().splitlines()[-3:]
            raise UserError("\n".join(["a short run, to measure its steps, failed:", *words]))
        paces = dict(_paces(run / "log.jsonl"))
    total = sum(paces[name] * steps[name] for name in paces)
    return round(total / sum(steps[name] for name in paces), 6)


def _paces(log: Path) -> Iterator[tuple[str, float]]:
    """Phase -> seconds a step; a line of the log has the mean over the steps so far, of which there
    are fewer than a mean is taken of.
    """
    means: dict[str, list[float]] = {}
    for line in log.read_text(encoding="utf-8").splitlines():
        told: dict[str, Any] = json.loads(line)
        if "seconds" in told:
            means.setdefault(told["phase"], []).append(told["seconds"])
    for phase, own in means.items():
        warm = min(WARM, len(own) - 1)
        before = own[warm - 1] * warm if warm else 0.0
        yield phase, max(own[-1] * len(own) - before, 0.0) / (len(own) - warm)
