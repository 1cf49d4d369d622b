"""Our engine computes what the published steps compute, as the benchmark writes them out."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest
import torch
from torch import Tensor

from gan_zoo.engine.assembly import Assembly, assemble
from gan_zoo.engine.phase import PhaseRunner
from gan_zoo.engine.precision import Precision
from gan_zoo.recipe.recipe import Recipe
from tests.benchmarks import published_step
from tests.benchmarks.published import Pix2pix, Pix2pixHD, activate_in_place

DOUBLE = Precision(torch.device("cpu"), "float64", "contiguous")
CLASSES = 5

TINY: dict[str, dict[str, Any]] = {
    "pix2pix": {
        "data.load": None,
        "data.crop": [32, 32],
        "generator.width": 4,
        "generator.depth": 5,
        "generator.dropout": "paper",
        "discriminator.width": 4,
        "phases.main": None,
        "phases.only": {"steps": 3},
    },
    "pix2pixhd_512": {
        "data.classes": CLASSES,
        "generator.width": 4,
        "generator.downsamplings": 2,
        "generator.blocks": 1,
        "discriminator.each.width": 4,
        "losses.perceptual.weights": "none",
        "phases.coarse": None,
        "phases.only": {"steps": 3, "size": [16, 32]},
    },
}


def batch(recipe: str, seed: int) -> dict[str, Tensor]:
    draw = torch.Generator().manual_seed(seed)

    def noise(below: int, *size: int, dtype: torch.dtype = torch.uint8) -> Tensor:
        return torch.randint(0, below, size, dtype=dtype, generator=draw)

    if recipe == "pix2pix":
        return {"source": noise(256, 1, 3, 32, 32), "target": noise(256, 1, 3, 32, 32)}
    label = noise(CLASSES, 1, 1, 16, 32, dtype=torch.int32)
    instance = noise(3, 1, 1, 16, 32, dtype=torch.int32)
    return {"label": label, "instance": instance, "target": noise(256, 1, 3, 16, 32)}


def rendered(recipe: str, assembly: Assembly, in_place: bool) -> Pix2pix | Pix2pixHD:
    """The published step on the networks of an assembly, in float64."""
    g, d = (assembly.networks[name].double() for name in ("generator", "discriminator"))
    if in_place:
        activate_in_place(g, d)
    if recipe == "pix2pix":
        return Pix2pix(g, d)
    losses: Any = assembly.losses
    return Pix2pixHD(g, d, losses["perceptual"].network.double(), CLASSES)


def weights(assembly: Assembly) -> Mapping[str, Tensor]:
    return {
        f"{name}.{key}": tensor
        for name, module in assembly.networks.items()
        for key, tensor in module.state_dict().items()
    }


@pytest.mark.parametrize("in_place", [False, True])
@pytest.mark.parametrize("name", TINY)
def test_the_engine_takes_the_published_step(name: str, in_place: bool) -> None:
    recipe = Recipe.load(name, set={"callbacks": None, "data.workers": 0, **TINY[name]})
    ours, theirs = assemble(recipe), assemble(recipe)
    runner = PhaseRunner(ours, "only", DOUBLE)
    runner.begin()
    published = rendered(name, theirs, in_place)
    before = {key: tensor.clone() for key, tensor in weights(theirs).items()}

    for number in range(3):
        maps = batch(name, number)
        torch.manual_seed(number)  # of dropout
        told = runner.step([maps], number).numbers()
        torch.manual_seed(number)
        terms = published.step(published.loaded(maps))
        assert told == pytest.approx({key: t.item() for key, t in terms.items()}, rel=1e-10)

    moved = weights(theirs)
    assert weights(ours).keys() == moved.keys()
    for key, tensor in weights(ours).items():
        torch.testing.assert_close(tensor, moved[key], rtol=1e-8, atol=1e-10, msg=key)
    still = {key for key, tensor in moved.items() if torch.equal(tensor, before[key])}
    assert not still


def test_the_table_compares_round_by_round() -> None:
    def found(*times: float) -> dict[str, Any]:
        return {"times": times, "busy": times, "most": 2**30, "faults": 7}

    runs = {
        "published": [found(1.0, 1.2, 1.4), found(2.0, 2.4, 2.8)],
        "ours": [found(1.0, 0.5, 0.8), found(1.2, 1.2, 1.2)],  # 1.5 and 2 times the speed
    }
    counts = {
        "published": {"flop": 4e9, "peak": 2**30},
        "ours": {"flop": 3e9, "peak": 2**29},
    }
    head, _, base, ours = published_step.table(runs, counts).splitlines()
    assert head.count("|") == base.count("|") == ours.count("|")
    assert base == (
        "| published | 1700.0 | 1250.0 to 2300.0 | 1.000 | 1.000 to 1.000 | 1700.0 | 1.000 "
        "| 4.0 | 1.000 | 1024 | 1024 | 7 |"
    )
    assert ours == (
        "| ours | 1100.0 | 850.0 to 1200.0 | 1.750 | 1.625 to 1.875 | 1100.0 | 1.750 "
        "| 3.0 | 0.750 | 512 | 1024 | 7 |"
    )
