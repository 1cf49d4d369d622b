"""A step that is recorded once and then replayed: what the device does is known, so Python need not
say it again. Small steps wait for Python most of their time.

A recording holds addresses. Inputs are copied to where they lay when it was made; weights, moments,
statistics and rates stay where they are, and are read and written anew at every replay. Numbers are
drawn anew too: torch's generator on the device counts on from replay to replay as it does from step
to step. What Python does in a step happens once, while it is recorded, which is why a step must be
the same work every time: `host_work` finds out what is not.
"""

from __future__ import annotations

import gc
from collections import Counter
from collections.abc import Callable, Hashable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import dataclass
from typing import Any, Protocol, TypeVar

import torch
from torch import Tensor

from gan_zoo.engine.compiling import is_compilers
from gan_zoo.engine.ledger import Ledger
from gan_zoo.engine.player import Player
from gan_zoo.engine.regions import RECORDED, region
from gan_zoo.errors import UserError, first_line

T = TypeVar("T")
Batches = Sequence[Mapping[str, Tensor]]
WARM = 3  # ordinary steps of a kind before it is recorded: state is made, kernels are chosen
MOST = 4  # recordings at once; each holds the memory of a step's inputs and results


class Recorder(Protocol):
    """Records what a device is told to do."""

    def warm(self) -> AbstractContextManager[None]:
        """In here a step is taken as it will be recorded, for itself."""
        ...

    def record(self, work: Callable[[], T]) -> tuple[T, Callable[[], None]]:
        """Record without doing it: what it made, which holds nothing yet, and how to do it."""
        ...


class CudaRecorder:
    """By a CUDA graph. All recordings share one pool of memory, as never two of them are replayed
    at once.

    Args:
        device: A GPU.
    """

    def __init__(self, device: torch.device) -> None:
        self._device = device
        self._stream = torch.cuda.Stream(device)  # type: ignore[no-untyped-call]  # torch's own
        self._pool: Any = None  # torch's handle of it

    @contextmanager
    def warm(self) -> Iterator[None]:
        """On the stream that is recorded later, so that what autograd keeps belongs to it."""
        current = torch.cuda.current_stream(self._device)
        self._stream.wait_stream(current)
        with torch.cuda.stream(self._stream):
            yield
        current.wait_stream(self._stream)

    def record(self, work: Callable[[], T]) -> tuple[T, Callable[[], None]]:
        """Other threads, which pin what is read, may go on meanwhile."""
        gc.collect()  # a graph of autograd that waits for it belongs to another stream
        graph = torch.cuda.CUDAGraph()
        # What fails while it is recorded would leave the process on that stream.
        with torch.cuda.stream(torch.cuda.current_stream(self._device)):
            capture = torch.cuda.graph(
                graph, pool=self._pool, stream=self._stream, capture_error_mode="thread_local"
            )
            with capture:
                made = work()
        self._pool = graph.pool()
        return made, graph.replay


RECORDERS: dict[str, Callable[[torch.device], Recorder]] = {"cuda": CudaRecorder}


@dataclass(frozen=True)
class Recording:
    """A step that can be replayed.

    Args:
        inputs: Where its maps are copied to.
        ledger: What it comes to, by name.
        numbers: The numbers of the ledger.
        replay: Does it.
        addresses: Of all that is read and written anew.
    """

    inputs: Sequence[Mapping[str, Tensor]]
    ledger: Ledger
    numbers: Tensor | None
    replay: Callable[[], None]
    addresses: tuple[int, ...]


class StepGraphs:
    """Takes steps, and records those that come again.

    Args:
        take: One step: the micro-batches -> what it came to, and its numbers in one tensor.
        players: Who steps in it.
        dues: What tells one kind of step from another, beside the shapes of its maps.
        state: All tensors that stay from step to step.
        watch: Around the last step of a kind before it is recorded; refuses what is other work
            every time.
        device: Where it happens.
    """

    def __init__(
        self,
        take: Callable[[Batches], tuple[Ledger, Tensor | None]],
        *,
        players: Sequence[Player],
        dues: Callable[[], Hashable],
        state: Callable[[], Iterator[Tensor]],
        watch: Callable[[], AbstractContextManager[None]],
        device: torch.device,
    ) -> None:
        self._take = take
        self._players = players
        self._dues = dues
        self._state = state
        self._watch = watch
        self._device = device
        self._recorder = RECORDERS[device.type](device)
        self._seen: Counter[Hashable] = Counter()
        self._recordings: dict[Hashable, Recording] = {}

    def __len__(self) -> int:
        return len(self._recordings)

    def step(self, batches: Batches) -> tuple[Ledger, Tensor | None]:
        """One step.

        Raises:
            UserError: it cannot be recorded.
        """
        kind = self._kind(batches)
        recording = self._recordings.get(kind)
        if recording is not None and recording.addresses != self._addresses():
            recording = None  # somebody gave a network other tensors
            self._forget(kind)
        if recording is None:
            self._seen[kind] += 1
            if self._seen[kind] <= WARM or len(self._recordings) >= MOST:
                watched = self._watch() if self._seen[kind] == WARM else nullcontext()
                with self._recorder.warm(), watched:
                    return self._take(batches)
            recording = self._recordings[kind] = self._record(batches)
        for maps, places in zip(batches, recording.inputs, strict=True):
            for name, place in places.items():
                place.copy_(maps[name], non_blocking=True)
        with region(RECORDED):
            recording.replay()
        numbers = recording.numbers
        return recording.ledger.again(), None if numbers is None else numbers.clone()

    def _forget(self, kind: Hashable) -> None:
        """Let go of a recording; it warms up again before the next."""
        del self._recordings[kind]
        self._seen[kind] = 0
        if not self._recordings:  # a pool of memory is gone with its last recording
            self._recorder = RECORDERS[self._device.type](self._device)

    def _record(self, batches: Batches) -> Recording:
        """Record the step of these micro-batches; nothing of it is done."""
        inputs = [
            {name: torch.empty_like(tensor, device=self._device) for name, tensor in maps.items()}
            for maps in batches
        ]
        before = self._addresses()
        with self._capturable():
            try:
                (ledger, numbers), replay = self._recorder.record(lambda: self._take(inputs))
            except torch.OutOfMemoryError:
                raise
            except RuntimeError as problem:
                if is_compilers(problem):
                    raise
                raise UserError(
                    "engine.graphs: on came, and this step cannot be recorded: "
                    f"{first_line(_first_cause(problem))}. engine.graphs: off, in a new process, "
                    "takes it as ever"
                ) from problem
        if self._addresses() != before:
            raise UserError(
                "engine.graphs: on came, and this step puts other tensors in the places of those "
                "that a network has; change them in place, or use engine.graphs: off"
            )
        return Recording(inputs, ledger, numbers, replay, before)

    def _kind(self, batches: Batches) -> Hashable:
        """Steps of one kind are the same work."""
        shapes = tuple(
            tuple((name, tensor.shape, tensor.dtype) for name, tensor in sorted(maps.items()))
            for maps in batches
        )
        return shapes, self._dues(), tuple(len(player.reached) for player in self._players)

    def _addresses(self) -> tuple[int, ...]:
        return tuple(tensor.data_ptr() for tensor in self._state())

    @contextmanager
    def _capturable(self) -> Iterator[None]:
        """torch's optimizers refuse to be recorded without this word; outside they warn of it."""
        optimizers = [player.optimizer for player in self._players if player.optimizer is not None]
        groups = [group for one in optimizers for group in one.param_groups]
        told = [group for group in groups if "capturable" in group]
        for group in told:
            group["capturable"] = True
        try:
            yield
        finally:
            for group in told:
                group["capturable"] = False


def _first_cause(problem: BaseException) -> BaseException:
    """What went wrong first: the end of a recording that failed fails again."""
    return problem if problem.__context__ is None else _first_cause(problem.__context__)
