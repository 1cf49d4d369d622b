"""A player: what learns of one side of the game, how it steps, and what it remembers of that."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn.utils import get_total_norm

from gan_zoo.engine.regions import GUARDING, OPTIMIZER, region


@dataclass
class Player:
    """One side of the game in one phase.

    Args:
        name: As in the recipe's optimizers.
        learns: Full name -> parameter that moves in this phase.
        optimizer: Over these parameters; None where nothing of the player learns.
        scaler: Of its loss, where gradients are small for the numbers they are computed in.
        skipped: Steps that it did not take since gradients overflowed.
        reached: Names of what got a gradient in this phase so far.
    """

    name: str
    learns: dict[str, nn.Parameter]
    optimizer: torch.optim.Optimizer | None
    scaler: torch.amp.GradScaler | None = None
    skipped: int = 0
    reached: set[str] = field(default_factory=set)

    def __post_init__(self) -> None:
        groups = self.optimizer.param_groups if self.optimizer else []
        self._rates = [float(group["lr"]) for group in groups]  # before the schedule
        self._factor = 1.0

    @property
    def rate(self) -> float | None:
        """The learning rate it steps with now, of its first group; None where nothing learns."""
        return self._rates[0] * self._factor if self._rates else None

    def set_rate(self, factor: float) -> None:
        """Scale the learning rate, of every group its own. Where it lies on the device it stays the
        same tensor, so that a step that was recorded takes the new one.
        """
        if self.optimizer is None:
            return
        for group, rate in zip(self.optimizer.param_groups, self._rates, strict=True):
            if not isinstance(group["lr"], Tensor):
                group["lr"] = rate * factor
            elif factor != self._factor:  # once an epoch
                group["lr"].fill_(rate * factor)
        self._factor = factor

    def scaled(self, loss: Tensor) -> Tensor:
        """What the player goes backward from."""
        return loss if self.scaler is None else self.scaler.scale(loss)

    @region(GUARDING)
    def largest(self, losses: Iterable[Tensor]) -> Tensor | None:
        """The largest of its gradients and of these losses, by size: nan or inf where one of them
        is. Where losses are scaled, gradients may overflow, which the scaler answers.
        """
        grads = [p.grad for p in self.learns.values() if p.grad is not None]
        looked_at = [*(grads if self.scaler is None else ()), *losses]
        numbers = [one.detach() for one in looked_at if one.numel()]
        return _largest(numbers) if numbers else None

    @region(OPTIMIZER)
    def step(self, spoilt: Tensor | None = None) -> None:
        """Move what learns, unless its gradients overflowed.

        Args:
            spoilt: A flag on the device: whether something of this step is not a number, so that
                nothing moves. Read only where the optimizer cannot heed it by itself.
        """
        if self.optimizer is None:
            return
        if self.scaler is None and self.optimizer.param_groups[0].get("fused"):
            self.optimizer.found_inf = None if spoilt is None else spoilt.float()  # type: ignore[attr-defined]
        elif spoilt is not None and not spoilt.is_meta and bool(spoilt):
            return
        if self.scaler is None:
            self.optimizer.step()
        else:
            before = self.scaler.get_scale()
            self.scaler.step(self.optimizer)
            self.scaler.update()
            self.skipped += self.scaler.get_scale() < before

    def complete_gradients(self) -> None:
        """What no loss reached now gets a gradient of zeros if one reached it before: the optimizer
        sees the same tensors at every step, and replicas average the same ones in the same order.
        What no loss ever reaches does not play, and stands still.
        """
        for name, parameter in self.learns.items():
            if parameter.grad is not None:
                self.reached.add(name)
            elif name in self.reached:
                parameter.grad = torch.zeros_like(parameter)

    def forget_gradients(self) -> None:
        """Free the gradients of what learns."""
        for parameter in self.learns.values():
            parameter.grad = None


def _largest(tensors: Sequence[Tensor]) -> Tensor:
    """The largest number by size; nan where one is."""
    if tensors[0].device.type != "cpu":
        return get_total_norm(tensors, math.inf)
    # A norm of infinite order takes 18 times as long there as a look at both ends, in the order in
    # which the numbers lie in memory.
    ends = [end for tensor in tensors for end in torch.aminmax(_as_it_lies(tensor))]
    return torch.stack(ends).abs().max()


def _as_it_lies(tensor: Tensor) -> Tensor:
    """A view in the order of memory, of pictures in channels_last."""
    apart = tensor.ndim == 4 and not tensor.is_contiguous()
    return tensor.permute(0, 2, 3, 1) if apart else tensor


def optimizer_state(player: Player) -> dict[str, dict[str, Any]]:
    """Parameter's full name -> its optimizer state, alive: it moves with the next step."""
    if player.optimizer is None:
        return {}
    state = player.optimizer.state
    return {name: state[p] for name, p in player.learns.items() if p in state}


def restore_optimizer(player: Player, saved: Mapping[str, Mapping[str, Any]]) -> None:
    """Put saved optimizer state back, where the parameter learns in this phase."""
    if player.optimizer is None:
        return
    state = {
        index: {key: _laid_out(value, parameter) for key, value in saved[name].items()}
        for index, (name, parameter) in enumerate(player.learns.items())
        if name in saved
    }
    groups = player.optimizer.state_dict()["param_groups"]
    player.optimizer.load_state_dict({"state": state, "param_groups": groups})


def scaler_state(player: Player) -> dict[str, Any]:
    """The numbers of its loss scaler, and the steps it skipped."""
    assert player.scaler is not None
    return {**player.scaler.state_dict(), "skipped": player.skipped}


def restore_scaler(player: Player, saved: Mapping[str, Any]) -> None:
    """Put saved numbers back, where the player's loss is scaled."""
    if player.scaler is not None and saved:
        player.skipped = saved["skipped"]
        player.scaler.load_state_dict({k: v for k, v in saved.items() if k != "skipped"})


def _laid_out(value: Any, parameter: nn.Parameter) -> Any:
    """A moment in the memory format of its parameter, as the optimizer would have made it."""
    if isinstance(value, Tensor) and value.shape == parameter.shape and value.ndim:
        return torch.empty_like(parameter, dtype=value.dtype).copy_(value)
    return value
