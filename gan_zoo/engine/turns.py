"""A turn: one player learns. Add up the losses of the micro-batches, then step."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from types import TracebackType
from typing import Any, Self

import torch
from torch import Tensor, nn
from torch.nn.utils import get_total_norm

from gan_zoo.components.interfaces import LossFunction
from gan_zoo.components.scene import Scene
from gan_zoo.engine.regions import region
from gan_zoo.errors import add_note_on_error


@dataclass
class Player:
    """One side of the game in one phase.

    Args:
        name: As in the recipe's optimizers.
        learns: Full name -> parameter that moves in this phase.
        optimizer: Over these parameters; None where nothing of the player learns.
        scaler: Of its loss, where gradients are small for the numbers they are computed in.
        skipped: Steps that it did not take since gradients overflowed.
    """

    name: str
    learns: dict[str, nn.Parameter]
    optimizer: torch.optim.Optimizer | None
    scaler: torch.amp.GradScaler | None = None
    skipped: int = 0

    def __post_init__(self) -> None:
        groups = self.optimizer.param_groups if self.optimizer else []
        self._rates = [group["lr"] for group in groups]  # before the schedule

    def set_rate(self, factor: float) -> None:
        """Scale the learning rate, of every group its own."""
        if self.optimizer is not None:
            for group, rate in zip(self.optimizer.param_groups, self._rates, strict=True):
                group["lr"] = rate * factor

    def scaled(self, loss: Tensor) -> Tensor:
        """What the player goes backward from."""
        return loss if self.scaler is None else self.scaler.scale(loss)

    @region("looking at gradients")
    def largest(self, losses: Iterable[Tensor]) -> Tensor | None:
        """The largest of its gradients and of these losses, by size: nan or inf where one of them
        is. Where losses are scaled, gradients may overflow, which the scaler answers.
        """
        grads = [p.grad for p in self.learns.values() if p.grad is not None]
        looked_at = [*(grads if self.scaler is None else ()), *losses]
        numbers = [one.detach() for one in looked_at if one.numel()]
        return get_total_norm(numbers, math.inf) if numbers else None

    @region("optimizer")
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
        elif any(parameter.grad is not None for parameter in self.learns.values()):
            before = self.scaler.get_scale()
            self.scaler.step(self.optimizer)
            self.scaler.update()
            self.skipped += self.scaler.get_scale() < before

    def forget_gradients(self) -> None:
        """Free the gradients of what learns."""
        for parameter in self.learns.values():
            parameter.grad = None


@dataclass
class Ledger:
    """What one step came to, on the device: the terms under their display labels, detached, and of
    each player the largest of its gradients and losses.
    """

    terms: dict[str, Tensor] = field(default_factory=dict)
    sources: dict[str, str] = field(default_factory=dict)
    largest: dict[str, Tensor] = field(default_factory=dict)
    _read: dict[str, float] | None = None

    def enter(self, loss: str, label: str, value: Tensor, share: float) -> None:
        """Add a micro-batch's share of a term; a label that two losses use names its loss."""
        if self.sources.setdefault(label, loss) != loss:
            label = f"{label} ({loss})"
        value = value.detach() * share
        self.terms[label] = self.terms[label] + value if label in self.terms else value

    def look_at(self, player: str, largest: Tensor) -> None:
        """Keep the largest of a player's gradients and losses, of all its turns; nan stays."""
        before = self.largest.get(player)
        self.largest[player] = largest if before is None else torch.maximum(before, largest)

    def spoilt(self) -> Tensor | None:
        """Whether something is not a number so far; a flag on the device."""
        found = [~largest.isfinite() for largest in self.largest.values()]
        return torch.stack(found).any() if found else None

    def numbers(self) -> dict[str, float]:
        """All terms as numbers."""
        return {label: self._numbers()[f"term {label}"] for label in self.terms}

    def gradients(self) -> dict[str, float]:
        """Player -> the largest of its gradients and losses, by size."""
        return {player: self._numbers()[f"player {player}"] for player in self.largest}

    @region("reading numbers")
    def _numbers(self) -> dict[str, float]:
        """Everything, in one transfer from the device."""
        if self._read is None:
            named = {f"term {label}": value for label, value in self.terms.items()}
            named |= {f"player {name}": value for name, value in self.largest.items()}
            wide = any(value.dtype == torch.float64 for value in named.values())
            kind = torch.float64 if wide else torch.float32
            values = [value.to(kind) for value in named.values()]
            self._read = (
                dict(zip(named, torch.stack(values).tolist(), strict=True)) if named else {}
            )
        return self._read


class Turn:
    """One player's turn, as a context: in `learn` only its parameters learn, at its end it steps.

    Turns may be nested. All players then learn from the weights before any step, and step as their
    turns end: the innermost first.

    Args:
        player: Whose turn it is.
        others: The other players, whose parameters rest while this one learns.
        losses: Name -> the losses of the recipe.
        ledger: Where the terms are written down.
        moves: Whether the player steps; a turn that only takes time does not.
    """

    def __init__(
        self,
        player: Player,
        others: Sequence[Player],
        losses: Mapping[str, LossFunction],
        ledger: Ledger,
        *,
        moves: bool = True,
    ) -> None:
        self.player = player
        self.others = others
        self.losses = losses
        self.ledger = ledger
        self.moves = moves

    def __enter__(self) -> Self:
        self.player.forget_gradients()
        return self

    def learn(self, scene: Scene, *, keep: bool = False) -> None:
        """Add one scene's losses to the player's gradients. A view ends with it: what it has made
        may hold the view, as `judge` does, and both would wait for the garbage collector.

        Args:
            scene: What the losses are made of. What it has made before has a graph to all players.
            keep: Keep the graph, for another player that learns from the same tensors.
        """
        self._others_learn(False)
        try:
            self._learn(scene, keep)
        finally:
            self._others_learn(True)
            if scene.is_view and not keep:
                scene.forget()

    def _learn(self, scene: Scene, keep: bool) -> None:
        total: Tensor | None = None
        for name, label, value, factor in self._terms(scene):
            self.ledger.enter(name, label, value, scene.share)
            total = value * factor if total is None else total + value * factor
        if total is not None and self.player.learns:
            if scene.side and not total.requires_grad:
                return  # what learns in this phase plays on another side
            assert total.requires_grad, f"no loss of the {self.player.name} reaches what it learns"
            learns = list(self.player.learns.values())
            scaled = self.player.scaled(total * scene.share)
            torch.autograd.backward(scaled, inputs=learns, retain_graph=keep)

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if kind is None and self.moves:
            largest = self.player.largest(self.ledger.terms.values())
            if largest is not None:
                self.ledger.look_at(self.player.name, largest)
            self.player.step(self.ledger.spoilt())
            self.player.forget_gradients()  # the next forward needs the memory

    def _terms(self, scene: Scene) -> Iterator[tuple[str, str, Tensor, float]]:
        for name, loss in self.losses.items():
            taught = f"losses.{name} taught the {self.player.name}"
            with region(f"losses.{name}"), add_note_on_error(taught):
                terms = list(loss(scene, self.player.name))
            for label, value, factor in terms:
                yield name, scene.label_of(label), value, factor

    def _others_learn(self, learn: bool) -> None:
        for other in self.others:
            for parameter in other.learns.values():
                parameter.requires_grad_(learn)


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
