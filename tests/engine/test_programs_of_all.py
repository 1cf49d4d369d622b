"""Every component of the zoo trains compiled and recorded, to the numbers that it has otherwise."""

from __future__ import annotations

from typing import Any

import pytest
import torch

from gan_zoo.checks.contracts import contracts
from gan_zoo.engine.assembly import assemble
from gan_zoo.engine.compiling import count
from gan_zoo.engine.loader import Plan, read_batches
from gan_zoo.engine.phase import PhaseRunner
from gan_zoo.engine.precision import Precision
from gan_zoo.engine.settling import Settled, settle
from gan_zoo.engine.step_graph import WARM
from tests.test_mixing import BASE, mixed, own, smallest

STEPS = WARM + 3
SUBJECTS = [
    (kind, name)
    for kind in ("generator", "discriminator", "loss", "condition")
    for name in own(kind)
    if name != "image"
]

pytestmark = [
    pytest.mark.slow,
    pytest.mark.usefixtures("programs"),
    pytest.mark.parametrize(("kind", "name"), SUBJECTS, ids=[name for _, name in SUBJECTS]),
]


def words(kind: str, name: str) -> dict[str, Any]:
    """A recipe's words for one component, beside the usual others."""
    made = smallest(kind, name)
    if name == "noise":
        made["map"] = "label"  # whose size it takes
    usual = {"generator": smallest("generator", "unet")}
    if kind in ("generator", "discriminator"):
        return {**usual, kind: made}
    if kind == "loss":
        return {**usual, "losses": {"tested": made}}
    return {**usual, "conditions": {**BASE["conditions"], "tested": made}}


def play(kind: str, name: str, **how: Any) -> tuple[list[dict[str, float]], Settled, PhaseRunner]:
    """The losses of some steps in float64."""
    recipe = mixed("least_squares", "simultaneous", **words(kind, name))
    contracts(recipe)
    torch.manual_seed(0)
    runner = PhaseRunner(assemble(recipe), "main", Precision.of(precision="float64", **how))
    runner.begin()
    data = recipe.data.open("train")
    plan, maps = Plan(len(data), 2, 0, 0), recipe.data.maps()
    feed = read_batches(data, plan, start=0, stop=STEPS, workers=0, pin=False, maps=maps)
    batches = [[batch.maps] for batch in feed]
    settled = settle(runner, batches[0])
    return [runner.step(maps, n).numbers() for n, maps in enumerate(batches)], settled, runner


def test_compiled(kind: str, name: str) -> None:
    theirs, _, _ = play(kind, name)
    ours, settled, _ = play(kind, name, compile="networks")
    for mine, other in zip(ours, theirs, strict=True):
        assert mine == pytest.approx(other, rel=1e-9)
    assert "generator" in settled.compiled
    assert (settled.graphs, count().breaks) == (count().graphs, {})
    assert 0 < settled.graphs <= 12


def test_recorded(kind: str, name: str) -> None:
    theirs, _, _ = play(kind, name)
    ours, _, runner = play(kind, name, graphs="on")
    assert ours == theirs
    assert runner.recorded is not None
    assert len(runner.recorded) == 1
