"""Tables as programs write them: read with what was seen said, or refused with the true reason."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from gan_zoo.errors import DataError
from gan_zoo_data.table_specs import ManifestSpec
from tests.plugins.data.making import picture, save

FILES = ("a.png", "é.png", "out/a b.png")
PICTURES = {"source": "rgb", "target": "rgb"}


def pairs(root: Path, file: str = "train.csv", **options: object) -> ManifestSpec:
    return ManifestSpec.model_validate(
        {
            "root": str(root),
            "file": file.replace("train", "{split}"),
            "pictures": PICTURES,
            **options,
        }
    )


@pytest.fixture
def root(tmp_path: Path) -> Path:
    for value, name in enumerate(FILES):
        save(tmp_path / name, picture(value=value))
    return tmp_path


def read(root: Path, content: str | bytes, file: str) -> tuple[list[str], str]:
    """Names of the samples, and what follows the columns in the description."""
    data = content if isinstance(content, bytes) else content.encode()
    (root / file).write_bytes(data)
    spec = pairs(root, file)
    assert spec.decode("train") == []
    made = spec.open("train")
    names = [made.read(n, None).name for n in range(len(made))]
    return names, made.describe().partition("source, target")[2]


PLAIN = "source,target\na.png,out/a b.png\né.png,a.png\n"
LINES = [{"source": "a.png", "target": "out/a b.png"}, {"source": "é.png", "target": "a.png"}]
JSON_LINES = "\n".join(json.dumps(line, ensure_ascii=False) for line in LINES)
BOTH = ["a", "é"]
CSV, JSONL = "train.csv", "train.jsonl"

SEPARATED = {
    "plain": (CSV, PLAIN, BOTH, ""),
    "a mark of UTF-8": (CSV, PLAIN.encode("utf-8-sig"), BOTH, ""),
    "UTF-16": (CSV, PLAIN.encode("utf-16"), BOTH, "; coded in UTF-16"),
    "UTF-16, big end first": (
        CSV,
        b"\xfe\xff" + PLAIN.encode("utf-16-be"),
        BOTH,
        "; coded in UTF-16",
    ),
    "UTF-32": (CSV, PLAIN.encode("utf-32"), BOTH, "; coded in UTF-32"),
    "semicolons": (CSV, PLAIN.replace(",", ";"), BOTH, "; separated by semicolons"),
    "bars": (CSV, PLAIN.replace(",", " | "), BOTH, "; separated by bars"),
    "tabs": (CSV, PLAIN.replace(",", "\t"), BOTH, "; separated by tabs"),
    "tsv": ("train.tsv", PLAIN.replace(",", "\t"), BOTH, "; separated by tabs"),
    "tsv of commas": ("train.tsv", PLAIN, BOTH, ""),
    "capital ending": ("train.CSV", PLAIN, BOTH, ""),
    "sep=": (CSV, "sep=;\r\n" + PLAIN.replace(",", ";"), BOTH, "; separated by semicolons"),
    "sep= of another sign": (CSV, "SEP=^\n" + PLAIN.replace(",", "^"), BOTH, "; separated by '^'"),
    "quoted sep=": (CSV, '"sep=,"\n' + PLAIN, BOTH, ""),
    "comments": (CSV, "# made by x, v2\n\n  # source,target,sort of\n" + PLAIN, BOTH, ""),
    "a comment that is the first line": (
        CSV,
        "#" + PLAIN,
        BOTH,
        "; the column '#source' is taken for source",
    ),
    "a column called #": (CSV, "#,source,target\n1,a.png,a.png", ["a"], "; not used: #"),
    "quoted cells": (CSV, 'source,target\n"a.png","out/a b.png"\n', ["a"], ""),
    "quotes behind spaces": (CSV, 'source, target\na.png, "out/a b.png"\n', ["a"], ""),
    "a line end in a cell": (
        CSV,
        'source,target,said\na.png,a.png,"one\ntwo, three"\né.png,a.png,""\n',
        BOTH,
        "; not used: said",
    ),
    "CRLF": (CSV, PLAIN.replace("\n", "\r\n"), BOTH, ""),
    "CR": (CSV, PLAIN.replace("\n", "\r"), BOTH, ""),
    "rare line ends in a cell": (
        CSV,
        "source,target,said\na.png,a.png,x\u2028y\x85z\x0c\né.png,a.png,\x1c\n",
        BOTH,
        "; not used: said",
    ),
    "empty lines": (CSV, "\n \n" + PLAIN.replace("\n", "\n\n,\n"), BOTH, ""),
    "empty columns": (CSV, PLAIN.replace("\n", ",,,\n"), BOTH, ""),
    "cells beyond": (CSV, PLAIN.replace("a.png\n", "a.png,,\n"), BOTH, ""),
    "an index without a name": (CSV, ",source,target\n0,a.png,a.png\n", ["a"], ""),
    "cells that are left out": (
        CSV,
        "source,target,said\na.png,a.png\né.png,a.png,x",
        BOTH,
        "; not used: said",
    ),
    "another case": (
        CSV,
        PLAIN.replace("source,target", " Source ,TARGET"),
        BOTH,
        "; the column 'Source' is taken for source; the column 'TARGET' is taken for target",
    ),
    "the exact one first": (
        CSV,
        "Source,source,target\nno,a.png,a.png\n",
        ["a"],
        "; not used: Source",
    ),
    "spaces around": (CSV, "source,target\n  a.png , out/a b.png  \n", ["a"], ""),
    "backslashes": (
        CSV,
        "source,target\nout\\a b.png,a.png\n",
        ["out/a b"],
        "; backslashes are read as /",
    ),
    "accents in another form": (
        CSV,
        "source,target\ne\u0301.png,a.png\n",
        ["é"],
        "; accents are read as the files have them",
    ),
    "whole paths": (CSV, "source,target\nROOT/a.png,file://ROOT/out/a%20b.png\n", ["a"], ""),
    "names that are numbers": (
        CSV,
        "name,source,target\n1,a.png,a.png\n1.0,a.png,a.png\n001,a.png,a.png\n",
        ["1", "1.0", "001"],
        "",
    ),
}

OBJECTS = {
    "lines": (JSONL, JSON_LINES, BOTH, ""),
    "a mark of UTF-8": (JSONL, JSON_LINES.encode("utf-8-sig"), BOTH, ""),
    "UTF-16": (JSONL, JSON_LINES.encode("utf-16"), BOTH, "; coded in UTF-16"),
    "called json": ("train.json", JSON_LINES, BOTH, ""),
    "a list": ("train.json", json.dumps(LINES), BOTH, ""),
    "a list, printed": (JSONL, json.dumps(LINES, indent=2), BOTH, ""),
    "objects, printed": (
        JSONL,
        "\r\n".join(json.dumps(line, indent=1) for line in LINES),
        BOTH,
        "",
    ),
    "CRLF and empty lines": (JSONL, "\r\n\r\n" + JSON_LINES.replace("\n", "\r\n \r\n"), BOTH, ""),
    "rare line ends in a text": (
        JSONL,
        '{"source": "a.png", "target": "a.png", "said": "x\u2028y\u2029z\x85w"}',
        ["a"],
        "; not used: said",
    ),
    "names that are numbers": (
        JSONL,
        "\n".join(
            f'{{"name": {name}, "source": "a.png", "target": "a.png"}}'
            for name in ("1", "1.0", '"001"', "1e0", "12345678901234567890")
        ),
        ["1", "1.0", "001", "1e0", "12345678901234567890"],
        "",
    ),
    "what is not used may be anything": (
        JSONL,
        '{"source": "a.png", "target": "a.png", "x": NaN, "y": {"z": [1]}, "w": null}',
        ["a"],
        "; not used: x, y, w",
    ),
    "another case": (
        JSONL,
        '{"Source": "a.png", "target": "a.png"}',
        ["a"],
        "; the column 'Source' is taken for source",
    ),
}


@pytest.mark.parametrize("form", SEPARATED)
def test_cells_between_separators(root: Path, form: str) -> None:
    file, content, names, told = SEPARATED[form]
    content = content.replace("ROOT", root.as_posix()) if isinstance(content, str) else content
    assert read(root, content, file) == (names, told)


@pytest.mark.parametrize("form", OBJECTS)
def test_objects(root: Path, form: str) -> None:
    file, content, names, told = OBJECTS[form]
    assert read(root, content, file) == (names, told)


def test_a_list_of_images_and_labels(root: Path) -> None:
    """As joliGEN writes them: no first line, paths from the root."""
    (root / "trainA").mkdir()
    (root / "trainA/paths.txt").write_text("a.png\té.png\nout/a b.png\ta.png\n\n")
    columns = {"source": "image", "target": "label"}
    spec = pairs(root, "trainA/paths.txt", columns=columns)
    assert spec.decode("train") == []
    assert [spec.open("train").read(n, None).name for n in (0, 1)] == ["a", "out/a b"]
    assert spec.open("train").describe() == (
        f"2 lines of {root}/trainA/paths.txt: source (column image), target (column label); "
        f"paths start from {root}"
    )
    (root / "trainA/paths.txt").write_text("out/a b.png a.png\na.png a.png")
    assert spec.inspect("train") == [
        f"{root}/trainA/paths.txt:1: 3 words came, but a line is an image and its label; put a tab "
        "between two paths that hold spaces"
    ]


REFUSED = {
    "another coding": (
        CSV,
        "source,target\na.png,a.png\ncaf\xe9.png,a.png\n".encode("latin-1"),
        "{path}:3: no UTF-8 from the byte 0xe9 on; in the coding of Windows it would be "
        "'café.png,a.png'. Save the table as UTF-8 (in Excel: CSV UTF-8), as `iconv -f "
        "WINDOWS-1252 -t UTF-8` does",
    ),
    "UTF-16 without its mark": (
        CSV,
        PLAIN.encode("utf-16-le"),
        "{path} is UTF-16 without the mark that tells; save it as UTF-8",
    ),
    "half a sign of UTF-16": (
        CSV,
        PLAIN.encode("utf-16")[:-1],
        "{path} begins as UTF-16 and goes on otherwise (truncated data); save it as UTF-8",
    ),
    "zero bytes": (CSV, PLAIN.encode() + b"\0", "{path} is no text: it holds zero bytes; save"),
    "a workbook": (
        CSV,
        b"PK\x03\x04xl",
        "{path} is a workbook of a spreadsheet program (or a zip)",
    ),
    "JSON that is called CSV": (
        CSV,
        JSON_LINES.encode(),
        "{path}:1: this is JSON; call the file .jsonl, or .json",
    ),
    "CSV that is called JSON": (
        JSONL,
        PLAIN.encode(),
        "{path}:1: not JSON: Expecting value (character 1); a table whose cells are separated is "
        "called .csv",
    ),
    "two alike": (
        CSV,
        b"Source,SOURCE,target\na.png,a.png,a.png\n",
        "{path}:1: no column source, and 'Source' and 'SOURCE' are both like it; say which: "
        "`columns: {{source: Source}}`",
    ),
    "a comment below": (
        CSV,
        b"source,target\n# the rest is doubtful\n",
        "{path}:2: 1 cell, but the first line names 2 columns; comments stand above the first line",
    ),
    "an open quote": (
        CSV,
        b'source,target\na.png,a.png\n"a.png,a.png\n\n\n',
        "{path}:3: unexpected end of data; quotes must be closed",
    ),
    "an address": (
        CSV,
        b"source,target\nhttps://x.org/a.png,a.png\n",
        "{path}:2: source: https://x.org/a.png is an address in a network; download the files",
    ),
    "a drive": (
        CSV,
        b"source,target\nC:\\mine\\a.png,a.png\n",
        "{path}:2: source: C:\\mine\\a.png is a path of Windows; write paths that start from "
        "{root}, as a.png",
    ),
    "a folder": (
        CSV,
        b"source,target\nout,a.png\n",
        "{path}:2: source: {root}/out is a folder; write the path of a file",
    ),
    "per cent": (
        CSV,
        b"source,target\nout/a%20b.png,a.png\n",
        "{path}:2: source: there is no file {root}/out/a%20b.png; paths start from {root}. There "
        "is out/a b.png: write signs as they are, without %",
    ),
    "another case of a file": (
        CSV,
        b"source,target\nA.PNG,a.png\n",
        "{path}:2: source: there is no file {root}/A.PNG; paths start from {root}. Did you mean "
        "a.png?",
    ),
    "no ending": (
        CSV,
        b"source,target\na,a.png\n",
        "{path}:2: source: there is no file {root}/a; paths start from {root}. Did you mean a.png?",
    ),
    "a path without an end": (
        CSV,
        b"source,target\n" + b"x" * 5000 + b",a.png\n",
        "{path}:2: source: '" + "x" * 60 + "'... is no path; write the path of a file",
    ),
    "an empty cell": (CSV, b"source,target\n ,a.png\n", "{path}:2: source is empty; write"),
    "null": (JSONL, b'{"source": null, "target": "a.png"}', "{path}:1: source is empty; write"),
    "NaN": (JSONL, b'{"source": NaN, "target": "a.png"}', "{path}:1: source is empty; write"),
    "an object in an object": (
        JSONL,
        b'\n{"source": {"path": "a.png"}, "target": "a.png"}',
        '{path}:2: source is {{"path": "a.png"}}, but the path of a file was expected: "source": '
        '"a.png"',
    ),
    "a key twice": (
        JSONL,
        JSON_LINES.encode() + b'\n{"source": "a.png", "source": "b.png"}',
        "{path}:3: the key 'source' is there twice; which one counts is not said",
    ),
    "a zero before a number": (
        JSONL,
        b'{"name": 001, "source": "a.png", "target": "a.png"}',
        "{path}:1: not JSON: Expecting ',' delimiter (character 11)",
    ),
    "a brace that is missing": (
        JSONL,
        b'{"source": "a.png"\n{"source": "a.png", "target": "a.png"}',
        "{path}:1: not JSON: Expecting ',' delimiter (character 19)",
    ),
    "a mistake in a printed object": (
        JSONL,
        b'{\n  "source": "a.png",\n  "target": a.png\n}\n',
        "{path}:3: not JSON: Expecting value (character 13 of the line)",
    ),
    "a list without an end": (
        "train.json",
        json.dumps(LINES, indent=1).encode()[:-2],
        "{path}:9: the list ends without a ]",
    ),
    "a mistake in a list": (
        "train.json",
        b'[\n{"source": "a.png", "target": "a.png"},\n{"source" "a.png"}]',
        "{path}:3: not JSON: Expecting ':' delimiter (character 11 of the line)",
    ),
    "columns of lists": (
        "train.json",
        b'{"source": {"0": "a.png"}, "target": {"0": "a.png"}}',
        '{path}:1: source is {{"0": "a.png"}}, but the path of a file was expected: "source": ',
    ),
    "brackets without an end": (
        JSONL,
        b'{"source": ' + b"[" * 100_000,
        "{path}:1: brackets within brackets, deeper than a table has them",
    ),
}


@pytest.mark.parametrize("form", REFUSED)
def test_the_true_reason(root: Path, form: str) -> None:
    file, content, told = REFUSED[form]
    (root / file).write_bytes(content)
    said = pairs(root, file).inspect("train")[0]
    expected = told.format(path=root / file, root=root)
    assert said[: len(expected)] == expected
    with pytest.raises(DataError):
        pairs(root, file).open("train")


def test_a_map_may_be_another_column(root: Path) -> None:
    (root / CSV).write_text("imageA,imageB\na.png,out/a b.png\n")
    spec = pairs(root, columns={"source": "imageB", "target": "image_a"})
    made = spec.open("train")
    assert [name for name in made.files["source"]] == [root / "out/a b.png"]
    assert made.describe() == (
        f"1 line of {root}/train.csv: source (column imageB), target (column image_a); the column "
        "'imageA' is taken for image_a"
    )
    assert [*spec.maps()] == ["source", "target"]
