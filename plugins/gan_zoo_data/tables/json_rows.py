"""Objects in JSON: one a line, one after another, or all in a list."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from gan_zoo_data.tables.table_rows import Row, Table, match_columns

SHOWN = 40
SPACE = re.compile(r"[ \t\r\n]*")  # what JSON calls space: no other sign ends a line
LINE = re.compile(r"[^\r\n]*")
BETWEEN = re.compile(r"[ \t\r\n,]*")


class Twice(ValueError):
    """A key that is there twice."""


class Item(NamedTuple):
    """A value, or what is wrong with it.

    Args:
        start: Where it stands in the text.
        value: What was read.
        wrong: Instead, what is wrong.
    """

    start: int
    value: Any = None
    wrong: str = ""


def read_json(path: Path, text: str, wanted: Sequence[str]) -> Table:
    """A table of objects. Numbers stay the text that they are, so that 1.0 is not 1.

    Args:
        path: The file, for messages.
        text: What it holds.
        wanted: Columns that are looked for.
    """
    table = Table()
    line, counted = 1, 0
    listed = text.lstrip().startswith("[") and _is_list(text)
    for item in _until_too_deep(_listed(text) if listed else _objects(text)):
        line += len(re.findall(r"\r\n|\n|\r", text[counted : item.start]))
        counted = item.start
        place = f"{path}:{line}"
        if item.wrong:
            table.mistakes.append(f"{place}: {item.wrong}")
        elif isinstance(item.value, dict):
            _add(table, place, item.value, wanted)
        else:
            came = LINE.match(text, item.start)
            table.mistakes.append(
                f"{place}: {came[0][:SHOWN] if came else ''} came; "
                '{"map": "path", ...} was expected'
            )
    return table


def _add(table: Table, place: str, value: dict[str, Any], wanted: Sequence[str]) -> None:
    match = match_columns([*value], wanted)
    table.note(match.notes)
    if match.mistakes:
        table.mistakes += [f"{place}: {wrong}" for wrong in match.mistakes]
        return
    cells, nested = {}, {}
    for column, cell in zip(match.columns, value.values(), strict=True):
        cells[column] = cell.strip() if isinstance(cell, str) else ""
        if isinstance(cell, bool):
            cells[column] = str(cell).lower()
        elif isinstance(cell, (dict, list)):
            nested[column] = json.dumps(cell, ensure_ascii=False)
    table.rows.append(Row(place, cells, nested))


def _pairs(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    made = dict(pairs)
    if len(made) < len(pairs):
        keys = [key for key, _ in pairs]
        twice = next(key for key in keys if keys.count(key) > 1)
        raise Twice(f"the key {twice!r} is there twice; which one counts is not said")
    return made


DECODER = json.JSONDecoder(
    parse_int=str, parse_float=str, parse_constant=lambda _: None, object_pairs_hook=_pairs
)


def _is_list(text: str) -> bool:
    """Whether a [ that begins the text holds all the objects, and is not a line of its own."""
    start = SPACE.match(text)
    inside = SPACE.match(text, start.end() + 1) if start else None
    return inside is not None and text[inside.end() : inside.end() + 1] in ("{", "]", "")


def _until_too_deep(items: Iterator[Item]) -> Iterator[Item]:
    last = 0
    try:
        for item in items:
            last = item.start
            yield item
    except RecursionError:
        yield Item(last, wrong="brackets within brackets, deeper than a table has them")


def _listed(text: str) -> Iterator[Item]:
    """The values of one list, to the first that is broken."""
    at = _after(BETWEEN, text, text.index("[") + 1)
    while at < len(text) and text[at] != "]":
        try:
            value, end = DECODER.raw_decode(text, at)
        except Twice as problem:
            yield Item(at, wrong=str(problem))
            return
        except json.JSONDecodeError as problem:
            yield _broken(text, problem)
            return
        yield Item(at, value)
        at = _after(BETWEEN, text, end)
    if at >= len(text):
        yield Item(max(len(text.rstrip()) - 1, 0), wrong="the list ends without a ]")
    elif text[at + 1 :].strip():
        yield Item(_after(SPACE, text, at + 1), wrong="something follows the list; take it out")


def _objects(text: str) -> Iterator[Item]:
    """The values of lines; an object may go on over several."""
    at = _after(SPACE, text, 0)
    while at < len(text):
        line = LINE.match(text, at)
        end = line.end() if line else len(text)
        item = _line(text[at:end], at)
        if item.wrong and text[at] == "{":
            longer = _longer(text, at, _after(SPACE, text, end))
            if longer is not None:
                item, end = longer
        yield item
        at = _after(SPACE, text, end)


def _line(line: str, at: int) -> Item:
    try:
        return Item(at, DECODER.decode(line))
    except Twice as problem:
        return Item(at, wrong=str(problem))
    except json.JSONDecodeError as problem:
        hint = ""
        if problem.pos == 0 and at == 0:
            hint = "; a table whose cells are separated is called .csv"
        return Item(at, wrong=f"not JSON: {problem.msg} (character {problem.pos + 1}){hint}")


def _longer(text: str, at: int, next_line: int) -> tuple[Item, int] | None:
    """An object of several lines and its end; None where it ends, or breaks, in the first."""
    try:
        value, end = DECODER.raw_decode(text, at)
    except Twice as problem:
        wrong, broken = str(problem), len(text)
    except json.JSONDecodeError as problem:
        if problem.pos <= next_line:
            return None
        return _broken(text, problem), len(text)
    else:
        return (Item(at, value), end) if end > next_line else None
    return Item(at, wrong=wrong), broken


def _broken(text: str, problem: json.JSONDecodeError) -> Item:
    begun = max(text.rfind("\n", 0, problem.pos), text.rfind("\r", 0, problem.pos)) + 1
    told = f"not JSON: {problem.msg} (character {problem.pos - begun + 1} of the line)"
    return Item(min(problem.pos, len(text)), wrong=told)


def _after(pattern: re.Pattern[str], text: str, at: int) -> int:
    found = pattern.match(text, at)
    return found.end() if found else at
