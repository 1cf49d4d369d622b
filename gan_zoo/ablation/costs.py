"""What a run took, by its log. No torch."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from statistics import median
from typing import Any

from gan_zoo.ablation.results import Costs


def read_costs(log: Path) -> Costs:
    """What a run took, by its log.jsonl: whatever befell it, a step has one line there."""
    lines = [json.loads(line) for line in log.read_text(encoding="utf-8").splitlines()]
    paces = [*_paces(lines)]
    memory = [line["memory"] for line in lines if "memory" in line]

    def most(name: str) -> int | None:
        return max((told[name] for told in memory if name in told), default=None)

    return Costs(
        seconds=round(sum(steps * seconds for steps, seconds in paces), 3),
        seconds_a_step=median(seconds for _, seconds in paces) if paces else None,
        device_bytes=most("device_bytes"),
        process_bytes=most("process_bytes"),
    )


def _paces(lines: list[Mapping[str, Any]]) -> Iterator[tuple[int, float]]:
    """Of each line with times: the steps since the one before, and the seconds that each took."""
    before = 0
    for line in lines:
        if "seconds" in line:
            yield line["step"] - before, line["seconds"]
            before = line["step"]
