"""Who makes the pictures: one thread, one at a time, in the order in which requests came.

Never several in one pass of the networks, since a translation must not depend on who asks at the
same time. With `inference.norm: picture` a batch would share its statistics, and with dropout its
noise, which each picture has of its own. Other networks gave equal bits in batches on the CPU where
that was tried, but no library promises it, and on GPUs the size of a batch chooses the kernels.
"""

from __future__ import annotations

import asyncio
import math
import time
from collections import deque
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from statistics import fmean
from typing import TYPE_CHECKING, TypeVar

from gan_zoo.serving.refusals import Refusal

if TYPE_CHECKING:
    from starlette.requests import Request

T = TypeVar("T")
RECENT = 20  # pictures over which times are averaged


class ClientGoneError(Exception):
    """Nobody waits for the answer any more."""


class Maker:
    """One thread, and those who wait for it.

    Args:
        waiting: How many may wait while a picture is made.
    """

    def __init__(self, waiting: int) -> None:
        self.room = waiting
        self.pending = 0  # waiting, or being made
        self.closing = False
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="pictures")
        self._seconds: deque[float] = deque([1.0], maxlen=RECENT)

    async def make(self, call: Callable[[], T], request: Request) -> T:
        """What a call returns, when its turn has come.

        Args:
            call: Makes a picture.
            request: Whose answer it is, its body read: who goes away while waiting gives up.

        Raises:
            Refusal: too many wait, or the service ends.
            ClientGoneError: the client is gone.
        """
        self.refuse_more()
        self.pending += 1
        try:
            job = asyncio.get_running_loop().run_in_executor(self._thread, self._timed, call)
            gone = asyncio.ensure_future(_gone(request))
            try:
                await asyncio.wait((job, gone), return_when=asyncio.FIRST_COMPLETED)
            finally:
                gone.cancel()
                job.cancel()  # no effect on one that is done
            if job.cancelled():
                raise self._busy() if self.closing else ClientGoneError
            return job.result()
        finally:
            self.pending -= 1

    def refuse_more(self) -> None:
        """Refuse whom there is no room for.

        Raises:
            Refusal: too many wait, or the service ends.
        """
        if self.closing or self.pending > self.room:
            raise self._busy()

    def close(self) -> None:
        """Finish the picture that is being made; those that wait are refused."""
        self.closing = True
        self._thread.shutdown(wait=False, cancel_futures=True)

    def _timed(self, call: Callable[[], T]) -> T:
        began = time.monotonic()
        try:
            return call()
        finally:
            self._seconds.append(time.monotonic() - began)

    def _busy(self) -> Refusal:
        """Says when it is worth asking again: when all who are here now will have been served."""
        after = {"Retry-After": str(max(1, math.ceil(fmean(self._seconds) * self.pending)))}
        if self.closing:
            return Refusal(503, "the service ends; ask again when it is back", after)
        told = f"{self.pending} requests are served or wait already; ask again later"
        return Refusal(503, told, after)


async def _gone(request: Request) -> None:
    """Return when the client has gone."""
    while (await request.receive())["type"] != "http.disconnect":
        pass
