"""A check, a recipe."""

from __future__ import annotations

import json
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from gan_zoo.cli.terminal.text import print_rows
from gan_zoo.recipe import text

if TYPE_CHECKING:
    from gan_zoo.checks import Report
    from gan_zoo.checks.rehearsal import Rehearsal
    from gan_zoo.recipe.recipe import Recipe
    from gan_zoo.recipe.source import Source


def check_as_data(report: Report) -> dict[str, Any]:
    """A report for scripts; numbers are exact."""
    return asdict(report)


def print_check(report: Report) -> None:
    """A report as tables, one a phase."""
    print("The contracts hold, and every phase was rehearsed.")
    if report.data:
        print("\nData")
        rows = []
        for holding in report.data:
            rows.append([holding.split, holding.said])
            rows += [["", told] for told in [holding.describe()] if told]
        print_rows(rows)
    for phase in report.phases:
        _print_phase(phase)
    for title, lines in (
        ("Notes", report.notes),
        ("Needed before run", report.needed),
        ("Mistakes in the data", report.mistakes),
    ):
        if lines:
            print(f"\n{title}")
            print_rows([[line] for line in lines])


def _print_phase(phase: Rehearsal) -> None:
    height, width = phase.size
    guess = "; the size is assumed, the data tells it" if phase.assumed else ""
    batch = f"{phase.accumulate} x " * (phase.accumulate > 1) + str(phase.batch)
    print(f"\nPhase {phase.phase}: {height}x{width} (height x width), batch {batch}{guess}")
    rows = [["network", "parameters", "resting"]]
    for network, playing in phase.playing.items():
        resting = phase.resting.get(network, 0)
        rows.append([network, f"{playing:,}", f"{resting:,}" if resting else "-"])
    print_rows(rows, right=(1, 2))
    learning = [f"{player} {count:,}" for player, count in phase.learning.items()]
    rows = [["learning", ", ".join(learning)]]
    if phase.receptive_field is not None:
        pixels = f"{phase.receptive_field} pixels, of one logit of the discriminator"
        rows.append(["receptive field", pixels])
    rows.append(["computation", f"{phase.flop / 1e9:,.1f} GFLOP a step"])
    rows.append(["memory", f"{_bytes(phase.peak_bytes)} at the peak, in {phase.precision}"])
    if phase.held_bytes:
        beside = "in main memory and in every checkpoint, of earlier fakes"
        rows.append(["pool", f"{_bytes(phase.held_bytes)} {beside}"])
    print_rows(rows)


def _bytes(count: int) -> str:
    return f"{count / 1e9:.2f} GB" if count >= 1e9 else f"{count / 1e6:.1f} MB"


def print_recipe(recipe: Recipe, source: Source | None = None, *, as_json: bool = False) -> None:
    """A recipe as it resolves: YAML that can be run again, or each value with its place."""
    if source is not None:
        from gan_zoo.runs.origins import describe_origins

        print(describe_origins(recipe, source), end="")
    elif as_json:
        print(json.dumps(recipe.dump(), indent=2))
    else:
        print(text.write(recipe.dump()), end="")
