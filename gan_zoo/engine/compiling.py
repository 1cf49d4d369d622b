"""Networks as programs of torch's compiler, in place: their names, weights and callers stay as they
are. What a run may depend on of the compiler is set here, and what it came to is counted here.
"""

from __future__ import annotations

import warnings
from collections.abc import Iterable, Iterator, Mapping
from contextlib import AbstractContextManager, ExitStack, contextmanager, nullcontext
from dataclasses import dataclass
from typing import Any, Literal

import torch
from torch import nn

from gan_zoo.engine.recompute import segments
from gan_zoo.errors import UserError, first_line

BACKEND = "inductor"
COMPILER = ("torch._dynamo", "torch._inductor", "torch._functorch")  # whose errors are its own
VARIANTS = 128  # of one piece of code: shapes, who learns, with a graph or without

# Names of one setting in versions of torch: the number of variants, and that one more is an error
# and no silent return to slow steps.
LIMITS = ("recompile_limit", "cache_size_limit")
ERRORS = ("fail_on_recompile_limit_hit", "fail_on_cache_limit_hit")


@dataclass(frozen=True)
class Count:
    """What was compiled since the compiler was reset.

    Args:
        graphs: Programs, forward and backward as one.
        breaks: Why torch could not make one program of one network: reason -> how often.
    """

    graphs: int
    breaks: Mapping[str, int]


class Piece:
    """The call of a module, as a function of ours: torch skips the frames of its own containers, so
    that of a Sequential it would compile each layer for itself, or nothing.

    Attributes:
        was_called: Whether anybody called it so far; nothing is compiled before.
    """

    def __init__(self, module: nn.Module) -> None:
        own = BACKEND == "inductor"
        options: dict[str, Any] | None = {"fallback_random": True} if own else None  # draws as ever
        self.was_called = False

        def call(*inputs: Any, **named: Any) -> Any:
            return module._call_impl(*inputs, **named)  # type: ignore[no-untyped-call]  # torch's own

        self._compiled = torch.compile(call, backend=BACKEND, dynamic=False, options=options)

    def __call__(self, *inputs: Any, **named: Any) -> Any:
        """The module's call, compiled."""
        self.was_called = True
        with compiler_settings():
            return self._compiled(*inputs, **named)


def compile_in_place(modules: Iterable[nn.Module]) -> list[Piece]:
    """Let calls of these run compiled, from their next one on; shapes are fixed, and others are
    compiled anew. Copies of them are not compiled.
    """
    # It asks cut graphs for gradients, which torch warns of whenever it compiles: nobody uses them.
    told = "The .grad attribute of a Tensor that is not a leaf"
    warnings.filterwarnings("ignore", told, module=r"torch\.")
    made = []
    for module in modules:
        piece = module._compiled_call_impl = Piece(module)
        made.append(piece)
    return made


def release(modules: Iterable[nn.Module]) -> None:
    """Nothing of these is compiled any more, and the compiler knows nothing of what was.

    torch up to 2.13 does not see that what rested when it was compiled learns now: it would get no
    gradients, without a word.
    """
    found = [layer for module in modules for layer in module.modules()]
    compiled = [layer for layer in found if layer._compiled_call_impl is not None]
    for layer in compiled:
        layer._compiled_call_impl = None
    if compiled:
        torch.compiler.reset()


def pieces(module: nn.Module, how: Literal["blocks", "networks"]) -> list[nn.Module]:
    """What of a network is compiled: all of it, or its blocks, where it has some."""
    return [*segments(module)] or [module] if how == "blocks" else [module]


@contextmanager
def compiler_settings() -> Iterator[None]:
    """As steps must be compiled: players may go back through one graph after another, and what
    cannot be compiled any more is an error.
    """
    import torch._dynamo.config as tracing
    import torch._functorch.config as functorch

    names = [next(n for n in known if hasattr(tracing, n)) for known in (LIMITS, ERRORS)]
    asked = dict(zip(names, (VARIANTS, True), strict=True))
    if not functorch.donated_buffer and all(getattr(tracing, n) == v for n, v in asked.items()):
        yield  # inside of another one: to change all of it takes longer than a small network
        return
    with ExitStack() as all_of_them:
        all_of_them.enter_context(tracing.patch(asked))
        all_of_them.enter_context(functorch.patch(donated_buffer=False))
        yield


@contextmanager
def telling_compiler_errors() -> Iterator[None]:
    """What the compiler cannot do once steps are taken ends them, in words: they would go on slowly
    and in other digits.

    Raises:
        UserError: what it could not, and the cure.
    """
    try:
        yield
    except Exception as problem:
        if not is_compilers(problem):
            raise
        raise UserError(
            f"engine.compile: torch's compiler failed at this step ({describe_fault(problem)}). "
            "With engine.compile: off, in the run's recipe.yaml too, steps are taken without it"
        ) from problem


def is_compilers(problem: BaseException) -> bool:
    """Whether torch's compiler raised it, and no operation that it compiled."""
    kinds = type(problem).__mro__
    return any(kind.__module__.startswith(COMPILER) for kind in kinds)


def describe_fault(problem: BaseException) -> str:
    """What is at fault, in the errors that torch's compiler wraps around it; one line."""
    inner = getattr(problem, "inner_exception", None) or problem.__cause__
    if inner is not None:
        return describe_fault(inner)
    return f"{type(problem).__name__}: {first_line(problem)}"


def eagerly(compiled: bool) -> AbstractContextManager[Any]:
    """What is called in here is not run compiled: gradients of gradients, whose way back torch does
    not compile, and pictures of sizes of their own.

    Args:
        compiled: Whether anything is; else torch's compiler is not even loaded.
    """
    return torch.compiler.set_stance("force_eager") if compiled else nullcontext()


def forget_counts() -> None:
    """Count anew."""
    from torch._dynamo.utils import counters

    counters.clear()


def count() -> Count:
    """What was compiled."""
    from torch._dynamo.utils import counters

    return Count(counters["stats"]["unique_graphs"], dict(counters["graph_break"]))


def missed() -> int:
    """How many programs of torch's own compiler were not found among those that it kept."""
    from torch._dynamo.utils import counters

    return int(counters["inductor"]["fxgraph_cache_miss"])
