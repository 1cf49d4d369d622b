"""Samples named by a table: cells between separators, or objects in JSON."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING

from gan_zoo.components import DataError, remembered
from gan_zoo_data.files.ids import Ids
from gan_zoo_data.folders.listing import SHOWN, refuse_mistakes
from gan_zoo_data.roots import Root, input_maps, one_map_inputs
from gan_zoo_data.samples import Samples
from gan_zoo_data.tables.cell_paths import Meant, describe_absence, find_file
from gan_zoo_data.tables.table_rows import NAME, SPLIT, TABLES, Row, Table, is_inside
from gan_zoo_data.tables.tables import read_table

if TYPE_CHECKING:
    from gan_zoo_data.folders.layouts import Side
    from gan_zoo_data.modes import Mode

SHORT = 60  # letters of what came


@dataclass(frozen=True)
class Manifest(Root):
    """A root with tables of samples.

    Args:
        file: The table's name, in which {split} stands for the split.
        kinds: Map -> mode of its files, or what their ids may be.
        columns: Map -> the column that names its files; without, the one called as it.
        halves: Map -> the half of its files that it is, A left and B right; without, all of it.
    """

    file: str
    kinds: Mapping[str, Mode | Ids]
    columns: Mapping[str, str] = field(default_factory=dict)
    halves: Mapping[str, Side] = field(default_factory=dict)

    def found(self, split: str) -> tuple[Samples, list[str]]:
        """The lines of a split, and what is wrong with some."""
        if missing := self.missing():
            raise DataError(missing[0])
        path = self.root / self.file.replace("{split}", split)
        alone = "{split}" not in self.file
        table = self._read(path, [*self.kinds], also=[SPLIT] * alone)
        if alone and table.rows:
            try:
                table.rows = self._of_split(path, table.rows, split)
            except DataError:
                if not table.mistakes:
                    raise
                table.rows = []  # the lines that are wrong may be those of the split
        return self._samples(path, table, [*self.kinds])

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
            table = self._read(path, names)
            samples, mistakes = self._samples(path, table, names, fixed=True)
            refuse_mistakes(mistakes)
            return samples
        return one_map_inputs(path, names, self.kinds, f"table ({' '.join(TABLES)})")

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

    def _read(self, path: Path, maps: Sequence[str], *, also: Sequence[str] = ()) -> Table:
        """A table, in lists of the caller's own; one that several splits share is read once."""
        columns = [*dict.fromkeys(map(self._column, maps)), *also]
        if not also:
            return read_table(path, columns)
        return remembered(f"{path} for {columns}", lambda: read_table(path, columns)).copy()

    def _column(self, name: str) -> str:
        return self.columns.get(name, name)

    def _samples(
        self, path: Path, table: Table, maps: Sequence[str], *, fixed: bool = False
    ) -> tuple[Samples, list[str]]:
        """Lines -> samples, and what is wrong with others."""
        columns = {name: self._column(name) for name in maps}
        folders = [path.parent]
        if path.parent != self.root and path.is_relative_to(self.root):
            folders.append(self.root)
        names: dict[str, str] = {}
        files: dict[str, list[Path]] = {name: [] for name in maps}
        found, rows = list(table.mistakes), table.rows
        if table.first and rows:  # one first line stands for all
            absent = [c for c in dict.fromkeys(columns.values()) if c not in table.columns]
            found += [_no_column(table.first, column, table.columns, folders) for column in absent]
            rows = [] if absent else rows
        for row in rows:
            meant = {c: find_file(row.cells.get(c, ""), folders) for c in columns.values()}
            there = {column: file for column, file in meant.items() if file}
            wrong = list(_wrong(row, meant, folders, look=len(found) < SHOWN))
            if not wrong:
                name = _name(row, there[columns[maps[0]]].text)
                if name in names:
                    wrong = [
                        f"{row.place}: the name {name} came before, in {names[name]}; take one "
                        f"line out, or name the samples in a column {NAME}"
                    ]
            found += wrong
            if not wrong:
                names[name] = row.place
                table.note(file.told for file in there.values() if file.told)
                for one, column in columns.items():
                    files[one].append(there[column].path)
        if not rows and not found:
            found.append(f"{path} has no lines")
        known = {*map(self._column, self.kinds), SPLIT, NAME}
        unused = list(dict.fromkeys(c for row in rows for c in row.cells if c not in known))
        named = [name if name == c else f"{name} (column {c})" for name, c in columns.items()]
        samples = Samples(
            names=tuple(names),
            files={name: tuple(paths) for name, paths in files.items()},
            kinds={name: self.kinds[name] for name in maps},
            halves={name: self.halves[name] for name in maps if name in self.halves},
            said=f"{len(names)} line{'s' * (len(names) != 1)} of {path}: {', '.join(named)}"
            + (f"; not used: {', '.join(filter(None, unused))}" if any(unused) else "")
            + "".join(f"; {told}" for told in table.notes),
            fixed=fixed,
        )
        return samples, found


def _wrong(
    row: Row, meant: Mapping[str, Meant | None], folders: Sequence[Path], *, look: bool
) -> Iterator[str]:
    """What is wrong with a line."""
    for column, file in meant.items():
        if column in row.nested:
            yield (
                f"{row.place}: {column} is {row.nested[column][:SHORT]}, but the path of a file "
                f'was expected: "{column}": "a.png"'
            )
        elif column not in row.cells:
            yield _no_column(row.place, column, [*row.cells], folders)
        elif not row.cells[column]:
            yield f"{row.place}: {column} is empty; write the path of a file, or take the line out"
        elif file is None:
            told = describe_absence(row.cells[column], folders, look=look)
            yield f"{row.place}: {column}: {told}"
    name = row.cells.get(NAME)
    if name is not None and (not name or not is_inside(name)):
        yield f"{row.place}: the name {name!r} came; a name is a text such as a1 or house/a1"


def _no_column(place: str, column: str, there: Sequence[str], folders: Sequence[Path]) -> str:
    named = [one for one in there if one]
    if any(find_file(one, folders) for one in named):
        return (
            f"{place}: {', '.join(named)[:SHORT]} came, which are files; the first line names the "
            f"columns: write one above it, with {column} over the files that are it"
        )
    return f"{place}: no column {column}; there are {', '.join(named) or 'none'}"


def _name(row: Row, first: str) -> str:
    """What a sample is called: files made from it are called so too."""
    if NAME in row.cells:
        return row.cells[NAME]
    path = PurePosixPath(first)
    return path.with_suffix("").as_posix() if is_inside(path.as_posix()) else path.stem
