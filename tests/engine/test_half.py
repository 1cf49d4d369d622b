"""A run in half holds in half what loses nothing by it."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from torch import Tensor

from gan_zoo.engine.assembly import assemble
from gan_zoo.engine.phase import PhaseRunner
from gan_zoo.engine.precision import Precision
from gan_zoo.recipe.recipe import Recipe
from gan_zoo.testing.fixtures import batch_of
from gan_zoo_conditions.specs import BoundarySpec, OneHotSpec

BOTH: dict[str, Any] = {"conditions.texture": None}
TEXTURE: dict[str, Any] = {"conditions.texture.width": 4}  # learned, for the generator alone
SMALL: dict[str, Any] = {
    "data.batch": 1,
    "generator.blocks": 1,
    "generator.coarse.width": 8,
    "generator.coarse.blocks": 1,
    "discriminator.scales": 3,
    "discriminator.each.width": 4,
    "engine.device": "cpu",
    "callbacks": None,
    "validation": None,
}


def stepped(changes: dict[str, Any], precision: str, phase: str = "joint") -> Any:
    """Two steps: what was told, what networks were given and all weights after them."""
    recipe = Recipe.load("quickstart_hd", set={**SMALL, **changes})
    assembly = assemble(recipe)
    runner = PhaseRunner(assembly, phase, Precision.of(device="cpu", precision=precision))
    runner.begin()
    given: dict[str, set[torch.dtype]] = {}
    for name in ("generator", "discriminator"):
        runner.cast.networks[name].register_forward_pre_hook(
            lambda module, inputs, name=name: given.setdefault(name, set()).add(inputs[0].dtype)
        )
    torch.manual_seed(0)
    terms = [
        runner.step([batch_of(runner.recipe.data, 1, runner.phase.size)], n).numbers()
        for n in range(2)
    ]
    weights: dict[str, Tensor] = {
        f"{name}.{key}": tensor
        for name, network in assembly.networks.items()
        for key, tensor in network.state_dict().items()
    }
    return terms, given, weights


@pytest.mark.parametrize("changes", [BOTH, TEXTURE], ids=["exact", "mixed"])
def test_conditions_in_half_change_no_bit(
    changes: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Of any loss or weight: three scales of the discriminator, two of the generator."""
    terms, given, weights = stepped(changes, "bfloat16")
    widened = torch.float32 if changes is TEXTURE else torch.bfloat16  # by what is beside them
    assert given == {"generator": {widened}, "discriminator": {torch.bfloat16}}
    for spec in (OneHotSpec, BoundarySpec):
        monkeypatch.setattr(spec, "exact_in_half", False)
    theirs, wide, expected = stepped(changes, "bfloat16")
    assert wide == {"generator": {torch.float32}, "discriminator": {torch.float32}}
    assert terms == theirs
    assert [key for key in expected if not torch.equal(weights[key], expected[key])] == []


@pytest.mark.parametrize("precision", ["float32", "float64"])
def test_whole_numbers_stay_whole(precision: str) -> None:
    dtype = getattr(torch, precision)
    _, given, _ = stepped(BOTH, precision)
    assert given == {"generator": {dtype}, "discriminator": {dtype}}
