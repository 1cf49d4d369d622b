"""The ablations that are kept with their results: their tables are made of their scores."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from gan_zoo.ablation.folder import AblationFolder
from gan_zoo.ablation.table_making import read_table
from gan_zoo.ablation.tables.markdown import as_markdown
from tools.keep_ablation import HOME, keep

KEPT = sorted(path.parent for path in HOME.glob("*/plan.json"))


@pytest.mark.parametrize("path", KEPT, ids=lambda path: path.name)
def test_a_table_is_made_of_its_scores(path: Path) -> None:
    folder = AblationFolder.open(path)
    table = read_table(folder)
    assert (path / "table.md").read_text(encoding="utf-8") == as_markdown(table)
    assert len(folder.results()) == len(folder.plan().runs) == 3 * len(table.rows)
    assert folder.plan().seeds == (0, 1, 2)
    assert folder.plan().stamps == {}


@pytest.mark.parametrize("path", KEPT, ids=lambda path: path.name)
def test_no_path_of_a_machine_is_kept(path: Path) -> None:
    for file in path.rglob("*"):
        if file.is_file():
            found = re.findall(r"[\"' =](/[a-z]+/[^\"' ,]*)", file.read_text(encoding="utf-8"))
            assert not found, f"{file}: {found[:3]}"


def test_keeping_one_anew_changes_nothing(tmp_path: Path) -> None:
    [path, *_] = KEPT
    there = keep(path, tmp_path)
    names = sorted(file.relative_to(path) for file in path.rglob("*") if file.is_file())
    assert names == sorted(file.relative_to(there) for file in there.rglob("*") if file.is_file())
    for name in names:
        assert (there / name).read_bytes() == (path / name).read_bytes()
