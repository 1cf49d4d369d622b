"""Checkpoints of the coarse-to-fine program: what is read off their shapes fits them."""

from __future__ import annotations

import json
import re
import shlex
from pathlib import Path
from typing import Any

import pytest

from gan_zoo.errors import UserError
from gan_zoo.importer import import_run
from gan_zoo.recipe.recipe import Recipe
from gan_zoo.recipe.source import parse_set
from gan_zoo.runs.folder import RunFolder
from tests.parity import published

GOLDEN = Path(__file__).parents[1] / "parity/golden/pix2pixhd"


def recipe(case: str, changes: dict[str, Any]) -> Recipe:
    golden = json.loads((GOLDEN / case / "golden.json").read_text())
    return Recipe.load("pix2pix", set={**published.patches(golden), **changes})


@pytest.mark.parametrize(
    ("case", "wrong", "named"),
    [
        (
            "local",
            {"generator.coarse.width": 8, "generator.enhancers": 2, "discriminator.scales": 2},
            {"generator.enhancers", "generator.coarse.width", "discriminator.scales"},
        ),
        ("local", {"generator": {"use": "global"}}, {"generator.use", "generator.coarse.use"}),
        (
            "global",
            {"generator": {"use": "local_enhancer"}, "discriminator": {"use": "patch"}},
            {"generator.use", "discriminator.use", "discriminator.each.use"},
        ),
        ("global", {"discriminator.each.layers": 4}, {"discriminator.each.layers"}),
    ],
)
def test_the_cure_of_a_misfit_fits(
    tmp_path: Path, case: str, wrong: dict[str, Any], named: set[str]
) -> None:
    with pytest.raises(UserError) as refused:
        import_run(GOLDEN / case, recipe(case, wrong), tmp_path / "refused")
    [cure] = re.findall(r"^Use (.*)$", str(refused.value), re.M)
    told = [word for word in shlex.split(cure) if word != "--set"]
    changes = parse_set(told)
    assert named <= set(changes)
    import_run(GOLDEN / case, recipe(case, {**wrong, **changes}), tmp_path / "run")
    opened = RunFolder.open(tmp_path / "run").recipe()
    right = recipe(case, {})
    assert opened.generator.multiple() == right.generator.multiple()
    assert opened.discriminator == right.discriminator


def test_what_rests_is_in_the_run_and_not_in_the_file(tmp_path: Path) -> None:
    import_run(GOLDEN / "local", recipe("local", {}), tmp_path / "run")
    weights = RunFolder.open(tmp_path / "run").load_weights("latest", "generator")
    assert weights["coarse.decoder.3.weight"].shape == (3, 4, 7, 7)
    assert weights["coarse.decoder.3.weight"].std() == pytest.approx(0.02, rel=0.1)
    assert not weights["coarse.decoder.3.bias"].any()  # as the init of this recipe says
