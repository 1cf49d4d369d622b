"""The pages for authors quote the templates, every door of a kind, and checks that exist."""

from __future__ import annotations

import inspect
import re
from pathlib import Path

import pytest

from gan_zoo.components.kinds import KINDS
from gan_zoo.components.spec import Spec
from gan_zoo.scaffold import templates
from gan_zoo.testing import checks

PAGES = Path(__file__).parents[2] / "docs" / "how-to"
BOX = re.compile(r"^```(python|bash)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
OF_ALL = {name for name in vars(Spec) if not name.startswith("_")}
KIND = pytest.mark.parametrize("kind", templates.KINDS)


def text(kind: str) -> str:
    article = "an" if kind[0] in "aeiou" else "a"
    return (PAGES / f"write-{article}-{kind}.md").read_text(encoding="utf-8")


def rows(kind: str, head: str) -> list[list[str]]:
    """The cells of the table below that head."""
    table = text(kind).partition(f"| {head} |")[2].partition("\n\n")[0]
    return [[cell.strip() for cell in row[1:-1].split(" | ")] for row in table.splitlines()[2:]]


def doors(kind: str) -> set[str]:
    """What a kind's class says beyond what every spec does."""
    spec = KINDS[kind]
    found: set[str] = set(spec.model_fields) - {"lr"}
    for base in spec.__mro__:
        if base is Spec:
            break
        for name, value in vars(base).items():
            method = inspect.isfunction(value) or isinstance(value, classmethod)
            told = method or name in inspect.get_annotations(base)
            if told and not name.startswith("_") and name not in OF_ALL:
                found.add(name)
    return found


@KIND
def test_every_snippet_is_of_the_template(kind: str) -> None:
    sources = [file.decode("utf-8", "ignore") for file in templates.package("mine", kind).values()]
    boxes = BOX.findall(text(kind))
    assert boxes[0] == ("bash", f"gan-zoo new-plugin mine --kind {kind}\n")
    assert len(boxes) >= 3
    for _, box in boxes[1:]:
        assert any(box.rstrip("\n") in source for source in sources), box
    assert f"`mine/{templates.component(kind).name}`" in text(kind)


@KIND
def test_the_contract_is_whole(kind: str) -> None:
    told = [
        name.strip("`").removesuffix("()") for name, _ in rows(kind, "of the spec | what it says")
    ]
    assert set(told) == doors(kind)
    assert len(told) == len(set(told))


@KIND
def test_every_check_that_is_named_exists(kind: str) -> None:
    there = checks(kind)
    named = [
        c
        for _, cell in rows(kind, "what goes wrong | the check that says so")
        for c in re.findall(r"`([^`]+)`", cell)
    ]
    assert len(named) >= 4
    assert [title for title in named if title not in there] == []
