"""Every change that docs/explanation/models.md names is one that its recipe takes."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

import pytest

from gan_zoo.checks.contracts import contracts
from gan_zoo.recipe.recipe import Recipe
from gan_zoo.recipe.source import parse_set

PAGE = (Path(__file__).parents[2] / "docs/explanation/models.md").read_text()
CHANGES = re.findall(r"`(pix2pix\w*(?: --set (?:\"[^\"`]+\"|[^ `]+))+)`", PAGE)


def test_the_page_names_changes() -> None:
    assert len(CHANGES) >= PAGE.count("--set ") / 2 > 10
    assert sum(change.count("--set ") for change in CHANGES) == PAGE.count("--set ")


@pytest.mark.parametrize("change", CHANGES)
def test_every_change_of_the_page_holds(change: str) -> None:
    name, *words = shlex.split(change)
    changes = parse_set([word for word in words if word != "--set"])
    recipe = Recipe.load(name, set=changes)
    contracts(recipe)
    assert recipe != Recipe.load(name)
