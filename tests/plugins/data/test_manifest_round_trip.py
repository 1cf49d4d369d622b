"""Whatever names a program writes into a table, the same come out of it."""

from __future__ import annotations

import csv
import io
import json
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gan_zoo_data.tables.csv_rows import SEPARATORS, read_csv
from gan_zoo_data.tables.json_rows import read_json

COLUMNS = ("source", "target")
# Spaces around a cell are no part of it; a line without a cell is none.
TEXT = st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"]), min_size=1)
CELL = TEXT.map(str.strip).filter(bool)
ROWS = st.lists(st.tuples(CELL, CELL), min_size=1, max_size=4)


@settings(max_examples=60, deadline=None)
@given(ROWS, st.sampled_from([*SEPARATORS]), st.sampled_from(["\n", "\r\n", "\r"]))
def test_cells(rows: list[tuple[str, str]], separator: str, end: str) -> None:
    made = io.StringIO()
    writer = csv.writer(made, delimiter=separator, lineterminator=end, quoting=csv.QUOTE_ALL)
    writer.writerows([COLUMNS, *rows])
    table = read_csv(Path("x.csv"), made.getvalue(), COLUMNS)
    assert table.mistakes == []
    assert [tuple(row.cells.values()) for row in table.rows] == rows


@pytest.mark.parametrize("indent", [None, 1])
@pytest.mark.parametrize("listed", [False, True])
@settings(max_examples=40, deadline=None)
@given(rows=ROWS, escaped=st.booleans())
def test_objects(
    rows: list[tuple[str, str]], escaped: bool, listed: bool, indent: int | None
) -> None:
    objects = [dict(zip(COLUMNS, row, strict=True)) for row in rows]
    parts = [json.dumps(one, ensure_ascii=escaped, indent=indent) for one in objects]
    text = f"[{', '.join(parts)}]" if listed else "\n".join(parts)
    table = read_json(Path("x.json"), text, COLUMNS)
    assert table.mistakes == []
    assert [tuple(row.cells.values()) for row in table.rows] == rows


@settings(max_examples=100, deadline=None)
@given(st.text(), st.sampled_from([read_csv, read_json]))
def test_any_text_is_read_or_refused(text: str, read: object) -> None:
    """Never a traceback."""
    assert callable(read)
    table = read(Path("x"), text, COLUMNS)
    assert isinstance(table.mistakes, list)
