"""Before a phase's first step: its networks are compiled where the recipe says so, and it is found
out whether its steps can be recorded. All of it by steps in which nobody moves.
"""

from __future__ import annotations

import time
import warnings
from collections.abc import Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import dataclass, field
from typing import Any

import torch
from torch import Tensor, nn

from gan_zoo.engine.compiling import (
    Count,
    compile_in_place,
    count,
    describe_fault,
    forget_counts,
    pieces,
    release,
)
from gan_zoo.engine.host_work import tell_obstacles
from gan_zoo.engine.phase import PhaseRunner
from gan_zoo.engine.precision import ONE_PASS
from gan_zoo.engine.step_graph import RECORDERS
from gan_zoo.errors import UserError, first_line
from gan_zoo.recipe.wired import WiredPhase

Batches = Sequence[Mapping[str, Tensor]]


@dataclass
class Settled:
    """What was decided.

    Attributes:
        lines: In words, for people.
        compiled: The networks that are, by name.
        graphs: How many programs they are.
        seconds: That it took.
        recorded: Whether steps are recorded.
    """

    lines: list[str] = field(default_factory=list)
    compiled: tuple[str, ...] = ()
    graphs: int = 0
    seconds: float = 0.0
    recorded: bool = False


def settle(runner: PhaseRunner, batches: Batches, *, compiles: bool = True) -> Settled:
    """Settle how a phase's steps are computed.

    Args:
        runner: The phase, made ready.
        batches: The micro-batches of its first step.
        compiles: Whether the compiler is asked at all: it could not at the start of the run.

    Raises:
        UserError: steps are to be recorded and cannot be: they are other work every time.
    """
    settled, records = Settled(), runner.precision.graphs == "on"
    if records and (found := [*_known_obstacles(runner)]):
        raise UserError(tell_obstacles(runner.wired.name, found))
    if runner.precision.compile != "off" and not compiles:
        settled.lines.append("Nothing is compiled, as at the start")
    elif runner.precision.compile != "off":
        _compile(runner, batches, settled)
    if records:
        _look_for_host_work(runner, batches)
        runner.record_steps()
        settled.recorded = True
        settled.lines.append("Steps are recorded as a graph once they have come three times")
    return settled


def refuse_graphs(phase: WiredPhase, device: torch.device) -> None:
    """Refuse steps that are to be recorded where nothing can.

    Raises:
        UserError: that device records nothing.
    """
    if phase.recipe.engine.graphs == "on" and device.type not in RECORDERS:
        raise UserError(
            f"engine.graphs: on came, and the run is to compute on {device}, which cannot record a "
            "step; GPUs (cuda) can. Use engine.graphs: off"
        )


# ---------------------------------------------------------------------- compiled


def _compile(runner: PhaseRunner, batches: Batches, settled: Settled) -> None:
    """Compile, by a step that is played so; or say why not, and leave all as it was."""
    how = runner.precision.compile
    assert how != "off"
    if sizes := _free_maps(runner.wired):
        told = f"{sizes} in sizes of their own, and each would be compiled anew"
        settled.lines.append(f"Nothing is compiled: {told}. data.crop gives them one")
        return
    named = dict(_compilable(runner))
    for name in [name for name in named if name in runner.recomputed]:
        del named[name]
        settled.lines.append(f"{name} is not compiled: engine.recompute makes its forward anew")
    if not named:
        return
    torch.compiler.reset()
    forget_counts()
    made = {name: compile_in_place(pieces(module, how)) for name, module in named.items()}
    runner.compiled = True
    start = time.perf_counter()
    try:
        with runner.unmoved() as method:
            runner.rehearse(method, batches).numbers()
    except (UserError, OSError, torch.OutOfMemoryError):
        raise
    except Exception as problem:  # of torch's compiler, or what would be said of a step anyway
        release(named.values())
        runner.compiled = False
        fault = describe_fault(problem)
        settled.lines.append(f"Nothing is compiled, since torch cannot ({fault})")
        return
    settled.seconds, counted = time.perf_counter() - start, count()
    called = [name for name, some in made.items() if any(piece.was_called for piece in some)]
    settled.compiled, settled.graphs = tuple(called), counted.graphs
    settled.lines.append(_describe(settled, counted))


def _describe(settled: Settled, counted: Count) -> str:
    names = ", ".join(settled.compiled)
    graphs = "1 graph" if counted.graphs == 1 else f"{counted.graphs} graphs"
    told = f"Compiled {names} in {settled.seconds:.0f} s ({graphs})"
    if counted.breaks:
        often = sum(counted.breaks.values())
        reason = next(iter(counted.breaks)).strip().splitlines()[0]
        told += f"; {often} times Python goes on between two of them: {reason}"
    return told


def _compilable(runner: PhaseRunner) -> Iterator[tuple[str, nn.Module]]:
    """What computes, by name: networks as they are called, and what computes inside of losses and
    conditions, which Python calls.
    """
    inside: dict[str, Any] = {f"conditions.{n}": one for n, one in runner.cast.conditions.items()}
    for name, network in runner.cast.networks.items():
        if name not in inside:
            yield name, network
    inside |= {f"losses.{name}": loss for name, loss in runner.losses.items()}
    for name, one in inside.items():
        if isinstance(one, nn.Module):
            yield from _children(name, one)


def _children(name: str, module: nn.Module) -> Iterator[tuple[str, nn.Module]]:
    """Those with weights; of a list, which nobody calls, what it lists."""
    for part, child in module.named_children():
        if isinstance(child, nn.ModuleList | nn.ModuleDict):
            yield from _children(f"{name}.{part}", child)
        elif any(True for _ in child.parameters()):
            yield f"{name}.{part}", child


def _free_maps(phase: WiredPhase) -> str:
    """The maps whose size only the data knows."""
    free = [
        name for name, image in phase.wiring.maps.items() if None in (image.height, image.width)
    ]
    return f"{' and '.join(free)} come" if free else ""


# ---------------------------------------------------------------------- recorded


def _known_obstacles(runner: PhaseRunner) -> Iterator[str]:
    """Why steps cannot be recorded, as the recipe has it."""
    if runner.precision.name == "float16":
        yield "precision float16 scales losses by what the host reads of every step"
    if runner.recipe.engine.recompute:
        yield "engine.recompute makes forwards anew, by the state of torch's generators"
    if free := _free_maps(runner.wired):
        yield f"{free} in sizes of their own, and each would be recorded anew"
    for player in runner.players.values():
        if player.optimizer is not None and not _steps_on_device(player.optimizer):
            yield f"the optimizer of the {player.name} counts its steps in Python"


def _steps_on_device(optimizer: torch.optim.Optimizer) -> bool:
    """Whether its steps are kernels alone, by a rate that is read on the device."""
    groups = optimizer.param_groups
    by_kernels = all(group.get("fused") and isinstance(group["lr"], Tensor) for group in groups)
    return by_kernels and type(optimizer) in ONE_PASS


def _look_for_host_work(runner: PhaseRunner, batches: Batches) -> None:
    """Refuse what a first step does that is other work every time, by one in which nobody moves, on
    maps that lie where those of a recorded step do.

    Raises:
        UserError: it does.
    """
    device, name = runner.precision.device, runner.wired.name
    maps = [{key: one.to(device) for key, one in batch.items()} for batch in batches]
    with runner.unmoved() as method:
        runner.rehearse(method, maps)  # what is made once is made
        try:
            with runner.watching(method), _no_waiting(device):
                runner.rehearse(method, maps)
        except RuntimeError as problem:
            if "synchroniz" not in str(problem):
                raise
            notes = "; ".join(getattr(problem, "__notes__", ()))
            told = f"it waits for the device: {first_line(problem)}" + f" ({notes})" * bool(notes)
            raise UserError(tell_obstacles(name, [told])) from problem


def _no_waiting(device: torch.device) -> AbstractContextManager[None]:
    """Whoever waits for the device in here is told so by an error."""
    return _refusing_syncs() if device.type == "cuda" else nullcontext()


@contextmanager
def _refusing_syncs() -> Iterator[None]:
    before = torch.cuda.get_sync_debug_mode()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # that it is a prototype
        torch.cuda.set_sync_debug_mode("error")
    try:
        yield
    finally:
        torch.cuda.set_sync_debug_mode(before)
