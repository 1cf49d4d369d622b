"""Steps that were taken and whose numbers are still on their way from the device."""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from gan_zoo.engine.ledger import Ledger
from gan_zoo.engine.loader import Batch
from gan_zoo.runs.checkpoint import Position
from gan_zoo.runs.folder import RunFolder
from gan_zoo.training.guards import refuse_nonfinite


@dataclass(frozen=True)
class Taken:
    """A step.

    Args:
        ledger: What it came to.
        batches: What it saw; evidence, where it came to something that is no number.
        before: Where the run stood.
    """

    ledger: Ledger
    batches: Sequence[Batch]
    before: Position


class Unread:
    """The latest steps, read in their order, none lost.

    Args:
        dir: Of the run; keeps the evidence.
        hooks: Are told of every step's losses.
        run: As callbacks see it.
    """

    def __init__(self, dir: RunFolder, hooks: Any, run: Any) -> None:
        self._dir = dir
        self._hooks = hooks
        self._run = run
        self._taken: deque[Taken] = deque()
        self._silent = False  # a callback failed, which ends the run: the last save tells nobody

    def add(self, ledger: Ledger, batches: Sequence[Batch], before: Position) -> None:
        """One more step was taken."""
        self._taken.append(Taken(ledger, batches, replace(before)))

    def read(self, *, but: int = 0) -> dict[str, float]:
        """Read all steps but the latest few; waits for the device.

        Args:
            but: So many stay unread.

        Returns:
            The latest term of each label among those that were read.

        Raises:
            NonFinite: one of them came to something that is no number; those after it moved nobody.
        """
        found: dict[str, float] = {}
        while len(self._taken) > but:
            step = self._taken.popleft()
            refuse_nonfinite(step.ledger, step.batches, step.before, self._dir)
            terms = step.ledger.numbers()
            found |= terms
            if not self._silent:
                self._silent = True
                self._hooks.on_losses(run=self._run, step=step.before.step + 1, terms=terms)
                self._silent = False
        return found
