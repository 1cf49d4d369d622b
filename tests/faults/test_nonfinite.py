"""A loss that is not a number stops the run, names it and its files, and keeps the evidence."""

from __future__ import annotations

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
from gan_zoo.recipe.recipe import Recipe
from gan_zoo.reporter import Reporter
from gan_zoo.runs import checkpoint
from gan_zoo.runs.folder import RunFolder
from gan_zoo.training.guards import NonFinite, refuse_broken
from gan_zoo.training.run import resume, train


class BreaksSpec(LossSpec, name="breaks"):
    """One for some steps, then what is asked for."""

    after: int
    value: float

    def needs(self) -> dict[str, frozenset[str]]:
        return {"generator": frozenset({"fake"})}

    def build(self) -> LossFunction:
        step = 0

        def loss(scene: Scene, player: str) -> Iterator[Term]:
            nonlocal step
            if player == "generator":
                step += 1
                value = 1.0 if step <= self.after else self.value
                yield Term("G_odd", scene["fake"].mean() * 0 + value)

        return loss


@pytest.fixture
def broken(recipes: dict[str, Path]) -> Callable[..., Recipe]:
    def make(value: float, **engine: Any) -> Recipe:
        changes = {"data.workers": 0, "phases.main.steps": 9}
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
