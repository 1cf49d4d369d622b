"""Numbers on their way from a device: sent when a step ends, read when they have arrived."""

from __future__ import annotations

from collections import deque

import torch
from torch import Tensor

from gan_zoo.engine.regions import READING, region

PLACES = 8  # letters under way at once


class Letter:
    """Some numbers of one step. Reading waits where they have not arrived.

    Args:
        values: A vector, on the host; on a GPU it is being written to until the event.
        arrival: When it is written.
    """

    def __init__(self, values: Tensor, arrival: torch.cuda.Event | None = None) -> None:
        self._values = values
        self._arrival = arrival
        self._read: list[float] | None = None

    @region(READING)
    def read(self) -> list[float]:
        """The numbers."""
        if self._read is None:
            if self._arrival is not None:
                self._arrival.synchronize()
            self._read = self._values.tolist()
        return self._read


class Outbox:
    """Where numbers leave a device. From a GPU they are copied to pinned buffers, which are used in
    a ring, so that nobody waits for a step that was only begun.

    Args:
        device: That the numbers are on.
    """

    def __init__(self, device: torch.device) -> None:
        self._pinned = device.type == "cuda"
        self._ring: deque[tuple[Tensor, Letter]] = deque()

    def send(self, values: Tensor) -> Letter:
        """Send a vector."""
        if not self._pinned:
            return Letter(values)
        buffer = self._buffer(values)
        buffer.copy_(values, non_blocking=True)
        arrival = torch.cuda.Event()  # type: ignore[no-untyped-call]  # torch's own
        arrival.record(torch.cuda.current_stream(values.device))
        letter = Letter(buffer, arrival)
        self._ring.append((buffer, letter))
        return letter

    def _buffer(self, values: Tensor) -> Tensor:
        """One that nobody waits for any more."""
        if len(self._ring) >= PLACES:
            buffer, letter = self._ring.popleft()
            letter.read()  # none is lost
            if buffer.shape == values.shape and buffer.dtype == values.dtype:
                return buffer
        return torch.empty(values.shape, dtype=values.dtype, pin_memory=True)
