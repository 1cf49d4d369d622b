"""Spectral norm in discriminators: what it does, and that it rests, travels and resumes."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import torch
from torch import Tensor, nn

from gan_zoo.checks.rehearsal import rehearse
from gan_zoo.engine.assembly import assemble
from gan_zoo.engine.phase import PhaseRunner
from gan_zoo.engine.precision import Precision
from gan_zoo.recipe.recipe import Recipe
from gan_zoo.testing.probe import without_chance
from gan_zoo.training.run import resume, train
from gan_zoo_discriminators.single_specs import PatchSpec, PixelSpec
from tests.plugins.networks import RGB

KINDS = [PatchSpec, PixelSpec]
VECTORS = ("._u", "._v")  # of the power iteration


def recipe(**changes: Any) -> Recipe:
    """A quickstart run of some steps whose discriminator has spectral norm."""
    return Recipe.load(
        "quickstart",
        set={
            "generator.width": 2,
            "discriminator": {"use": "patch", "layers": 2, "width": 2, "spectral": True},
            "phases": {"main": {"epochs": None, "steps": 4, "schedule": None}},
            "callbacks": None,
            "validation": None,
            "data.workers": 0,
            "engine.device": "cpu",
            **changes,
        },
    )


def convolutions(network: nn.Module) -> list[nn.Conv2d]:
    return [layer for layer in network.modules() if isinstance(layer, nn.Conv2d)]


def state(network: nn.Module) -> dict[str, Tensor]:
    return {key: tensor.clone() for key, tensor in network.state_dict().items()}


def changed(before: dict[str, Tensor], network: nn.Module) -> set[str]:
    return {key for key, now in network.state_dict().items() if not torch.equal(before[key], now)}


def vectors(network: nn.Module) -> set[str]:
    return {key for key in network.state_dict() if key.endswith(VECTORS)}


@pytest.mark.parametrize("kind", KINDS)
def test_every_convolution_s_largest_singular_value_is_one(kind: Any) -> None:
    torch.manual_seed(0)
    network = kind(width=8, spectral=True, norm="none").build(RGB, RGB).double()
    pictures = torch.randn(2, 1, 3, 40, 40, dtype=torch.float64)
    for _ in range(200):
        network(*pictures)
    values = [torch.linalg.matrix_norm(c.weight.flatten(1), 2) for c in convolutions(network)]
    assert len(values) == {PatchSpec: 5, PixelSpec: 3}[kind]
    for value in values:
        assert value.item() == pytest.approx(1, abs=1e-3)


@pytest.mark.parametrize("kind", KINDS)
def test_without_it_nothing_changes_and_with_it_no_parameter_is_added(kind: Any) -> None:
    plain, spectral = (kind(width=2, spectral=on).build(RGB, RGB) for on in (False, True))
    assert not vectors(plain)
    assert len(vectors(spectral)) == 2 * len(convolutions(spectral))
    counts = [sum(p.numel() for p in network.parameters()) for network in (plain, spectral)]
    assert counts[0] == counts[1]


@pytest.mark.parametrize("kind", KINDS)
def test_the_iteration_goes_on_in_training_and_rests_in_evaluation(kind: Any) -> None:
    torch.manual_seed(0)
    network = kind(width=2, spectral=True, norm="none").build(RGB, RGB)
    pictures = torch.randn(2, 1, 3, 40, 40)
    before = state(network)
    network.eval()(*pictures)
    assert changed(before, network) == set()
    network.train()(*pictures)
    assert vectors(network) >= changed(before, network) > set()


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("options", [{"spectral": True}, {"norm": "group"}])
def test_nobody_published_it(kind: Any, options: dict[str, Any]) -> None:
    assert kind(**options).published(RGB, RGB) == []
    assert len(kind().published(RGB, RGB)) == 1


@pytest.mark.parametrize("batch", [1, 2])
@pytest.mark.parametrize("norm", ["batch", "instance", "group", "none"])
@pytest.mark.parametrize("spectral", [False, True])
@pytest.mark.parametrize("kind", KINDS)
def test_it_learns_the_same_in_both_memory_formats(
    kind: Any, spectral: bool, norm: Any, batch: int
) -> None:
    torch.manual_seed(0)
    network = without_chance(kind(width=4, norm=norm, spectral=spectral).build(RGB, RGB).double())
    condition, picture = torch.randn(2, batch, 3, 32, 40, dtype=torch.float64)

    def gradients(layout: torch.memory_format) -> list[Tensor]:
        network.to(memory_format=layout)
        shown = picture.to(memory_format=layout).requires_grad_()
        [views] = network(condition.to(memory_format=layout), shown)
        total = torch.stack([view.square().mean() for view in views]).sum()
        return list(torch.autograd.grad(total, [shown, *network.parameters()]))

    for ours, theirs in zip(
        gradients(torch.contiguous_format), gradients(torch.channels_last), strict=True
    ):
        torch.testing.assert_close(ours, theirs)


def test_a_rehearsal_counts_what_learns() -> None:
    on, off = (
        rehearse(recipe(**{"discriminator.spectral": s}), (64, 64))[0] for s in (True, False)
    )
    assert on.learning == off.learning
    assert on.playing == off.playing
    assert on.peak_bytes > off.peak_bytes


@pytest.mark.parametrize("train_only", ["generator", "discriminator"])
def test_where_the_discriminator_rests_its_iteration_rests(train_only: str) -> None:
    made = recipe(**{"phases.main.train": [train_only]})
    assembly = assemble(made)
    runner = PhaseRunner(assembly, "main", Precision(torch.device("cpu"), "float32", "contiguous"))
    runner.begin()
    generator, judge = assembly.networks["generator"], assembly.networks["discriminator"]
    before = state(generator), state(judge)
    torch.manual_seed(0)
    batch = {
        name: torch.randint(0, 256, (2, image.channels, 64, 64), dtype=torch.uint8)
        for name, image in assembly.wiring.maps.items()
    }
    for _ in range(2):
        runner.step([batch])
    moved = changed(before[0], generator), changed(before[1], judge)
    if train_only == "generator":
        assert moved[0]
        assert moved[1] == set()
    else:
        assert moved[0] == set()
        one = "head.parametrizations.weight.0._u"  # a single number of length 1
        assert moved[1] >= vectors(judge) - {one}


def test_a_resumed_run_goes_on_to_the_same_bits(tmp_path: Path) -> None:
    whole = train(recipe(), tmp_path / "whole")
    train(recipe(), tmp_path / "cut", steps=2)
    cut = resume(tmp_path / "cut", steps="all")
    ours, theirs = (run.load_weights("latest", "discriminator") for run in (whole, cut))
    assert any(key.endswith(VECTORS) for key in ours)
    assert ours.keys() == theirs.keys()
    assert all(torch.equal(ours[key], theirs[key]) for key in ours)
