"""Faults of optimizers and inits."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterable
from typing import Any

import torch
from torch import nn

from gan_zoo.components.learning import InitSpec, OptimizerSpec
from tests.testing.faults import Faults, sound

fault = Faults()


class Descent(OptimizerSpec, name="descent"):
    """An optimizer without a fault."""

    def build(self, parameters: Iterable[nn.Parameter]) -> torch.optim.Optimizer:
        return torch.optim.SGD(parameters, lr=self.lr, momentum=0.5)


@fault("the rate is honored", "groups with the rates [0.1]")
class Rash(OptimizerSpec, name="faulty"):
    """An optimizer with a rate of its own."""

    def build(self, parameters: Iterable[nn.Parameter]) -> torch.optim.Optimizer:
        return torch.optim.SGD(parameters, lr=0.1)


@fault("a step moves every parameter", "conv.bias did not move")
class Biased(OptimizerSpec, name="faulty"):
    """An optimizer that takes weights only."""

    def build(self, parameters: Iterable[nn.Parameter]) -> torch.optim.Optimizer:
        return torch.optim.SGD([p for p in parameters if p.ndim > 1], lr=self.lr)


@fault("state survives a round trip", "keep all state in optimizer.state[parameter]")
class Absentminded(OptimizerSpec, name="faulty"):
    """An optimizer that counts its steps where nobody saves them."""

    def build(self, parameters: Iterable[nn.Parameter]) -> torch.optim.Optimizer:
        class Fading(torch.optim.SGD):
            steps = 0

            def step(self, closure: Any = None) -> Any:
                self.steps += 1
                for group in self.param_groups:
                    for parameter in group["params"]:
                        parameter.grad.div_(self.steps)
                return super().step(closure)

        return Fading(parameters, lr=self.lr)


@fault("fills convolutions and leaves strangers", "that layer changed")
class Levelling(InitSpec, name="faulty"):
    """An init that fills whatever it finds."""

    def build(self) -> Callable[[nn.Module], None]:
        def fill(network: nn.Module) -> None:
            for parameter in network.parameters():
                nn.init.normal_(parameter)

        return fill


@fault("equal weights from one seed", "draw from torch's default generator")
class Dicing(InitSpec, name="faulty"):
    """An init with dice of its own."""

    def build(self) -> Callable[[nn.Module], None]:
        def fill(network: nn.Module) -> None:
            for layer in network.modules():
                if isinstance(layer, nn.Conv2d | nn.ConvTranspose2d):
                    nn.init.constant_(layer.weight, random.random())

        return fill


test_a_fault_is_found_and_said = fault.test()
test_what_is_sound_passes = sound(Descent)
