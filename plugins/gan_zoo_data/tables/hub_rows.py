"""Samples in the rows of Hugging Face's `datasets`."""

from __future__ import annotations

import io
import re
import zlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple, cast

from gan_zoo.components import DataError, expand_user, first_line, remembered
from gan_zoo_data.files.ids import Ids
from gan_zoo_data.folders.listing import refuse_mistakes
from gan_zoo_data.roots import Root, input_maps, one_map_inputs
from gan_zoo_data.samples import Samples
from gan_zoo_data.splits import LEARNED
from gan_zoo_data.tables.table_rows import NAME, is_inside, match_columns

if TYPE_CHECKING:
    from gan_zoo_data.modes import Mode

PUBLIC = re.compile(r"hf://(?:datasets/)?(.+)")  # what a public name begins with
ONE, SEVERAL = "state.json", "dataset_dict.json"  # what `save_to_disk` writes: a split, or several
NEEDED = "hf_dataset needs the package datasets: pip install 'gan-zoo[datasets]'"
USUAL = {"source": "imageA", "target": "imageB"}  # as most public pairs have them
SAVE = "datasets.load_dataset(NAME).save_to_disk(FOLDER)"


class Size(NamedTuple):
    """What a file system would say of a cell.

    Args:
        st_size: How many bytes there are.
        st_mtime_ns: Another number where they have changed: their sum, as cells have no time.
    """

    st_size: int
    st_mtime_ns: int


@dataclass(frozen=True)
class Cell:
    """The picture in a column of a row, read as a file is: it has a name, a size and bytes.

    Args:
        place: The data and its split.
        index: The row.
        column: The column.
        rows: The rows in Arrow's form, in which nothing is decoded.
    """

    place: str
    index: int
    column: str
    rows: Any = field(compare=False, repr=False)

    def __str__(self) -> str:
        return f"{self.place}[{self.index}].{self.column}"

    @property
    def name(self) -> str:
        """What it is called."""
        return str(self)

    @property
    def suffix(self) -> str:
        """The ending of the file that it was made from, where that is known."""
        return Path(self._value().get("path") or "").suffix

    def read_bytes(self) -> bytes:
        """The bytes of the file that was put in.

        Raises:
            OSError: it was kept as a path, and there is no such file.
        """
        value = self._value()
        if value.get("bytes") is None and value.get("path"):
            return Path(value["path"]).read_bytes()
        return value.get("bytes") or b""

    read = read_bytes  # Pillow asks what has no `seek` for all its bytes

    def open(self, mode: str = "rb", buffering: int = -1) -> io.BytesIO:
        """The bytes as an open file."""
        return io.BytesIO(self.read_bytes())

    def stat(self) -> Size:
        """How many bytes there are, and their sum."""
        content = self.read_bytes()
        return Size(len(content), zlib.crc32(content))

    def _value(self) -> dict[str, Any]:
        return self.rows[self.index][self.column][0].as_py() or {}


@dataclass(frozen=True)
class HubRows(Root):
    """Data with splits of rows.

    Args:
        source: The root as the recipe says it: a folder, or a public name.
        kinds: Map -> mode of its pictures, or what their ids may be.
        columns: Map -> its column; without, the one called as it, or the usual one.
        splits: Split -> what it is called there.
    """

    source: str
    kinds: Mapping[str, Mode | Ids]
    columns: Mapping[str, str]
    splits: Mapping[str, str]

    @property
    def public(self) -> str:
        """The public name that the root is; empty where it is a folder."""
        found = PUBLIC.fullmatch(self.source)
        return found[1] if found else ""

    def missing(self) -> list[str]:
        """The root, where it is a folder that is not there."""
        return [] if self.public else super().missing()

    def found(self, split: str) -> tuple[Samples, list[str]]:
        """The rows of a split, and what is wrong with some."""
        there = by_split(remembered(f"rows of {self.source}", self._load))
        names = (self.splits[split],) if split in self.splits else usual_names(split)
        called = next((name for name in names if name in there), None)
        if called is None:
            raise DataError(
                f"{self.source} has no split '{names[0]}'; its splits are {', '.join(there)}. Say "
                f"`splits: {{{split}: {next(iter(there), 'NAME')}}}`, where that is it"
            )
        return self._samples(f"{self.source}:{called}", there[called], [*self.kinds])

    def inputs(self, path: Path, *, pairs: bool, maps: Sequence[str] | None) -> Samples:
        """The rows of a saved split, without a target; where one map is asked for, also its files.

        Raises:
            DataError: no such rows, or a column is not there.
        """
        if pairs:
            raise DataError(
                f"{path}: --pairs takes a half of pictures that stand side by side; these stand in "
                "columns of their own, so leave it out"
            )
        names = input_maps(self.kinds, maps)
        if (path / SEVERAL).is_file():
            splits = sorted(one.parent.name for one in path.glob(f"*/{ONE}"))
            raise DataError(f"{path} holds splits; name one, as {path / splits[0]}")
        if (path / ONE).is_file():
            samples, mistakes = self._samples(str(path), load_saved(path), names, fixed=True)
            refuse_mistakes(mistakes)
            return samples
        return one_map_inputs(path, names, self.kinds, "data that `save_to_disk` wrote")

    def _load(self) -> Any:
        """Splits by name, or the one that there is.

        Raises:
            DataError: there is no such data, or it cannot be had.
        """
        folder = expand_user(self.source)
        if not self.public:
            if missing := self.missing():
                raise DataError(missing[0])
            return load_saved(folder)
        datasets = _package()
        try:
            return datasets.load_dataset(self.public)
        except Exception as problem:  # a library over a network raises all kinds
            raise DataError(
                f"{self.source} cannot be had ({first_line(problem)}). Where there is a network: "
                f"{SAVE}; then name that folder"
            ) from problem

    def _column(self, name: str, there: Sequence[str]) -> str:
        usual = name if name in there else USUAL.get(name, name)
        return self.columns.get(name, usual)

    def _samples(
        self, place: str, rows: Any, maps: Sequence[str], *, fixed: bool = False
    ) -> tuple[Samples, list[str]]:
        """Rows -> samples, and what is wrong with the columns or the names."""
        columns = {name: self._column(name, rows.column_names) for name in maps}
        match = match_columns(list(rows.column_names), [*dict.fromkeys(columns.values())])
        called = dict(zip(match.columns, rows.column_names, strict=True))
        mistakes = [f"{place}: {wrong}" for wrong in match.mistakes]
        for name, column in columns.items():
            if column not in called:
                mistakes.append(
                    f"{place}: no column {column}; there are {', '.join(rows.column_names)}. Say "
                    f"`columns: {{{name}: COLUMN}}`"
                )
            elif (kind := type(rows.features[called[column]]).__name__) != "Image":
                mistakes.append(
                    f"{place}: {column} holds {kind}, and pictures are the feature Image; save it "
                    f"anew: rows.cast_column('{column}', datasets.Image())"
                )
        names = _names(rows, place, mistakes)
        if mistakes or not names:
            mistakes = mistakes or [f"{place} has no rows"]
            names, columns = (), dict.fromkeys(columns, "")
        plain = rows.with_format("arrow")
        cells = {
            name: tuple(Cell(place, n, called[column], plain) for n in range(len(names)))
            for name, column in columns.items()
        }
        told = ", ".join(n if n == c else f"{n} (column {c})" for n, c in columns.items())
        return Samples(
            names=names,
            files=cast("Mapping[str, tuple[Path, ...]]", cells),  # a cell is read as a file is
            kinds={name: self.kinds[name] for name in maps},
            said=f"{len(names)} row{'s' * (len(names) != 1)} of {place}: {told}"
            + "".join(f"; {note}" for note in match.notes),
            fixed=fixed,
        ), mistakes


def _names(rows: Any, place: str, mistakes: list[str]) -> tuple[str, ...]:
    """Names of the samples: those of a column, or numbers."""
    if NAME not in rows.column_names:
        digits = len(str(max(len(rows) - 1, 0)))
        return tuple(f"{n:0{digits}}" for n in range(len(rows)))
    first: dict[str, int] = {}
    for index, value in enumerate(rows.with_format(None)[NAME]):
        name = str(value if value is not None else "")
        if not name or not is_inside(name):
            mistakes.append(
                f"{place}[{index}]: the name {name!r} came; a name is a text such as a1 or house/a1"
            )
        elif name in first:
            mistakes.append(f"{place}[{index}]: the name {name} came before, in [{first[name]}]")
        first[name] = index
    return tuple(first)


def by_split(saved: Any) -> Mapping[str, Any]:
    """Split -> its rows; rows of no split are what a run learns from."""
    return saved if isinstance(saved, dict) else {LEARNED: saved}


def usual_names(split: str) -> tuple[str, ...]:
    """What a split may be called where the recipe does not say it."""
    return (split, "validation") if split == "val" else (split,)


def load_saved(folder: Path) -> Any:
    """What `save_to_disk` wrote.

    Raises:
        DataError: it did not write this folder.
    """
    datasets = _package()
    try:
        return datasets.load_from_disk(str(folder))
    except Exception as problem:  # as above
        raise DataError(
            f"{folder} is nothing that `save_to_disk` of datasets wrote ({first_line(problem)}); "
            f"name such a folder, made by {SAVE}. Folders of pictures are `paired_folder`, tables "
            "of their paths `manifest`"
        ) from problem


def _package() -> Any:
    """The package, imported where it is used.

    Raises:
        DataError: it is not installed.
    """
    try:
        import datasets
    except ImportError as problem:
        raise DataError(NEEDED) from problem
    return datasets
