"""The public names: there, documented, and free of charge until they are used."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

import gan_zoo


def fresh(code: str) -> None:
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


def test_names_are_there_and_documented() -> None:
    assert set(gan_zoo.__all__) <= set(dir(gan_zoo))
    for name in gan_zoo.__all__:
        assert callable(getattr(gan_zoo, name)), name
        assert getattr(gan_zoo, name).__doc__, name
    assert "gan_zoo.load" in (gan_zoo.__doc__ or "")


def test_an_unknown_name_is_an_attribute_error() -> None:
    with pytest.raises(AttributeError, match="has no attribute 'lode'"):
        gan_zoo.lode  # type: ignore[attr-defined]  # noqa: B018


def test_importing_costs_nothing() -> None:
    fresh(
        "import sys; bare = set(sys.modules); import gan_zoo; dir(gan_zoo)\n"
        "came = {name.split('.')[0] for name in set(sys.modules) - bare}\n"
        "assert not came & {'torch', 'pydantic', 'yaml', 'rich'}, came\n"
        "gan_zoo.Recipe.load('quickstart'); assert 'torch' not in sys.modules"
    )


def test_train_load_and_use(tmp_path: Path) -> None:
    changes = {
        "generator": {"width": 4, "depth": 2},
        "discriminator.width": 4,
        "data.workers": 0,
        "validation": None,
        "phases.main": {"epochs": None, "steps": 1},
    }
    recipe = gan_zoo.Recipe.load("quickstart", set=changes)
    run = gan_zoo.train(recipe, out=tmp_path / "mine")
    given = next(recipe.data.test_inputs.iterdir())  # type: ignore[attr-defined]
    picture = gan_zoo.load(tmp_path / "mine", device="cpu")(given)
    assert picture.size == (64, 64)
    assert run.path == tmp_path / "mine"
    assert gan_zoo.resume(run.path).path == run.path
