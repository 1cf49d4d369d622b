"""What the preview shows is what training reads, to the bit."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch
from PIL import Image

from gan_zoo.data_tools.preview import preview
from gan_zoo.engine.loader import Plan, read_batches
from gan_zoo.recipe.recipe import Recipe
from tests.cli.conftest import Command

SMALL = {"data.samples": [9, 2, 2], "data.size": [32, 32], "data.workers": 0, "seed": 5}


@pytest.mark.parametrize("batch", [1, 4])
def test_the_first_samples_are_those_of_the_first_steps(batch: int) -> None:
    recipe = Recipe.load("scenes", set={**SMALL, "data.batch": batch})
    found = preview(recipe, count=6, draws=2)
    data = recipe.data.open("train")
    plan = Plan(9, batch, 5, 0, recipe.engine.accumulate, recipe.engine.draws)
    steps = 2 * plan.steps_a_pass
    batches = read_batches(
        data, plan, start=0, stop=steps, workers=0, pin=False, maps=recipe.data.maps()
    )
    read: dict[str, list[dict[str, torch.Tensor]]] = {}
    order = []
    for each in batches:
        for n, name in enumerate(each.names):
            read.setdefault(name, []).append({key: map_[n] for key, map_ in each.maps.items()})
            order.append(name)
    assert [one.name for one in found.seen[::2]] == order[:6]
    assert [one.passed for one in found.seen] == [0, 1] * 6
    for one in found.seen:
        wanted = read[one.name][one.passed]
        for key in ("label", "instance", "target"):
            assert torch.equal(one.maps[key], wanted[key])
        assert one.conditions["labels"].shape == (9, 32, 32)
        assert one.conditions["edges"].shape == (1, 32, 32)
    flipped = [
        not torch.equal(a.maps["target"], b.maps["target"])
        for a, b in zip(found.seen[::2], found.seen[1::2], strict=True)
    ]
    assert 0 < sum(flipped) < 6  # mirrored with probability 0.5 in each pass


def test_conditions_that_learn_are_left_out_and_said(tmp_path: Path, zoo: Command) -> None:
    out = tmp_path / "deep" / "seen.png"
    words = [word for key, value in SMALL.items() for word in ("--set", f"{key}={value}")]
    texture = "conditions.texture={use: instance_features, channels: 3, width: 4}"
    said = zoo("data", "preview", "scenes", *words, "--set", texture, "--count", 2, "--out", out)
    assert said.code == 0, said.err
    assert "conditions.texture is not drawn" in said.out
    with Image.open(out) as drawn:  # 2 samples in 3 passes; 3 maps and 2 conditions
        assert drawn.size == (4 + 5 * (128 + 4), 16 + 4 + 6 * (16 + 128 + 4))


def test_absent_data_is_said(tmp_path: Path, zoo: Command) -> None:
    said = zoo("data", "preview", "pix2pix", "--data", tmp_path / "nowhere")
    assert said.code == 2
    assert "nowhere" in said.err
    assert "Traceback" not in said.err
