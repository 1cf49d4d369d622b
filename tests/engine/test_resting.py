"""What a stranger froze stays frozen, and how batch norm computes where it does not learn."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
import torch
from torch import Tensor, nn

from gan_zoo.checks import check
from gan_zoo.components.networks import GeneratorSpec
from gan_zoo.components.shapes import Image
from gan_zoo.engine.assembly import assemble
from gan_zoo.engine.phase import PhaseRunner
from gan_zoo.engine.precision import Precision
from gan_zoo.errors import UserError
from gan_zoo.recipe.recipe import Recipe

Make = Callable[..., Recipe]
PLAIN = Precision(torch.device("cpu"), "float32", "contiguous")


class Frozen(nn.Module):
    """A backbone with weights of its own, frozen when it is built, and a head that learns."""

    def __init__(self, *, refuses: bool) -> None:
        super().__init__()
        self.refuses = refuses
        self.backbone = nn.Sequential(
            nn.Conv2d(3, 4, 3, padding=1), nn.BatchNorm2d(4), nn.BatchNorm2d(4, affine=False)
        )
        nn.init.constant_(self.backbone[0].weight, 0.125)
        for norm in (self.backbone[1], self.backbone[2]):
            norm.running_mean.fill_(0.25)
        if not refuses:
            self.backbone.requires_grad_(False)
        self.head = nn.Sequential(nn.Conv2d(4, 3, 3, padding=1), nn.BatchNorm2d(3))

    def forward(self, x: Tensor) -> Tensor:
        return torch.tanh(self.head(self.backbone(x)))

    def train(self, mode: bool = True) -> Frozen:
        super().train(mode)
        if self.refuses:
            self.backbone.eval()
        return self


class FrozenSpec(GeneratorSpec, name="frozen"):
    """A stranger's, on a backbone."""

    refuses: bool = False

    def check(self, given: Image, wanted: Image) -> None: ...

    def build(self, given: Image, wanted: Image) -> nn.Module:
        return Frozen(refuses=self.refuses)


def strange(tiny: Make, *, refuses: bool = False, **phases: Any) -> Recipe:
    recipe = tiny(None, **(phases or {"only": {"steps": 2}}))
    return recipe.model_copy(update={"generator": FrozenSpec(refuses=refuses)})


def moved(runner: PhaseRunner, noise: Any, steps: int = 2) -> set[str]:
    generator = runner.networks["generator"]
    before = {name: tensor.clone() for name, tensor in generator.state_dict().items()}
    for seed in range(steps):
        runner.step([noise(seed)])
    after = generator.state_dict()
    return {name for name, tensor in before.items() if not torch.equal(tensor, after[name])}


def test_what_build_froze_stays_frozen(tiny: Make, noise: Any) -> None:
    """Weights, statistics and the init's draws; and no optimizer knows of it."""
    recipe = strange(tiny)
    assembly = assemble(recipe)
    backbone: Any = assembly.networks["generator"].backbone
    assert (backbone[0].weight == 0.125).all()  # no init of the recipe's
    runner = PhaseRunner(assembly, "only", PLAIN)
    runner.begin()
    assert {name.split(".")[1] for name in runner.players["generator"].learns} == {"head"}
    assert {name.split(".")[0] for name in moved(runner, noise)} == {"head"}
    again = PhaseRunner(assembly, "only", PLAIN)
    assert not any(p.requires_grad for p in backbone.parameters())
    assert len(again.players["generator"].learns) == 4


def test_a_module_may_refuse_to_train(tiny: Make, noise: Any) -> None:
    """Its weights learn, its statistics stand still, and it computes with them."""
    runner = PhaseRunner(assemble(strange(tiny, refuses=True)), "only", PLAIN)
    runner.begin()
    changed = moved(runner, noise)
    assert {name for name in changed if "running" in name} == {
        "head.1.running_mean",
        "head.1.running_var",
    }
    assert "backbone.0.weight" in changed
    backbone: Any = runner.networks["generator"].backbone
    assert not any(layer.training for layer in backbone.modules())


def test_to_train_what_build_froze_is_refused(tiny: Make) -> None:
    part = {"only": {"steps": 1, "train": ["generator.backbone", "discriminator"]}}
    told = "phases.only.train: 'generator.backbone' was frozen when it was built, so it cannot"
    with pytest.raises(UserError, match=told):
        PhaseRunner(assemble(strange(tiny, **part)), "only", PLAIN)


# ---------------------------------------------------------------------------------- batch norm


def features(runner: PhaseRunner, noise: Any, *, learned: bool) -> float:
    """How far the frozen encoder's output in training is from that of inference, relatively."""
    generator = runner.networks["generator"]
    norms = [m for m in generator.modules() if isinstance(m, nn.BatchNorm2d)]
    given = noise(7)["source"].float() / 127.5 - 1
    with torch.no_grad():
        ours = generator(given)
        modes = [(layer, layer.training) for layer in generator.modules()]
        for norm in norms:
            norm.track_running_stats = learned
        for layer in generator.modules():
            layer.training = not learned and isinstance(layer, nn.BatchNorm2d)
        theirs = generator(given)
        for layer, mode in modes:
            layer.training = mode
    return float((ours - theirs).norm() / theirs.norm())


@pytest.mark.parametrize(
    ("said", "inference", "as_inference"),
    [
        ("auto", "running", True),
        ("auto", "picture", True),
        ("batch", "running", False),
        ("running", "picture", False),
        ("running", "running", True),
        ("batch", "picture", True),
    ],
)
def test_a_frozen_batch_norm_computes_as_it_will_be_asked(
    tiny: Make, noise: Any, said: str, inference: str, as_inference: bool
) -> None:
    """By default as inference does; whatever it is told, its statistics stay."""
    changes = {
        "engine.frozen_norm": said,
        "inference.norm": inference,
        "inference.dropout": False,
        "generator.dropout": "none",
    }
    recipe = tiny(changes, first={"steps": 3}, then={"steps": 1, "train": ["discriminator"]})
    assembly = assemble(recipe)
    first = PhaseRunner(assembly, "first", PLAIN)
    first.begin()
    for seed in range(3):
        first.step([noise(seed)])
    runner = PhaseRunner(assembly, "then", PLAIN, first.remember())
    runner.begin()
    assert moved(runner, noise, 1) == set()
    apart = features(runner, noise, learned=inference == "running")
    assert (apart < 1e-5) == as_inference
    wanted = inference if said == "auto" else said
    assert runner.resting_norms == {"generator": {"batch" if wanted == "picture" else wanted}}


def test_one_that_has_learned_nothing_takes_the_batch_s(tiny: Make) -> None:
    runner = PhaseRunner(
        assemble(tiny(only={"steps": 1, "train": ["discriminator"]})), "only", PLAIN
    )
    assert runner.resting_norms == {"generator": {"batch"}}


def test_check_says_so(tiny: Make) -> None:
    recipe = tiny(
        {"inference.norm": "running"},
        first={"steps": 3},
        then={"steps": 1, "train": ["discriminator"]},
        last={"steps": 1, "train": ["generator"]},
    )
    noted = [note for note in check(recipe).notes if "frozen_norm" in note]
    assert noted == [
        "phase then: batch norm in generator that does not learn takes its learned statistics, if "
        "any (engine.frozen_norm)",
        "phase last: batch norm in discriminator that does not learn takes those of the batch "
        "(engine.frozen_norm)",
    ]
