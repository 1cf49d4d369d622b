"""Samples named by a table: a CSV file, or one JSON object a line."""

from __future__ import annotations

import csv
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING, Any, NamedTuple

from gan_zoo.components import DataError
from gan_zoo_data.ids import Ids
from gan_zoo_data.layouts import name_skipped, refuse_mistakes
from gan_zoo_data.roots import Root, input_maps, list_inputs
from gan_zoo_data.samples import WORDS, Samples

if TYPE_CHECKING:
    from gan_zoo_data.modes import Mode

TABLES = (".csv", ".jsonl")
SEPARATORS = {";": "semicolons", "\t": "tabs", "|": "bars"}  # that other programs write
SPLIT, NAME = "split", "name"  # columns with a meaning of their own


class Row(NamedTuple):
    """One line of a table.

    Args:
        place: FILE:LINE, for messages.
        cells: Column -> text.
    """

    place: str
    cells: Mapping[str, str]


@dataclass(frozen=True)
class Manifest(Root):
    """A root with tables of samples.

    Args:
        file: The table's name, in which {split} stands for the split.
        kinds: Map, which is a column -> mode of its files, or what their ids may be.
    """

    file: str
    kinds: Mapping[str, Mode | Ids]

    def found(self, split: str) -> tuple[Samples, list[str]]:
        """The lines of a split, and what is wrong with some."""
        if missing := self.missing():
            raise DataError(missing[0])
        path = self.root / self.file.replace("{split}", split)
        rows, mistakes = _rows(path)
        if "{split}" not in self.file and rows:
            try:
                rows = self._of_split(path, rows, split)
            except DataError:
                if not mistakes:
                    raise
                rows = []  # the lines that are wrong may be those of the split
        return self._samples(path, rows, list(self.kinds), mistakes)

    def inputs(self, path: Path, *, pairs: bool, maps: Sequence[str] | None) -> Samples:
        """The lines of a table, without a target; where one map is asked for, also its files.

        Raises:
            DataError: no table, or a line of it is wrong.
        """
        if pairs:
            raise DataError(
                f"{path}: --pairs takes a half of pictures that stand side by side; a table names "
                "files of their own, so leave it out"
            )
        names = input_maps(self.kinds, maps)
        if path.suffix.lower() in TABLES:
            rows, mistakes = _rows(path)
            samples, mistakes = self._samples(path, rows, names, mistakes, fixed=True)
            refuse_mistakes(mistakes)
            return samples
        if len(names) > 1:
            raise DataError(
                f"{path} is no table ({' '.join(TABLES)}); the model asks for "
                f"{' and '.join(names)}, so name a table with these columns"
            )
        found = list_inputs(path)
        refuse_mistakes(found.mistakes)
        kind = WORDS.get(names[0], "picture")
        return Samples(
            names=tuple(found.files),
            files={names[0]: tuple(found.files.values())},
            kinds={names[0]: self.kinds[names[0]]},
            said=f"{len(found.files)} {kind}{'s' * (len(found.files) != 1)} in {path}, whole"
            + name_skipped(found),
            fixed=True,
        )

    def _of_split(self, path: Path, rows: list[Row], split: str) -> list[Row]:
        """The lines of one split.

        Raises:
            DataError: there is no column of splits, or no line of this one.
        """
        if rows and SPLIT not in rows[0].cells:
            raise DataError(
                f"{path} has no column {SPLIT}; add it, or give every split a table of its own "
                "and say `file: '{split}" + path.suffix + "'`"
            )
        chosen = [row for row in rows if row.cells.get(SPLIT) == split]
        if not chosen:
            there = ", ".join(dict.fromkeys(row.cells.get(SPLIT) or "''" for row in rows))
            raise DataError(f"{path} has no line of the split '{split}'; its splits are {there}")
        return chosen

    def _samples(
        self,
        path: Path,
        rows: list[Row],
        columns: list[str],
        mistakes: list[str],
        *,
        fixed: bool = False,
    ) -> tuple[Samples, list[str]]:
        """Rows -> samples, and what is wrong with others."""
        names: dict[str, str] = {}
        files: dict[str, list[Path]] = {column: [] for column in columns}
        found = list(mistakes)
        if path.suffix.lower() == ".csv" and rows:  # one first line stands for all
            absent = [column for column in columns if column not in rows[0].cells]
            found += [_no_column(f"{path}:1", column, rows[0]) for column in absent]
            rows = [] if absent else rows
        for row in rows:
            wrong = list(_wrong(path.parent, row, columns))
            name = "" if wrong else _name(row, columns)
            if not wrong and name in names:
                wrong = [
                    f"{row.place}: the name {name} came before, in {names[name]}; take one line "
                    f"out, or name the samples in a column {NAME}"
                ]
            found += wrong
            if not wrong:
                names[name] = row.place
                for column in columns:
                    files[column].append(path.parent / row.cells[column])
        if not rows and not found:
            found.append(f"{path} has no lines")
        known = {*self.kinds, SPLIT, NAME}
        unused = list(dict.fromkeys(c for row in rows for c in row.cells if c not in known))
        samples = Samples(
            names=tuple(names),
            files={column: tuple(paths) for column, paths in files.items()},
            kinds={column: self.kinds[column] for column in columns},
            geometry=self.geometry if not fixed else type(self.geometry)(),
            said=f"{len(names)} line{'s' * (len(names) != 1)} of {path}: {', '.join(columns)}"
            + (f"; not used: {', '.join(unused)}" if unused else ""),
            fixed=fixed,
        )
        return samples, found


def _rows(path: Path) -> tuple[list[Row], list[str]]:
    """The lines of a table, and what is wrong with others.

    Raises:
        DataError: there is no such table, or it is no text.
    """
    try:
        text = path.read_bytes().decode("utf-8-sig")
    except FileNotFoundError:
        tables = sorted(p.name for p in path.parent.glob("*") if p.suffix.lower() in TABLES)
        there = f"there are {', '.join(tables)}" if tables else "there is no other beside it"
        raise DataError(f"there is no table {path}; {there}. `file` names the table") from None
    except UnicodeDecodeError as problem:
        raise DataError(f"{path} is no UTF-8 text ({problem.reason}); save it as UTF-8") from None
    except OSError as problem:
        raise DataError(f"{path} cannot be read ({problem.strerror})") from problem
    read = _csv if path.suffix.lower() == ".csv" else _jsonl
    rows: list[Row] = []
    mistakes: list[str] = []
    for made in read(path, text):
        if isinstance(made, Row):
            rows.append(made)
        else:
            mistakes.append(made)
    return rows, mistakes


def _csv(path: Path, text: str) -> Iterator[Row | str]:
    """Rows, and messages for lines that are none."""
    reader = csv.reader(text.splitlines(keepends=True), strict=True)
    try:
        header = [column.strip() for column in next(reader, [])]
        if not header and text.strip():
            yield f"{path}:1: the first line is empty; it names the columns"
            return
        if len(header) == 1 and (other := next((c for c in SEPARATORS if c in header[0]), "")):
            yield (
                f"{path}:1: the cells are separated by {SEPARATORS[other]}, but commas are "
                f"expected: {','.join(cell.strip() for cell in header[0].split(other))}"
            )
            return
        if twice := [column for column in header if header.count(column) > 1]:
            yield f"{path}:1: the column {twice[0]!r} is there twice; name every column once"
            return
        for cells in reader:
            place = f"{path}:{reader.line_num}"
            if not cells:
                continue  # an empty line
            if len(cells) == len(header):
                yield Row(place, dict(zip(header, (cell.strip() for cell in cells), strict=True)))
            else:
                cure = 'put a cell that holds commas in quotes: "..."'
                if len(cells) < len(header):
                    cure = "write the cells that are missing, or take the line out"
                yield (
                    f"{place}: {len(cells)} cell{'s' * (len(cells) != 1)}, but the first line "
                    f"names {len(header)} columns; {cure}"
                )
    except csv.Error as problem:
        yield f"{path}:{reader.line_num}: {problem}; quotes must be closed"


def _jsonl(path: Path, text: str) -> Iterator[Row | str]:
    """Rows, and messages for lines that are none."""
    for number, line in enumerate(text.splitlines(), 1):
        place = f"{path}:{number}"
        if not line.strip():
            continue
        try:
            made: Any = json.loads(line)
        except json.JSONDecodeError as problem:
            yield f"{place}: not JSON: {problem.msg} (character {problem.pos + 1})"
            continue
        if isinstance(made, dict):
            yield Row(place, {key: v if isinstance(v, str) else "" for key, v in made.items()})
        else:
            yield f'{place}: {line[:40]} came; {{"map": "path", ...}} was expected'


def _wrong(folder: Path, row: Row, columns: Sequence[str]) -> Iterator[str]:
    """What is wrong with a line."""
    for column in columns:
        if column not in row.cells:
            yield _no_column(row.place, column, row)
        elif not row.cells[column]:
            yield f"{row.place}: {column} is empty; write the path of a file, or take the line out"
        elif not (folder / row.cells[column]).is_file():
            yield (
                f"{row.place}: {column}: there is no file {folder / row.cells[column]}; "
                f"paths start from {folder}"
            )
    name = row.cells.get(NAME)
    if name is not None and (not name or not _inside(name)):
        yield f"{row.place}: the name {name!r} came; a name is a text such as a1 or house/a1"


def _no_column(place: str, column: str, row: Row) -> str:
    there = ", ".join(row.cells) or "none"
    return f"{place}: no column {column}; there are {there}"


def _name(row: Row, columns: Sequence[str]) -> str:
    """What a sample is called: files made from it are called so too."""
    if NAME in row.cells:
        return row.cells[NAME]
    path = PurePosixPath(row.cells[columns[0]])
    return path.with_suffix("").as_posix() if _inside(path.as_posix()) else path.stem


def _inside(name: str) -> bool:
    """Whether a file of that name lies within the folder it is written to."""
    path = PurePosixPath(name)
    return not path.is_absolute() and ".." not in path.parts
