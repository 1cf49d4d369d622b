"""What a folder that `save_to_disk` of Hugging Face's `datasets` wrote is, by its columns."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

from gan_zoo.components import DataError, Found, Refused
from gan_zoo_data.folders.file_modes import count_modes, mode_of
from gan_zoo_data.folders.id_counts import Numbers, count_ids, id_options
from gan_zoo_data.folders.layouts import ALSO, SIDES
from gan_zoo_data.splits import LEARNED, SPLITS
from gan_zoo_data.tables.hub_rows import (
    ONE,
    SEVERAL,
    USUAL,
    Cell,
    by_split,
    load_saved,
    usual_names,
)

if TYPE_CHECKING:
    from gan_zoo_data.modes import Word
    from gan_zoo_data.table_specs import Columns

# Sides that are called so may hold ids; all other names of sides mean pictures, however few grays.
LABELS = ("label", "labels", "mask", "masks", "seg")


def recognize_rows(spec: type[Columns], root: Path) -> Found | Refused | None:
    """Pairs of columns, or label maps and photos."""
    if not any((root / name).is_file() for name in (ONE, SEVERAL)):
        return None
    try:
        saved = load_saved(root)
    except DataError as problem:
        return Refused(str(problem))
    there = by_split(saved)
    splits = _name_splits(there)
    if not splits:
        told = f"{root} has the splits {', '.join(there)}: say which is which, as "
        return Refused(f"{told}`splits: {{train: {next(iter(there), 'NAME')}}}`")
    rows = there[next(iter(splits.values()))]
    columns = [name for name, kind in rows.features.items() if type(kind).__name__ == "Image"]
    cells = {name: _cells(root, rows, name) for name in columns}
    read = _read_columns(columns, cells)
    if read is None:
        return Refused(
            f"{root} has the columns {', '.join(rows.column_names)}, of which hold pictures: "
            f"{', '.join(columns) or 'none'}. Say which are which in a recipe with `use: "
            "hf_dataset`: `columns: {source: COLUMN, target: COLUMN}`, or `labels: {label: "
            "CLASSES}` and `pictures: {target: rgb}`"
        )
    options, notes = read
    renamed = {n: called for n, called in splits.items() if called not in usual_names(n)}
    options |= {"root": str(root)} | ({"splits": renamed} if renamed else {})
    why = f"save_to_disk of datasets wrote it, and its columns {', '.join(columns)} hold pictures"
    counts = {name: len(there[called]) for name, called in splits.items()}
    return Found(spec.model_validate(options), why, counts, tuple(notes))


def _name_splits(there: Mapping[str, Any]) -> dict[str, str]:
    """Split -> what it is called there, of the usual ones."""
    found = {}
    for split in SPLITS:
        names = (split, *ALSO.get(split, ()), *({"val": ("dev", "eval")}.get(split, ())))
        if called := next((name for name in names if name in there), None):
            found[split] = called
    return found if LEARNED in found else {}


def _read_columns(
    columns: Sequence[str], cells: Mapping[str, Sequence[Path]]
) -> tuple[dict[str, Any], list[str]] | None:
    """What a recipe says of the columns, and notes; None where nobody knows."""
    sides = [("source", "target"), (USUAL["source"], USUAL["target"]), *SIDES]
    lower = {name.lower(): name for name in columns}
    named = [pair for pair in sides if {*map(str.lower, pair)} <= {*lower}]
    pair = [lower[name.lower()] for name in named[0]] if named else []
    sure = bool(pair) and named[0][0] not in LABELS and not _is_indexed(count_modes(cells[pair[0]]))
    if len(columns) == 2 and not sure:
        numbers = {name: count_ids(cells[name]) for name in columns}
        labels = [name for name in columns if numbers[name].like_labels]
        if len(labels) == 1:
            [photo] = [name for name in columns if name != labels[0]]
            return _as_labels(labels[0], photo, numbers[labels[0]], cells)
    return _as_pairs(pair[0], pair[1], cells) if pair else None


def _as_pairs(
    source: str, target: str, cells: Mapping[str, Sequence[Path]]
) -> tuple[dict[str, Any], list[str]]:
    modes, notes = {}, []
    columns = {"source": source, "target": target}
    for name, column in columns.items():
        modes[name], odd = mode_of(cells[column], name)
        notes += odd
    notes.append(f"source: {source} is taken for the input; `columns` turns it round")
    known = ({"source": "source", "target": "target"}, USUAL)
    said = {} if columns in known else {"columns": columns}
    return {"pictures": modes, **said}, notes


def _as_labels(
    label: str, photo: str, numbers: Numbers, cells: Mapping[str, Sequence[Path]]
) -> tuple[dict[str, Any], list[str]]:
    read, notes = id_options(numbers, len(cells[label]))
    mode, odd = mode_of(cells[photo], "target")
    columns = {
        name: called for name, called in (("label", label), ("target", photo)) if name != called
    }
    options = {"pictures": {"target": mode}, "labels": {"label": read.pop("classes")}}
    if "remap" in read:
        read["remap"] = {"label": read["remap"]}
    modes = count_modes(cells[label])
    if not _is_indexed(modes):
        source = next(filter(None, modes.values()), "rgb")
        word = mode["mode"] if isinstance(mode, dict) else mode
        notes.append(
            f"{label} is read as label ids; `pictures: {{source: {source}, target: {word}}}` with "
            f"`columns: {{source: {label}, target: {photo}}}` reads pairs"
        )
    return {**options, **read, **({"columns": columns} if columns else {})}, [*notes, *odd]


def _is_indexed(modes: Mapping[str, Word | None]) -> bool:
    """Whether a column holds palette pictures, which are ids and no pictures to a recipe."""
    return {*modes.values()} == {None}


def _cells(root: Path, rows: Any, column: str) -> Sequence[Path]:
    """The pictures of a column, read as files are."""
    plain = rows.with_format("arrow")
    return [cast("Path", Cell(str(root), n, column, plain)) for n in range(len(rows))]
