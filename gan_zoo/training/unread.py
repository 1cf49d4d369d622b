"""Steps that were taken and whose numbers are still on their way from the device."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator, Sequence
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
    """The latest steps, read in their order, none lost; and what callbacks were not told of them.

    Args:
        dir: Of the run; keeps the evidence.
        hooks: The lifecycle.
        run: As callbacks see it.
    """

    def __init__(self, dir: RunFolder, hooks: Any, run: Any) -> None:
        self._dir = dir
        self._hooks = hooks
        self._run = run
        self._taken: deque[Taken] = deque()
        self._untold: deque[tuple[int, dict[str, float]]] = deque()
        self._failed = False

    def add(self, ledger: Ledger, batches: Sequence[Batch], before: Position) -> None:
        """One more step was taken."""
        self._taken.append(Taken(ledger, batches, replace(before)))

    def read(self, *, but: int = 0) -> Iterator[dict[str, float]]:
        """The terms of each step, all but the latest few; waits for the device.

        Args:
            but: So many stay unread.

        Raises:
            NonFinite: one of them came to something that is no number; those after it moved nobody.
        """
        while len(self._taken) > but:
            step = self._taken.popleft()
            refuse_nonfinite(step.ledger, step.batches, step.before, self._dir)
            terms = step.ledger.numbers()
            self._untold.append((step.before.step + 1, terms))
            yield terms

    def tell(self) -> None:
        """Tell callbacks of the steps that were read. Where one fails, which ends the run, nobody
        is told any more.
        """
        while self._untold and not self._failed:
            step, terms = self._untold.popleft()
            try:
                self._hooks.on_losses(run=self._run, step=step, terms=terms)
            except Exception:
                self._failed = True
                raise
