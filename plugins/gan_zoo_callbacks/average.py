"""An exponential moving average of the weights that make the pictures."""

from __future__ import annotations

import copy
from typing import TYPE_CHECKING, Any

import torch
from torch import nn

from gan_zoo.components import hookimpl, put_back

if TYPE_CHECKING:
    from gan_zoo.components import Run


class Average:
    """After every step: average = d * average + (1 - d) * weight; buffers are the latest ones.

    d is `decay`, but at the n-th update no more than (1 + n) / (10 + n): the first weights, which
    are noise, are soon forgotten (as TensorFlow's ExponentialMovingAverage counts).

    Args:
        decay: How much of the average a step keeps.

    Attributes:
        networks: Name -> the averaged copy of a network of the player that makes the picture.
    """

    def __init__(self, *, decay: float) -> None:
        self.decay = decay
        self.updates = 0
        self.networks: dict[str, nn.Module] = {}
        self._restored: dict[str, Any] = {}

    @hookimpl
    def on_run_start(self, run: Run) -> None:
        """Begin with the weights as they are, or go on with those of a checkpoint."""
        maker = run.player_of(next(iter(run.networks)))
        for name, module in run.networks.items():
            if run.player_of(name) == maker:
                self.networks[name] = copy.deepcopy(module).requires_grad_(False)
        for name, tensors in self._restored.pop("networks", {}).items():
            put_back(self.networks[name], tensors)

    @hookimpl
    def on_phase_start(self, run: Run) -> None:
        """Go where the networks are, in their type."""
        for module in self.networks.values():
            run.place(module)

    @hookimpl(tryfirst=True)
    def on_step_end(self, run: Run) -> None:
        """Take the new weights in, before others look at the average."""
        self.updates += 1
        kept = min(self.decay, (1 + self.updates) / (10 + self.updates))
        for name, averaged in self.networks.items():
            latest = run.networks[name]
            with torch.no_grad():
                torch._foreach_lerp_(
                    list(averaged.parameters()), list(latest.parameters()), 1 - kept
                )
                for ours, theirs in zip(averaged.buffers(), latest.buffers(), strict=True):
                    ours.copy_(theirs)

    def state(self) -> dict[str, Any]:
        """The averages, for a checkpoint."""
        networks = {name: dict(module.state_dict()) for name, module in self.networks.items()}
        return {"updates": self.updates, "networks": networks}

    def restore(self, state: dict[str, Any]) -> None:
        """Go on from a checkpoint."""
        self.updates = state.get("updates", 0)
        self._restored = dict(state)
