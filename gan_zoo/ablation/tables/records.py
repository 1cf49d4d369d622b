"""The table as programs read it: JSON, CSV, and records for a data frame."""

from __future__ import annotations

import csv
import io
import json
import math
from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

from gan_zoo.ablation.table import PUBLISHED, Cell, Row, Table

FORMAT = 1


def as_data(table: Table) -> dict[str, Any]:
    """As JSON knows it, in full precision; what is no finite number is null. What runs took stands
    apart, in `costs`: it is another each time, and all else is equal where results are.
    """
    told = asdict(table)
    told["rows"] = [_row(row) for row in table.rows]
    costs = {
        row.variant: {"seconds_a_step": row.seconds_a_step, "peak_bytes": row.peak_bytes}
        for row in table.rows
    }
    made: dict[str, Any] = _finite({"format": FORMAT, **told, "costs": costs})
    return made


def as_json(table: Table) -> str:
    """The text of table.json."""
    return json.dumps(as_data(table), indent=1, allow_nan=False) + "\n"


def records(table: Table) -> list[dict[str, Any]]:
    """A flat mapping for each variant: numbers are numbers, and None where there is none. All have
    the same keys: `variant`, the grid's factors as `factor.NAME`, `NAME.mean`, `.sd`,
    `.difference`, `.low`, `.high`, `.better`, `.pairs`, `.bold` and `.id` of each score,
    `published` or `published.NAME`, `seeds` and `seeds_done`, and what the variant takes.
    """
    factors = dict.fromkeys(name for row in table.rows for name in row.factors)
    published = dict.fromkeys(name for row in table.rows for name in row.published)
    made = []
    for row in table.rows:
        record: dict[str, Any] = {"variant": row.variant}
        record |= {f"factor.{name}": row.factors.get(name) for name in factors}
        for column in table.columns:
            told = {**_flat(row.cells.get(column.name)), "id": column.id}
            record |= {f"{column.name}.{key}": value for key, value in told.items()}
        record |= {_published(name): _finite(row.published.get(name)) for name in published}
        record["seeds"] = len(table.seeds)
        record["seeds_done"] = sum(state == "done" for state in row.states.values())
        for name in ("parameters", "flop", "seconds_a_step", "peak_bytes"):
            record[name] = getattr(row, name)
        made.append(record)
    return made


def as_csv(table: Table) -> str:
    """The records as text, a line for each variant below one of names."""
    made = records(table)
    out = io.StringIO()
    writer = csv.DictWriter(out, fieldnames=[*made[0]] if made else [], lineterminator="\n")
    writer.writeheader()
    writer.writerows(made)
    return out.getvalue()


def _published(name: str) -> str:
    return name if name == PUBLISHED else f"{PUBLISHED}.{name}"


def _row(row: Row) -> dict[str, Any]:
    told = asdict(row)
    del told["seconds_a_step"], told["peak_bytes"]
    return told


def _flat(cell: Cell | None) -> dict[str, Any]:
    within = cell.difference if cell else None
    return {
        "mean": cell.mean if cell else None,
        "sd": cell.sd if cell else None,
        "difference": within.mean if within else None,
        "low": _finite(within.low) if within else None,
        "high": _finite(within.high) if within else None,
        "better": cell.better if cell else None,
        "pairs": cell.pairs if cell else None,
        "bold": cell.bold if cell else None,
    }


def _finite(value: Any) -> Any:
    """The same with None for what is no finite number, as JSON has none: where nothing bounds a
    difference there is no end.
    """
    if isinstance(value, Mapping):
        return {key: _finite(one) for key, one in value.items()}
    if isinstance(value, list | tuple):
        return [*map(_finite, value)]
    return None if isinstance(value, float) and not math.isfinite(value) else value
