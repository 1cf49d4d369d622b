"""How far apart two outputs of one input are, beside two targets."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import combinations
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor

import gan_zoo
from gan_zoo import Recipe
from gan_zoo.components import DataError, Sample, UserError
from gan_zoo.components.at_hand import read_once
from gan_zoo.testing import metrics
from gan_zoo.testing.painted import Seeded
from gan_zoo_metrics.specs import DiversitySpec

SMALL = {
    "generator.width": 4,
    "generator.depth": 4,
    "generator.dropout": "paper",
    "init.gain": 0.5,
    "discriminator": None,
    "optimizers.discriminator": None,
    "losses.gan": None,
    "data.workers": 0,
    "phases.main": {"epochs": None, "steps": 2},
}


@dataclass
class Model(Seeded):
    """Pictures that are grey, as bright as the seed says."""

    steps: int = 0
    style: Any = None
    refuses: Exception | None = None
    styles: tuple[Any, ...] = ()

    def style_of(self, maps: Any) -> Any:
        return self.style

    def picture(self, maps: Any, *, seed: int = 0, style: Any = None) -> Tensor:
        self.styles += (style,)
        if self.refuses and style == "sample":
            raise self.refuses
        return torch.full((3, 8, 8), 100 + seed * self.steps, dtype=torch.uint8)


def targets(count: int, height: int = 40, width: int = 33) -> list[Tensor]:
    draw = torch.Generator().manual_seed(0)
    return [torch.randint(256, (3, height, width), generator=draw).byte() for _ in range(count)]


def scored(model: Any, real: Sequence[Tensor], vary: Any = "noise") -> tuple[Any, list[str]]:
    said: list[str] = []
    at = replace(metrics.context(), pictures=model, say=said.append)
    metric: Any = DiversitySpec(vary=vary).build(at)
    for number, one in enumerate(real):
        maps = {"label": torch.full((1, 8, 8), number).int(), "target": one}
        metric.update(one, one, Sample("one", ("one.png",), maps))
    return metric, said


def plain(*levels: int) -> list[Tensor]:
    return [torch.full((3, 16, 20), level, dtype=torch.uint8) for level in levels]


def test_it_is_one_distance_over_the_other() -> None:
    """Outputs are 12 apart; of targets 0, 30 and 60 the pairs are 30, 30 and 60 apart."""
    metric, said = scored(Model(steps=12), plain(0, 30, 60))
    assert metric.compute() == pytest.approx(12 / 40)
    assert metric.beside() == {"outputs": 12, "targets": 40}
    assert said == []


def test_a_model_without_noise_scores_0() -> None:
    assert scored(Model(), plain(0, 255))[0].compute() == 0


def test_targets_are_compared_in_all_pairs() -> None:
    """At 32x32 places; of pictures of that size these are all pixels."""
    real = targets(9, 32, 32)
    pairs = [(one.double() - other.double()).abs().mean() for one, other in combinations(real, 2)]
    metric, _ = scored(Model(steps=1), real)
    assert metric.beside()["targets"] == pytest.approx(float(np.mean(pairs)), rel=1e-12)
    again, _ = scored(Model(steps=1), real[::-1])
    assert again.compute() == metric.compute()


def test_places_are_spread_evenly_and_sizes_may_differ() -> None:
    steps = torch.arange(64).repeat_interleave(4).byte()  # 256 pixels, of which 32 are looked at
    ramp, black = steps.expand(3, 100, 256), torch.zeros(3, 7, 9).byte()
    metric, _ = scored(Model(), [ramp, black])
    assert metric.beside()["targets"] == pytest.approx(steps.double().mean().item(), abs=0.51)


@pytest.mark.parametrize("real", [[], plain(5), plain(7, 7)])
def test_where_no_two_targets_differ_there_is_no_number(real: list[Tensor]) -> None:
    assert math.isnan(scored(Model(steps=3), real)[0].compute())


def test_styles_are_kept_or_drawn() -> None:
    kept, drawn = Model(steps=1, style="its own"), Model(steps=1, style="its own")
    _, said = scored(kept, plain(0, 9))
    assert kept.styles == ("its own",) * 4
    assert len(said) == 1
    assert "only noise is measured. With `vary: styles` they are drawn" in said[0]
    _, said = scored(drawn, plain(0, 9), "styles")
    assert drawn.styles == ("sample",) * 4
    assert said == []


def test_styles_that_cannot_be_drawn_give_no_number_and_are_said_once() -> None:
    """A validation during training never has any: that must not stop the run."""
    model = Model(refuses=UserError("--style: none were gathered yet; gan-zoo features RUN"))
    metric, said = scored(model, plain(0, 9), "styles")
    assert math.isnan(metric.compute())
    assert said == ["diversity has no value: --style: none were gathered yet; gan-zoo features RUN"]
    with read_once():  # as in a run
        told = [scored(model, plain(0, 9), "styles")[1] for _ in range(2)]
    assert [len(lines) for lines in told] == [1, 0]
    with pytest.raises(DataError):
        scored(Model(refuses=DataError("a.png is torn")), plain(0, 9), "styles")


def test_targets_of_other_channels_are_refused() -> None:
    with pytest.raises(UserError, match=r"one.png: its target has 1 channels, and others have 3"):
        scored(Model(), [*plain(0), torch.zeros(1, 8, 8).byte()])


@pytest.mark.parametrize(("dropout", "least"), [(True, 1e-4), (False, 0)])
def test_a_run_is_diverse_where_inference_keeps_its_noise(
    dropout: bool, least: float, tmp_path: Path
) -> None:
    recipe = Recipe.load("quickstart", set={**SMALL, "inference.dropout": dropout})
    gan_zoo.train(recipe, tmp_path / "run")
    found = gan_zoo.evaluate(tmp_path / "run", metrics=["diversity"]).measured["diversity"]
    assert found.value > least if dropout else found.value == 0
    assert found.values is None
    assert found.beside["targets"] > 10
