"""What an ablation came to, in sentences."""

from __future__ import annotations

from collections.abc import Mapping

from gan_zoo.ablation.pages.rows import FAILED
from gan_zoo.ablation.table import Column, Table
from gan_zoo.ablation.tables.layout import Entry, differences
from gan_zoo.evaluation.statistics import FEWEST_SEEDS
from gan_zoo.report.markup import Html, tag
from gan_zoo.report.wording import listing

DONE = "done"
NAMED = 4  # variants, at most, that a sentence names


def describe_verdict(table: Table) -> str:
    """Which variants differ from the reference, in a sentence."""
    others = [row for row in table.rows if row.variant != table.reference]
    whole = all(state == DONE for row in table.rows for state in row.states.values())
    if not table.comparisons:
        why = "no score is measured in one way" if whole else "no seed is done"
        return f"Nothing can be said yet: {why} in {table.reference} and another variant."
    if len(table.seeds) < FEWEST_SEEDS:
        return f"There is no verdict: it takes {FEWEST_SEEDS} seeds or more."
    differing = [row.variant for row in others if any(cell.bold for cell in row.cells.values())]
    if not differing and not whole:
        return "There is no verdict yet: not all runs are done."
    if not differing:
        told = (
            f"No difference to {table.reference} may be believed, which is not that there is none"
        )
        return f"{told}: the table says how large one must be for these seeds to show it."
    if len(differing) > NAMED:
        told = f"{len(differing)} of {len(others)} variants differ"
    else:
        told = listing(differing) + (" differs" if len(differing) == 1 else " differ")
    return f"{told} from {table.reference} in a score whose interval is off zero."


def list_findings(table: Table) -> Html:
    """Score by score what is better and what is worse than the reference, of those that it has."""
    told = differences(table)
    [reference] = [row for row in table.rows if row.variant == table.reference]
    columns = [one for one in table.columns if one.name in reference.cells] or table.columns
    items = [_finding(table, column, told[column.name]) for column in columns]
    return tag("ul", *items, class_="findings")


def _finding(table: Table, column: Column, told: Mapping[str, Entry]) -> Html:
    better, worse, unsure = list[str](), list[str](), list[str]()
    for row in table.rows:
        cell = row.cells.get(column.name)
        if cell is None or cell.difference is None:
            continue
        if not cell.bold:
            few = f" ({cell.pairs} of {len(table.seeds)} seeds)"
            unsure.append(f"{row.variant}{few if cell.pairs != len(table.seeds) else ''}")
            continue
        good = (cell.difference.mean < 0) == is_lower_better(column)
        (better if good else worse).append(f"{row.variant} ({told[row.variant].text})")
    parts = {"better: ": better, "worse: ": worse, "no verdict on ": unsure}
    said = "; ".join(f"{word}{_name(found)}" for word, found in parts.items() if found)
    away = "" if column.ideal is None else f", distance to {column.ideal:g}"
    return tag("li", tag("strong", column.name), f"{away}: {said or 'no difference'}.")


def _name(variants: list[str]) -> str:
    return listing(variants) if len(variants) <= NAMED else f"{len(variants)} variants"


def is_lower_better(column: Column) -> bool:
    """Whether a difference below zero is better; it is one of distances where there is an ideal."""
    return column.lower_is_better or column.ideal is not None


def describe_progress(table: Table) -> str:
    """How many runs are done, and which are not."""
    states = [state for row in table.rows for state in row.states.values()]
    done = states.count(DONE)
    seeds = listing([*map(str, table.seeds)])
    what = f"{len(table.rows)} variants by {_count(len(table.seeds), 'seed')} ({seeds})"
    if done == len(states):
        return f"All {done} runs are done: {what}."
    told = f"{done} of {len(states)} runs are done, of {what}."
    missing: dict[int, list[str]] = {}
    for row in table.rows:
        for seed, state in row.states.items():
            if state != DONE and not state.startswith(FAILED):
                missing.setdefault(seed, []).append(row.variant)
    for seed, variants in missing.items():
        whole = len(variants) == len(table.rows)
        told += f" Seed {seed} is missing of {'all' if whole else _name(variants)}."
    return told


def list_failures(table: Table) -> Html | None:
    """Runs that failed, with their cause and their last line."""
    items = [
        tag(
            "li",
            f"{row.variant}, seed {seed} failed: ",
            tag("strong", state.removeprefix(FAILED)),
            tag("code", row.faults[seed]) if row.faults.get(seed) else None,
        )
        for row in table.rows
        for seed, state in row.states.items()
        if state.startswith(FAILED)
    ]
    return tag("ul", *items, class_="failures") if items else None


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}" + ("" if number == 1 else "s")
