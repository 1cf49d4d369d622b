"""A file that is a table: its bytes, the text that they are, and the lines in it."""

from __future__ import annotations

import codecs
from collections.abc import Sequence
from pathlib import Path

from gan_zoo.components import DataError
from gan_zoo_data.tables.csv_rows import read_csv, read_list
from gan_zoo_data.tables.json_rows import read_json
from gan_zoo_data.tables.table_rows import TABLES, Table

MARKS = {  # what a text may begin with -> how it is coded; the longer marks come first
    codecs.BOM_UTF32_LE: "utf-32",
    codecs.BOM_UTF32_BE: "utf-32",
    codecs.BOM_UTF8: "utf-8-sig",
    codecs.BOM_UTF16_LE: "utf-16",
    codecs.BOM_UTF16_BE: "utf-16",
}
SHOWN = 30  # letters before a wrong byte
OTHERS = {  # what other files begin with
    b"PK\x03\x04": "a workbook of a spreadsheet program (or a zip), whatever its name says; save "
    "the sheet as CSV",
    b"\xd0\xcf\x11\xe0": "a workbook of Excel, whatever its name says; save the sheet as CSV",
    b"PAR1": "a Parquet file; write its table as CSV: pandas.read_parquet(...).to_csv(...)",
    b"\x1f\x8b": "compressed by gzip; unpack it",
}


def read_table(path: Path, wanted: Sequence[str]) -> Table:
    """The lines of a table, and what is wrong with others.

    Args:
        path: CSV or TSV, JSON or JSON lines, or (.txt) a list of images and labels.
        wanted: Columns that are looked for.

    Raises:
        DataError: there is no such table, or it is no text.
    """
    try:
        data = path.read_bytes()
    except FileNotFoundError:
        tables = sorted(p.name for p in path.parent.glob("*") if p.suffix.lower() in TABLES)
        there = f"there are {', '.join(tables)}" if tables else "there is no other beside it"
        raise DataError(f"there is no table {path}; {there}. `file` names the table") from None
    except OSError as problem:
        raise DataError(f"{path} cannot be read ({problem.strerror})") from problem
    coded = next((name for mark, name in MARKS.items() if data.startswith(mark)), "utf-8")
    text = _decode(path, data, coded)
    kind = path.suffix.lower()
    if kind == ".txt":
        table = read_list(path, text)
    else:
        table = (read_json if kind in (".json", ".jsonl") else read_csv)(path, text, wanted)
    if coded.startswith(("utf-16", "utf-32")):
        table.note([f"coded in {coded.upper()}"])
    return table


def _decode(path: Path, data: bytes, coded: str) -> str:
    """The text.

    Raises:
        DataError: the bytes are another kind of file, or coded otherwise; names the line.
    """
    for begin, what in OTHERS.items():
        if data.startswith(begin):
            raise DataError(f"{path} is {what}")
    if coded == "utf-8" and b"\0" in data:
        few = data[:200]
        wide = max(few[0::2].count(0), few[1::2].count(0)) * 3 > len(few)
        what = "UTF-16 without the mark that tells" if wide else "no text: it holds zero bytes"
        raise DataError(f"{path} is {what}; save it as UTF-8")
    try:
        return data.decode(coded)
    except UnicodeDecodeError as problem:
        if coded.startswith("utf-8"):
            raise DataError(_otherwise_coded(path, data, problem.start)) from None
        raise DataError(
            f"{path} begins as {coded.upper()} and goes on otherwise ({problem.reason}); save it "
            "as UTF-8"
        ) from None


def _otherwise_coded(path: Path, data: bytes, at: int) -> str:
    """The message for bytes that are no UTF-8: the line, and what it would be in Windows."""
    begun = max(data.rfind(b"\n", 0, at), data.rfind(b"\r", 0, at)) + 1
    line = data[:at].replace(b"\r\n", b"\n").replace(b"\r", b"\n").count(b"\n") + 1
    words = data[begun : at + 12].splitlines()[0].decode("cp1252", "replace").strip()
    return (
        f"{path}:{line}: no UTF-8 from the byte {data[at]:#04x} on; in the coding of Windows it "
        f"would be {words[-SHOWN:]!r}. Save the table as UTF-8 (in Excel: CSV UTF-8), as "
        f"`iconv -f WINDOWS-1252 -t UTF-8` does"
    )
