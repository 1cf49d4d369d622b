"""The history of generated pictures that steadies a discriminator."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor


class Pool:
    """Earlier fakes in place of half of the new ones (Shrivastava et al. 2017, sec. 2.3).

    A full pool hands out, for every picture, with probability 1/2 the picture itself, and otherwise
    one of its own, whose place the new one takes. Each picture is held with the condition that it
    was made from, so that the discriminator judges true pairs. Pictures that share a batch are of
    one size, so there those of another size are the first to go. Draws come from torch's generator
    of the CPU, and only once the pool is full.

    Args:
        size: Pictures that it holds; 0 hands everything through.
    """

    def __init__(self, size: int) -> None:
        self.size = size
        self.held: list[tuple[Tensor, Tensor]] = []

    def __deepcopy__(self, memo: dict[int, Any]) -> Pool:
        """Pictures are replaced, never changed: a copy may hold the same ones."""
        twin = Pool(self.size)
        twin.held = list(self.held)
        return twin

    def ask(self, seen: Tensor, fake: Tensor) -> tuple[Tensor, Tensor]:
        """Conditions `B C H W` and fakes `B D H W`, both without graph -> as many pairs of them."""
        if not self.size:
            return seen, fake
        given = [self._one(pair, alone=len(fake) == 1) for pair in zip(seen, fake, strict=True)]
        conditions, pictures = zip(*given, strict=True)
        return torch.stack(conditions).to(seen), torch.stack(pictures).to(fake)

    def state(self) -> dict[str, Any]:
        """What it holds, for a checkpoint."""
        return {
            f"{n:04d}": {"seen": seen, "fake": fake} for n, (seen, fake) in enumerate(self.held)
        }

    def restore(self, state: dict[str, Any]) -> None:
        """Hold again what a checkpoint kept."""
        self.held = [(state[n]["seen"], state[n]["fake"]) for n in sorted(state)]

    def _one(self, new: tuple[Tensor, Tensor], *, alone: bool) -> tuple[Tensor, Tensor]:
        if len(self.held) < self.size:
            self.held.append(_copied(new))
            return new
        other = [n for n, (_, fake) in enumerate(self.held) if fake.shape != new[1].shape]
        if other and not alone:  # they could not stand in a batch, so they make room
            self.held[other[0]] = _copied(new)
            return new
        if _draw(2):
            return new
        place = _draw(self.size)
        old, self.held[place] = self.held[place], _copied(new)
        return old[0].to(new[0]), old[1].to(new[1])


def _copied(pair: tuple[Tensor, Tensor]) -> tuple[Tensor, Tensor]:
    """A view would hold the whole batch."""
    return pair[0].clone(), pair[1].clone()


def _draw(below: int) -> int:
    return int(torch.randint(below, ()).item())
