"""Recipes in a folder of their own, read with the small zoo."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from gan_zoo.recipe.recipe import Recipe, read_source
from gan_zoo.recipe.source import parse_set
from gan_zoo.recipe.validation import RecipeError, parse
from gan_zoo.registry.plugins import Plugin
from gan_zoo.registry.zoo import Zoo
from tests.recipe.small_zoo import COMPONENTS, RECIPE


@pytest.fixture
def zoo() -> Zoo:
    return Zoo([Plugin("small", "gan-zoo", "1", COMPONENTS)])


@pytest.fixture
def files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., None]:
    """Writes files, `base.yaml` among them, where the test runs."""
    monkeypatch.chdir(tmp_path)
    Path("base.yaml").write_text(RECIPE)

    def write(**texts: str) -> None:
        for name, text in texts.items():
            Path(f"{name}.yaml").write_text(text)

    return write


@pytest.fixture
def load(zoo: Zoo, files: Callable[..., None]) -> Callable[..., Recipe]:
    """Loads `mine.yaml` (or another) with changes as on the command line."""

    def load(text: str | None = None, *changes: str, recipe: str = "mine.yaml") -> Recipe:
        if text is not None:
            files(mine=text)
        return parse(Recipe, read_source(recipe, set=parse_set(changes), zoo=zoo), zoo)

    return load


@pytest.fixture
def complaints(load: Callable[..., Recipe]) -> Callable[..., list[str]]:
    """What loading complains about, line by line."""

    def complaints(*arguments: Any, **options: Any) -> list[str]:
        with pytest.raises(RecipeError) as caught:
            load(*arguments, **options)
        return str(caught.value).split("\n")

    return complaints
