"""What holds for optimizers and inits."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import torch
from torch import Tensor, nn

from gan_zoo.components.learning import InitSpec, OptimizerSpec
from gan_zoo.engine.player import Player, optimizer_state, restore_optimizer
from gan_zoo.testing.subject import Advice, Subject, check, trying


def toy_parameters() -> dict[str, nn.Parameter]:
    """Parameters of a few shapes, as networks have them."""
    generator = torch.Generator().manual_seed(0)
    shapes = {"conv.weight": (4, 3, 3, 3), "conv.bias": (4,), "linear.weight": (5, 6)}
    return {
        name: nn.Parameter(torch.randn(shape, generator=generator, dtype=torch.float64))
        for name, shape in shapes.items()
    }


def descend(parameters: Mapping[str, nn.Parameter], optimizer: Any, steps: range) -> None:
    """Steps whose gradients follow from their number."""
    for number in steps:
        generator = torch.Generator().manual_seed(1000 + number)
        for parameter in parameters.values():
            noise = torch.randn(parameter.shape, generator=generator, dtype=torch.float64)
            parameter.grad = parameter.detach() + noise
        optimizer.step()


@check("optimizer")
def a_step_moves_every_parameter(subject: Subject) -> None:
    """Built over an iterator, it moves all that it holds."""
    spec: OptimizerSpec = subject.ready()
    parameters = toy_parameters()
    before = {name: p.detach().clone() for name, p in parameters.items()}
    with trying(
        "built it over an iterator of parameters and took a step",
        expected="a step",
        cure="build a torch.optim.Optimizer over the parameters as they come",
    ):
        descend(parameters, spec.build(iter(parameters.values())), range(1))
    if resting := [n for n, p in parameters.items() if torch.equal(p, before[n])]:
        raise Advice(
            "took a step with a gradient on every parameter",
            came=f"{resting[0]} did not move",
            expected="every parameter moves",
            cure="hand all parameters to the optimizer",
        )


@check("optimizer")
def the_rate_is_honored(subject: Subject) -> None:
    """Its groups carry lr, and the schedule can change it there, down to nothing."""
    spec: OptimizerSpec = subject.ready()
    parameters = toy_parameters()
    optimizer = spec.build(parameters.values())
    rates = [group["lr"] for group in optimizer.param_groups]
    if any(rate != spec.lr for rate in rates):
        raise Advice(
            f"built it with lr: {spec.lr:g}",
            came=f"groups with the rates {rates}",
            expected=f"{spec.lr:g} in every group, which is what the schedule scales",
            cure="pass lr=self.lr",
        )
    descend(parameters, optimizer, range(2))
    for group in optimizer.param_groups:
        group["lr"] = 0.0
    before = {name: p.detach().clone() for name, p in parameters.items()}
    descend(parameters, optimizer, range(2, 3))
    if moved := [n for n, p in parameters.items() if not torch.equal(p, before[n])]:
        raise Advice(
            "set the rate of its groups to 0, as the end of a schedule does, and took a step",
            came=f"{moved[0]} moved",
            expected="nothing moves",
            cure="read the rate from group['lr'] in every step",
        )


@check("optimizer")
def state_survives_a_round_trip(subject: Subject) -> None:
    """Two steps, resume, two steps: the same numbers as four steps, to the bit."""
    spec: OptimizerSpec = subject.ready()
    whole, halved = toy_parameters(), toy_parameters()
    descend(whole, spec.build(whole.values()), range(4))
    first = spec.build(halved.values())
    descend(halved, first, range(2))
    saved = optimizer_state(Player("tested", dict(halved), first))
    strange = [
        f"{key} is {type(value).__name__}"
        for state in saved.values()
        for key, value in state.items()
        if not isinstance(value, Tensor | int | float | bool | str | None)
    ]
    second = spec.build(halved.values())
    if not strange:
        with trying(
            "took its state after two steps and gave it to a fresh one",
            expected="a load, as resume does it",
            cure="keep all state in optimizer.state[parameter]",
        ):
            restore_optimizer(Player("tested", dict(halved), second), saved)
        descend(halved, second, range(2, 4))
        strange = [n for n in whole if not torch.equal(whole[n], halved[n])]
    if strange:
        raise Advice(
            "took two steps, saved optimizer.state, restored it in a fresh one, took two more",
            came=f"not what four steps make: {strange[0]}",
            expected="equal numbers to the bit: resume depends on it",
            cure="keep all state in optimizer.state[parameter], as tensors and plain numbers",
        )


# ---------------------------------------------------------------------------------- inits


class _Unknown(nn.Module):
    """A layer that no init can know."""

    def __init__(self) -> None:
        super().__init__()
        self.scale = nn.Parameter(torch.full((3,), 0.5))


def network() -> nn.Module:
    """Layers of the kinds that networks here are made of, and one of no known kind."""
    torch.manual_seed(1)
    layers = {
        "conv": nn.Conv2d(3, 4, 3),
        "up": nn.ConvTranspose2d(4, 3, 4, stride=2),
        "norm": nn.BatchNorm2d(4),
        "linear": nn.Linear(6, 5),
        "unknown": _Unknown(),
    }
    return nn.ModuleDict(layers)


def fill_samples(fill: Callable[[nn.Module], None], seed: int = 0) -> dict[str, Tensor]:
    """The weights after a fill under a seed."""
    made = network()
    torch.manual_seed(seed)
    fill(made)
    return made.state_dict()


@check("init")
def fills_convolutions_and_leaves_strangers(subject: Subject) -> None:
    """Convolutions get new finite weights; a layer of unknown type keeps its own."""
    spec: InitSpec = subject.ready()
    before, after = network().state_dict(), fill_samples(spec.build())
    for name in ("conv.weight", "up.weight"):
        if torch.equal(before[name], after[name]) or not after[name].isfinite().all():
            raise Advice(
                "filled a network with it",
                came=f"{name} is as torch made it, or not finite",
                expected="new weights in every convolution",
                cure="handle nn.Conv2d and nn.ConvTranspose2d",
            )
    if not torch.equal(before["unknown.scale"], after["unknown.scale"]):
        raise Advice(
            "filled a network that holds a layer of a type of its own",
            came="that layer changed",
            expected="layers of unknown type keep what they have",
            cure="choose layers by type, not by the names of their parameters",
        )
    if changed := [n for n, t in after.items() if t.shape != before[n].shape]:
        raise Advice(
            "filled a network with it",
            came=f"{changed[0]} has another shape",
            expected="weights filled in place",
            cure="use the functions of torch.nn.init",
        )


@check("init")
def equal_weights_from_one_seed(subject: Subject) -> None:
    """torch.manual_seed decides, and the seed matters only through it."""
    spec: InitSpec = subject.ready()
    ours, theirs = fill_samples(spec.build(), seed=3), fill_samples(spec.build(), seed=3)
    if different := [name for name in ours if not torch.equal(ours[name], theirs[name])]:
        raise Advice(
            "filled two equal networks under torch.manual_seed(3)",
            came=f"two values of {different[0]}",
            expected="equal weights: a run follows from its seed",
            cure="draw from torch's default generator",
        )
