"""Which tables lie in a folder, and what their columns are."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from gan_zoo.components import DataError, Found, Refused
from gan_zoo_data.files.pictures import EXTENSIONS
from gan_zoo_data.splits import LEARNED, SPLITS
from gan_zoo_data.tables.cell_paths import find_file
from gan_zoo_data.tables.column_kinds import Column, judge_column
from gan_zoo_data.tables.table_rows import NAME, SPLIT, TABLES, Row
from gan_zoo_data.tables.tables import read_table

SINGLE = ("metadata", "paths", "all", "manifest", "data", "dataset", "index", "samples", "pairs")
WITHIN = ("metadata.csv", "metadata.jsonl", "paths.txt")  # in a folder of each split
LOOKED_AT = 5  # lines whose files are looked at
# What columns are called that are source or target of pairs, without signs and letter case.
SOURCES: tuple[str, ...] = (
    "source",
    "src",
    "input",
    "imagea",
    "a",
    "condition",
    "conditioning",
    "before",
    "sketch",
)
SOURCES += ("inputimage", "conditioningimage", "originalimage")
TARGETS: tuple[str, ...] = (
    "target",
    "tgt",
    "output",
    "imageb",
    "b",
    "groundtruth",
    "gt",
    "after",
    "photo",
)
TARGETS += ("outputimage", "editedimage", "image")


@dataclass(frozen=True)
class Sheet:
    """Tables that belong together.

    Args:
        file: Their name, {split} for the split.
        splits: Split -> its lines.
        mistakes: Why tables of further splits, which are there, cannot be read.
    """

    file: str
    splits: Mapping[str, Sequence[Row]]
    mistakes: Sequence[str] = field(default=())


def recognize_tables(folder: Path, make: Callable[..., Any]) -> Found | Refused | None:
    """What a folder of tables is; None where no table in it names pictures.

    Args:
        folder: The root.
        make: The spec, called with its options.
    """
    for sheet in _sheets(folder):
        rows = next(iter(sheet.splits.values()))
        columns = [*_columns(folder, sheet, rows[:LOOKED_AT])]
        if len(columns) < 2:
            continue  # a list of pictures, perhaps with words beside: no pairs
        if isinstance(options := _options(columns), str):
            return Refused(f"{folder / sheet.file} names pictures, but {options}")
        if "" in sheet.splits:
            return Refused(
                f"{folder / sheet.file} names pictures, but not which are for training: add a "
                f"column {SPLIT} with train and val, or make a table of each and say `file: "
                "'{split}" + Path(sheet.file).suffix + "'`"
            )
        spec = make(root=str(folder), file=sheet.file, **options)
        return Found(
            spec,
            f"the columns {', '.join(one.name for one in columns)} of {sheet.file} name pictures",
            {split: len(lines) for split, lines in sheet.splits.items()},
            [note for one in columns for note in one.notes] + _notes(options, columns),
            sheet.mistakes,
        )
    return None


def _sheets(folder: Path) -> Iterator[Sheet]:
    """The tables in a folder, those of splits first."""
    for suffix in TABLES:
        yield from _of_splits(folder, "{split}" + suffix)
    for name in WITHIN:
        yield from _of_splits(folder, "{split}/" + name)
        yield from _of_splits(folder, "{split}A/" + name)
    names = [path.name for path in sorted(folder.iterdir()) if path.suffix.lower() in TABLES]
    singles = [name for name in names if Path(name).stem.lower() in SINGLE]
    for name in singles or names[:1] * (len(names) == 1):
        rows = _rows(folder / name, [])  # else some other file of that ending
        if rows and all(SPLIT in row.cells for row in rows):
            splits = dict.fromkeys(row.cells[SPLIT] for row in rows)
            of = {s: [row for row in rows if row.cells[SPLIT] == s] for s in splits}
            yield Sheet(name, of)
        elif rows:
            yield Sheet(name, {"": rows})


def _of_splits(folder: Path, file: str) -> Iterator[Sheet]:
    wrong: list[str] = []
    found = {split: _rows(folder / file.replace("{split}", split), wrong) for split in SPLITS}
    if found[LEARNED]:
        yield Sheet(file, {split: rows for split, rows in found.items() if rows}, wrong)


def _rows(path: Path, wrong: list[str]) -> Sequence[Row]:
    """The sound lines of a table; none where it is not there, or no table, which is added to what
    is wrong.
    """
    if not path.is_file():
        return []
    try:
        table = read_table(path, [SPLIT])
    except DataError as problem:
        wrong.append(str(problem))
        return []
    if not table.rows:
        wrong += table.mistakes
    return table.rows


def _columns(folder: Path, sheet: Sheet, rows: Sequence[Row]) -> Iterator[Column]:
    """The columns all of whose cells name pictures that are there."""
    table = folder / sheet.file.replace("{split}", next(iter(sheet.splits)))
    for name in rows[0].cells:
        if not name or name in (SPLIT, NAME):
            continue
        found = [find_file(row.cells.get(name, ""), [table.parent, folder]) for row in rows]
        files = [one.path for one in found if one and one.path.suffix.lower() in EXTENSIONS]
        if len(files) == len(rows):
            yield judge_column(name, files)


def _options(columns: Sequence[Column]) -> dict[str, Any] | str:
    """Columns -> options of the data; or why they are no pairs."""
    unread = [one for one in columns if one.kind == ""]
    if unread:
        told = f"{unread[0].name} holds {unread[0].mode}, which headers do not explain"
        return f"{told}; write the recipe by hand"
    made: dict[str, Any] = {"pictures": {}, "labels": {}, "instances": {}, "columns": {}}
    photos = [one for one in columns if one.kind == "pictures"]
    if not photos:
        told = ", ".join(f"{one.name} ({one.kind})" for one in columns)
        return f"none is a picture to learn: {told}"
    names = _called(photos, single=len(photos) < len(columns))
    for kind, called in (("labels", "label"), ("instances", "instance")):
        those = [one.name for one in columns if one.kind == kind]
        names |= {column: called if len(those) == 1 else column for column in those}
    if clash := [name for name, count in Counter(names.values()).items() if count > 1]:
        return f"two columns would be called {clash[0]}; name them by `columns`"
    for one in columns:
        made[one.kind][names[one.name]] = one.mode
        if names[one.name] != one.name:
            made["columns"][names[one.name]] = one.name
    ignore = sorted({id for one in columns for id in one.ignore})
    return {key: value for key, value in made.items() if value} | (
        {"ignore": ignore} if ignore else {}
    )


def _called(photos: Sequence[Column], *, single: bool) -> dict[str, str]:
    """Column -> the map it is: target is what is learned, source what it is made from."""

    def rank(words: Sequence[str], one: Column) -> int:
        return words.index(one.plain) if one.plain in words else len(words)

    target = min(reversed(photos), key=lambda one: rank(TARGETS, one))
    names = {one.name: one.name for one in photos} | {target.name: "target"}
    others = [one for one in photos if one is not target]
    if others and (len(others) == 1 or not single):
        names[min(others, key=lambda one: rank(SOURCES, one)).name] = "source"
    return names


def _notes(options: Mapping[str, Any], columns: Sequence[Column]) -> list[str]:
    """What was guessed from no more than the order of the columns."""
    renamed = {column: name for name, column in options.get("columns", {}).items()}
    known = {*SOURCES, *TARGETS}
    unsure = [one for one in columns if one.kind == "pictures" and one.plain not in known]
    if not unsure or len(options["pictures"]) < 2:
        return []
    told = ", ".join(f"{one.name} is {renamed.get(one.name, one.name)}" for one in columns)
    return [f"which column is learned was told by their order: {told}; `columns` changes it"]
