"""Styles do what they promise on a finished run of the recipe quickstart_hd: the chosen instance
takes the color of the one that its style was encoded from, the others keep theirs. GAN_ZOO_HD_RUN
names a finished run to measure; without it one is trained, which takes minutes.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pytest
import torch
from torch import Tensor

import gan_zoo
from gan_zoo.components.interfaces import Sample
from gan_zoo.inference.translator import Translator
from gan_zoo.recipe.recipe import Recipe

SWAPS = 100
APART = 40  # of 255: real colors that are worth a swap
PIXELS = 12  # an instance of fewer has no color to speak of
FIRST_THING = 1000  # smaller instance ids are stuff


class Swap(NamedTuple):
    """One swap.

    Args:
        moved: How far the chosen instance went toward the wanted color; 1 is all the way.
        leaked: How far the others went, on average, as a part of the chosen one's way.
    """

    moved: float
    leaked: float


def color(picture: Tensor, instance: Tensor, number: int) -> Any:
    """The median color of an instance."""
    return np.median(picture.numpy()[:, instance[0].numpy() == number], axis=1)


def things(sample: Sample) -> list[int]:
    """The instances that are large enough."""
    numbers, counts = sample.maps["instance"].unique(return_counts=True)
    pairs = zip(numbers.tolist(), counts.tolist(), strict=True)
    return [number for number, count in pairs if number >= FIRST_THING and count >= PIXELS]


def swaps(translator: Translator, samples: list[Sample]) -> Iterator[Swap]:
    """Swap after swap, each between two samples drawn at random."""
    draw = np.random.default_rng(0)
    encoded: dict[int, dict[str, Tensor]] = {}

    def styles(index: int) -> dict[str, Tensor]:
        if index not in encoded:
            encoded[index] = translator.stylist.of_real(samples[index].maps) or {}
        return encoded[index]

    while True:
        here, there = draw.choice(len(samples), 2, replace=False).tolist()
        one, other = samples[here], samples[there]
        mine, theirs = things(one), things(other)
        if len(mine) < 2 or not theirs:
            continue
        chosen = int(draw.choice(mine))
        same = [number for number in theirs if number // 1000 == chosen // 1000]
        if not same:
            continue
        giver = int(draw.choice(same))
        wanted = color(other.maps["target"], other.maps["instance"], giver)
        own = color(one.maps["target"], one.maps["instance"], chosen)
        if np.linalg.norm(wanted - own) < APART:
            continue
        given = {name: one.maps[name] for name in translator.inputs}
        usual = styles(here)
        changed = {**usual, f"instance:{chosen}": styles(there)[f"instance:{giver}"]}
        before, after = (translator.picture(given, style=style) for style in (usual, changed))
        ids = one.maps["instance"]
        shift = {n: color(after, ids, n) - color(before, ids, n) for n in mine}
        way = wanted - color(before, ids, chosen)
        went = np.linalg.norm(shift[chosen])
        others = [np.linalg.norm(shift[n]) for n in mine if n != chosen]
        yield Swap(float(shift[chosen] @ way / (way @ way)), float(np.mean(others) / max(went, 1)))


@pytest.mark.slow
def test_a_style_moves_its_instance_and_leaves_the_others(tmp_path: Path) -> None:
    ready = os.environ.get("GAN_ZOO_HD_RUN")
    run = Path(ready) if ready else tmp_path / "run"
    if not ready:
        gan_zoo.train(Recipe.load("quickstart_hd"), run)
    translator = Translator.load(run)
    size = translator.recipe.phases[translator.phase].size
    dataset = translator.recipe.data.open("test", size)
    samples = [dataset.read(index, None) for index in range(len(dataset))]
    found = [swap for swap, _ in zip(swaps(translator, samples), range(SWAPS), strict=False)]
    moved, leaked = (float(np.median(part)) for part in zip(*found, strict=True))
    print(f"moved {moved:.2f} of the way, others {leaked:.2f} of that, over {len(found)} swaps")
    assert torch.isfinite(torch.tensor([moved, leaked])).all()
    assert moved >= 0.5
    assert leaked < 0.25
