"""A loss that is not a number stops the run, names it and its files, and keeps the evidence."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import torch
import yaml
from safetensors.torch import load_file

from gan_zoo.components.interfaces import LossFunction
from gan_zoo.components.learning import LossSpec
from gan_zoo.components.scene import Scene, Term
from gan_zoo.engine.loader import Plan, read_batches
from gan_zoo.engine.precision import Precision
from gan_zoo.recipe.recipe import Recipe
from gan_zoo.recipe.wired import WiredRecipe
from gan_zoo.reporter import Reporter
from gan_zoo.runs import checkpoint
from gan_zoo.runs.folder import RunFolder
from gan_zoo.training.guards import NonFinite, refuse_broken
from gan_zoo.training.loop import Run
from gan_zoo.training.run import resume, train


class Late(LossSpec):
    """A loss of the generator that breaks after some steps."""

    after: int

    def needs(self) -> dict[str, frozenset[str]]:
        return {"generator": frozenset({"fake"})}

    @abstractmethod
    def term(self, fake: torch.Tensor, *, late: bool) -> Term: ...

    def build(self) -> LossFunction:
        step = 0

        def loss(scene: Scene, player: str) -> Iterator[Term]:
            nonlocal step
            if player == "generator":
                step += 1
                yield self.term(scene["fake"], late=step > self.after)

        return loss


class BreaksSpec(Late, name="breaks"):
    """One for some steps, then what is asked for."""

    value: float

    def term(self, fake: torch.Tensor, *, late: bool) -> Term:
        return Term("G_odd", fake.mean() * 0 + (self.value if late else 1.0))


class SteepSpec(Late, name="steep"):
    """For some steps one, then nothing, at a place where its slope is none: the root of 0."""

    def term(self, fake: torch.Tensor, *, late: bool) -> Term:
        return Term("G_steep", (fake - fake.detach() + float(not late)).sqrt().mean())


@pytest.fixture
def broken(recipes: dict[str, Path]) -> Callable[..., Recipe]:
    def make(value: float, **engine: Any) -> Recipe:
        changes = {"data.workers": 0, "phases.main.steps": 9, "callbacks": None}
        recipe = Recipe.load(recipes["one"], set=changes)
        odd = BreaksSpec(after=7, value=value)
        return recipe.model_copy(update={"losses": {**recipe.losses, "odd": odd}})

    return make


@pytest.fixture(autouse=True)
def _untimed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("gan_zoo.training.loop.WORTH_TIMING", 10**6)  # its steps would count too


@pytest.mark.parametrize("value", [float("nan"), float("inf"), float("-inf")])
def test_the_loss_and_the_files_are_named_and_the_evidence_is_kept(
    broken: Callable[..., Recipe], tmp_path: Path, value: float
) -> None:
    run = RunFolder(tmp_path / "run")
    recipe = broken(value)
    with pytest.raises(NonFinite, match=f"G_odd became {value} at step 8, on ") as raised:
        train(recipe, run.path, reporter=Reporter(quiet=True))

    plan = Plan(10, recipe.data.batch, recipe.seed, 0)
    [batch] = read_batches(recipe.data.open("train"), plan, start=7, stop=8, workers=0, pin=False)
    assert all(file in str(raised.value) for file in batch.files)
    about = yaml.safe_load((run.path / "nonfinite/about.yaml").read_text())
    assert (about["step"], about["phase"], about["files"]) == (8, "main", batch.files)
    assert about["losses"]["G_odd"] == str(value)
    kept = load_file(run.path / "nonfinite/batch.safetensors")
    assert kept.keys() == batch.maps.keys()
    assert all(torch.equal(kept[name], tensor) for name, tensor in batch.maps.items())

    last = checkpoint.saved(run.state)[0]
    position, state = checkpoint.load(last)
    assert position.step == 6
    refuse_broken(state["networks"])
    latest = run.load_weights("latest", "generator")
    assert all(torch.equal(latest[k], t) for k, t in state["networks"]["generator"].items())


@pytest.mark.parametrize("turns", ["alternate", "simultaneous", "generator_first"])
def test_a_gradient_is_found_before_the_step_that_it_would_spoil(
    recipes: dict[str, Path], tmp_path: Path, turns: str
) -> None:
    """With its step, player and files: not a step later, by the losses of spoilt weights."""
    # health would call the loss too, which counts
    changes = {"data.workers": 0, "phases.main.steps": 9, "method.turns": turns, "callbacks": None}
    recipe = Recipe.load(recipes["one"], set={**changes, "engine.checkpoint_every": 2})
    losses = {**recipe.losses, "steep": SteepSpec(after=2)}
    recipe = recipe.model_copy(update={"losses": losses})
    quiet, precision = Reporter(quiet=True), Precision.of(device="cpu")
    run = Run(WiredRecipe(recipe), RunFolder(tmp_path), precision, quiet)
    run.enter("main")
    told = "a gradient of the generator became nan, though its losses are numbers at step 3, on "
    with pytest.raises(NonFinite, match=told) as raised:
        run.go()
    plan = Plan(10, recipe.data.batch, recipe.seed, 0)
    [batch] = read_batches(recipe.data.open("train"), plan, start=2, stop=3, workers=0, pin=False)
    assert all(file in str(raised.value) for file in batch.files)
    about = yaml.safe_load((tmp_path / "nonfinite/about.yaml").read_text())
    assert (about["gradients"]["generator"], about["losses"]["G_steep"]) == ("nan", "0.0")
    kept = run.dir.load_weights("latest", "generator")  # of step 2, the last good one
    generator = run.networks["generator"].state_dict()
    learned = [name for name, _ in run.networks["generator"].named_parameters()]
    assert all(torch.equal(generator[name], kept[name]) for name in learned)
    refuse_broken({name: net.state_dict() for name, net in run.networks.items()})


def test_after_the_cure_it_goes_on(broken: Callable[..., Recipe], tmp_path: Path) -> None:
    with pytest.raises(NonFinite):
        train(broken(float("nan")), tmp_path / "run", reporter=Reporter(quiet=True))
    recipe = tmp_path / "run" / "recipe.yaml"
    tree = yaml.safe_load(recipe.read_text())
    del tree["losses"]["odd"]
    recipe.write_text(yaml.safe_dump(tree))
    resume(tmp_path / "run", reporter=Reporter(quiet=True))


def test_weights_that_are_not_numbers_make_no_checkpoint() -> None:
    fine = {"w": torch.ones(2), "n": torch.tensor(3)}
    refuse_broken({"generator": fine})
    with pytest.raises(NonFinite, match=r"discriminator\.w is not finite; no checkpoint"):
        refuse_broken({"generator": fine, "discriminator": {"w": torch.tensor([1.0, torch.inf])}})
