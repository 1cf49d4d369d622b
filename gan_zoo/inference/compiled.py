"""Networks of a loaded model as programs of torch's compiler: one for each size of picture, made
when the first of that size comes. What cannot be compiled computes as it does without, and says so.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor, nn
from torch.utils._pytree import tree_leaves

from gan_zoo.engine.compiling import (
    VARIANTS,
    compile_in_place,
    count,
    describe_fault,
    is_compilers,
)
from gan_zoo.inference.noise import OwnNoise
from gan_zoo.reporter import Reporter, format_duration

LIMIT = ("FailOnRecompileLimitHit", "FailOnCacheLimitHit")  # of torch, by version

# torch compiles, and looks for what it compiled, for one thread of a process at a time: of two at
# once one may not find its program, and would have it compiled again. So all compiled models of a
# process take turns; a network within a network has its turn with it.
ALONE = threading.RLock()


class Program:
    """Stands in for the call of a network. Threads may share it: they take turns, with all
    others of the process.

    Args:
        name: The network's, for messages.
        network: Whose calls run compiled from now on.
        reporter: Told what takes long, and what cannot be.
    """

    def __init__(self, name: str, network: nn.Module, reporter: Reporter) -> None:
        self.name = name
        self.reporter = reporter
        self._call: Callable[..., Any] = network._call_impl
        self._whole = _Whole(network)
        self.forget()
        network._compiled_call_impl = self  # copies do not take it along

    def forget(self) -> None:
        """What was compiled was for another device or other numbers."""
        self._made: set[Any] = set()
        self._refused = False

    def __call__(self, *inputs: Any, **named: Any) -> Any:
        """As the network's own."""
        kind = _kind(inputs, named)
        if kind in self._made or not self._refused:
            with ALONE:
                if kind in self._made or not self._refused:
                    return self._compiled(kind, inputs, named)
        return self._call(*inputs, **named)

    def _compiled(self, kind: Any, inputs: Any, named: Any) -> Any:
        """A call of the program, which is made first if there is none; where torch cannot, as
        without. It may be made anew for a kind that had one: after `torch.compiler.reset()`, or if
        something else changed that torch compiled for.
        """
        size, new = _size(inputs), kind not in self._made
        if new:
            self.reporter.say(
                f"Compiling {self.name} for {size}: seconds to minutes, once for a size"
            )
        noise = OwnNoise.of_this_thread()
        drawn = noise.state() if noise is not None else {}
        began, programs, plain = time.perf_counter(), count().graphs, self._whole.plain
        try:
            if self._whole._compiled_call_impl is None:
                compile_in_place([self._whole])
            made = self._whole(*inputs, **named)
        except Exception as problem:
            if not new and not is_compilers(problem):
                raise
            why = _told(problem)
        else:
            compiled = count().graphs > programs
            if not new or compiled or self._whole.plain == plain:
                self._made.add(kind)
                if new or compiled:
                    took = format_duration(time.perf_counter() - began)
                    anew = "" if new else " anew"
                    self.reporter.say(f"Compiled {self.name} for {size}{anew} in {took}")
                return made
            why = "torch compiled nothing of it"
        if noise is not None:
            noise.rewind(drawn)
        made = self._call(*inputs, **named)  # or raises what is wrong with the input
        self._made.discard(kind)
        self._refused = True
        what = "nor is any new size" if self._made else "it computes as it does without"
        self.reporter.say(f"{self.name} is not compiled for {size} ({why}); {what}")
        return made


class _Whole(nn.Module):
    """A network's own call, for the compiler.

    Attributes:
        plain: How often it ran without being compiled, which torch does not tell.
    """

    def __init__(self, network: nn.Module) -> None:
        super().__init__()
        self.network = network
        self.plain = 0

    def forward(self, *inputs: Any, **named: Any) -> Any:
        """Call it."""
        if not torch.compiler.is_compiling():
            self.plain += 1
        call: Callable[..., Any] = self.network._call_impl
        return call(*inputs, **named)


def _kind(inputs: Any, named: Any) -> Any:
    """What a program is made for: sizes, layouts and types of tensors, and how many threads."""
    leaves = tree_leaves((inputs, named))
    kinds = [
        (*one.shape, *one.stride(), one.dtype, one.device) if isinstance(one, Tensor) else type(one)
        for one in leaves
    ]
    return (torch.get_num_threads(), *kinds)


def _size(inputs: Any) -> str:
    """Of a picture, as people say it."""
    shapes = [one.shape for one in tree_leaves(inputs) if isinstance(one, Tensor)]
    return next((f"{shape[-2]}x{shape[-1]}" for shape in shapes if len(shape) == 4), "its inputs")


def _told(problem: Exception) -> str:
    """Why torch could not, in a line."""
    if type(problem).__name__ in LIMIT:
        return f"torch keeps {VARIANTS} programs a process"
    told = describe_fault(problem)
    return told[:197] + "..." if len(told) > 200 else told
