"""What a step came to: its terms, and whether all of it is a number."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

import torch
from torch import Tensor

from gan_zoo.engine.late_numbers import Letter, Outbox


@dataclass
class Ledger:
    """What one step came to, on the device: the terms under their display labels, detached, and of
    each player the largest of its gradients and losses.

    Args:
        ended: A flag on the device: whether an earlier step came to something that is no number, so
            that nobody moves any more.
    """

    terms: dict[str, Tensor] = field(default_factory=dict)
    sources: dict[str, str] = field(default_factory=dict)
    largest: dict[str, Tensor] = field(default_factory=dict)
    ended: Tensor | None = None
    _sent: Letter | None = None

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
        if self.ended is not None:
            found.append(self.ended)
        return torch.stack(found).any() if found else None

    def packed(self) -> Tensor | None:
        """All numbers in one tensor, on the device; nothing is added any more."""
        values = [*self.terms.values(), *self.largest.values()]
        if not values:
            return None
        wide = any(value.dtype == torch.float64 for value in values)
        kind = torch.float64 if wide else torch.float32
        return torch.stack([value.to(kind) for value in values])

    def send(self, outbox: Outbox, packed: Tensor | None) -> None:
        """Let the numbers, `packed`, leave the device; nobody waits."""
        if packed is not None:
            self._sent = outbox.send(packed)

    def again(self) -> Ledger:
        """That of a step which was the same work: the same names, whose numbers were not sent."""
        return replace(self, _sent=None)

    def numbers(self) -> dict[str, float]:
        """All terms as numbers; waits for the device."""
        return dict(zip(self.terms, self._numbers(), strict=False))

    def gradients(self) -> dict[str, float]:
        """Player -> the largest of its gradients and losses, by size; waits for the device."""
        return dict(zip(self.largest, self._numbers()[len(self.terms) :], strict=True))

    def _numbers(self) -> list[float]:
        """Everything, in one transfer from the device."""
        if self._sent is None:
            self.send(Outbox(torch.device("cpu")), self.packed())
        return [] if self._sent is None else self._sent.read()
