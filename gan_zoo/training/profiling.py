"""`gan-zoo run --profile`: some steps of a run, profiled while it goes on. Its numbers stay as they
are, and so does its end.
"""

from __future__ import annotations

import os
import time
from collections.abc import Iterable, Iterator
from contextlib import ExitStack
from statistics import median
from typing import Any, Self, TypeVar

import torch
from torch.autograd.profiler_util import FunctionEvent
from torch.profiler import ProfilerActivity, profile

from gan_zoo.engine.regions import STEP, WAITING, region
from gan_zoo.runs.atomic import write_file
from gan_zoo.training.profile_page import profile_page
from gan_zoo.training.state import RunState
from gan_zoo.training.step_times import Operation, StepTimes, find_gaps, step_times

T = TypeVar("T")
WARM, STEPS = 5, 10  # steps that are left alone first, and steps that are profiled
FOLDER, TRACE, PAGE = "profile", "trace.json.gz", "table.md"
QUIET = ("KINETO_LOG_LEVEL", "99")  # what torch's profiler would print goes past the reporter


class StepProfile:
    """Profiles steps of the first phase that is long enough, once it is warm; around a phase's
    steps it is a context. Each stretch between two looks at pictures is recorded for itself: memory
    is bounded by the number of steps.

    Args:
        run: Whose steps they are.
    """

    def __init__(self, run: RunState) -> None:
        self._run = run
        self._folder = run.folder / FOLDER
        self._warm: list[float] = []  # seconds of the steps before, in this phase
        self._steps: list[StepTimes] = []
        self._longest = 0  # the stretch whose trace is kept, in steps
        self._profile: profile | None = None
        self._first = 0  # step of the run that is recorded
        self._recorded = 0  # steps of this stretch
        self._paused = 0.0  # when the step was over, if before the next one began
        self._step = ExitStack()  # around the one that is recorded
        self._done = False

    def __enter__(self) -> Self:
        self._warm = []
        return self

    def __exit__(self, *error: Any) -> None:
        if error[0] is None:
            self._finish()
        elif self._profile is not None:  # the step is not whole
            self._step.close()
            self._profile.stop()
            self._profile = None

    def steps(self, feed: Iterable[T]) -> Iterator[T]:
        """Pass the feed of a phase on; from asking for an item to asking for the next is a step."""
        source = iter(feed)
        while not self._done:
            recorded = len(self._warm) >= WARM
            if recorded:
                self._begin()
            began, self._paused = time.perf_counter(), 0.0
            with region(WAITING):
                try:
                    item = next(source)
                except StopIteration:
                    return
            yield item
            self._step.close()
            if not recorded:
                self._warm.append((self._paused or time.perf_counter()) - began)
            elif len(self._steps) + self._recorded >= STEPS:
                self._finish()
        yield from source

    def pause(self) -> None:
        """Something else comes now, between this step and the next."""
        self._paused = time.perf_counter()
        self._step.close()
        self._stop()

    def tell_if_nothing(self) -> None:
        """At the end of a run, say so where no phase was long enough."""
        if not self._done:
            told = f"no phase took more than {WARM} steps here, and the first {WARM} only warm up"
            self._run.say(f"Nothing was profiled: {told}")

    def _begin(self) -> None:
        """A step is recorded from now on."""
        if self._profile is None:
            if not self._steps:
                self._first = self._run.position.step + 1
                told = f"Profiling {STEPS} steps from step {self._first} on"
                self._run.say(f"{told}, or as many as the phase has left")
            os.environ.setdefault(*QUIET)
            activities = [ProfilerActivity.CPU]
            if self._run.precision.device.type == "cuda":
                activities.append(ProfilerActivity.CUDA)
            self._profile = profile(activities=activities)
            self._profile.start()
        self._recorded += 1
        self._step.enter_context(region(STEP))

    def _stop(self) -> None:
        """The end of a stretch."""
        if self._profile is None:
            return
        stretch, self._profile, self._recorded = self._profile, None, 0
        stretch.stop()
        events: list[FunctionEvent] = list(stretch.events() or ())  # type: ignore[no-untyped-call]
        steps = step_times(_operations(events))
        find_gaps(steps, _device_work(events))
        self._steps += steps
        if len(steps) > self._longest:
            self._longest = len(steps)
            self._folder.mkdir(exist_ok=True)
            stretch.export_chrome_trace(str(self._folder / TRACE))

    def _finish(self) -> None:
        """Write down where the time of the recorded steps went, where there are some."""
        self._step.close()
        self._stop()
        if not self._steps or self._done:
            return
        self._done = True
        last = self._first + len(self._steps) - 1
        described = f"Phase {self._run.position.phase}, steps {self._first} to {last}"
        described += f", on {self._run.precision}; torch {torch.__version__}"
        page = profile_page(self._steps, 1000 * median(self._warm[1:]), described)
        write_file(self._folder / PAGE, page)
        took = median(step.end - step.start for step in self._steps) / 1000
        self._run.say(
            f"Profiled {len(self._steps)} steps of {took:.1f} ms: {self._folder / PAGE}; "
            f"{TRACE} beside it opens in ui.perfetto.dev"
        )
        self._steps = []


def _on_device(event: FunctionEvent) -> bool:
    return bool(event.device_type.name != "CPU")


def _operations(events: Iterable[Any]) -> Iterator[Operation]:
    """What ran on the CPU, with the device's work that it launched."""
    for event in events:
        if not _on_device(event) and not event.is_async:
            yield Operation(
                event.name,
                event.time_range.start,
                event.time_range.end,
                event.thread,
                event.sequence_nr,
                event.fwd_thread or 0,
                sum(kernel.duration for kernel in event.kernels),
                len(event.kernels),
            )


def _device_work(events: Iterable[Any]) -> list[tuple[float, float]]:
    """Start and end of kernels and copies on the device, without the regions shown beside them."""
    return [
        (event.time_range.start, event.time_range.end)
        for event in events
        if _on_device(event) and not event.is_async and not event.is_user_annotation
    ]
