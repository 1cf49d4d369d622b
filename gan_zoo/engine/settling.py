"""Before a phase's first step: its networks are compiled where the recipe says so, and it is found
out whether its steps can be recorded. All of it by steps in which nobody moves.
"""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import dataclass, field
from typing import Any

import torch
from torch import Tensor, nn
from torch.utils._pytree import tree_leaves

from gan_zoo.engine.compiling import (
    Count,
    compile_in_place,
    count,
    forget_counts,
    pieces,
    release,
    root_of,
)
from gan_zoo.engine.host_work import describe_host_work, host_state
from gan_zoo.engine.phase import PhaseRunner
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
    settled = Settled()
    if runner.precision.compile != "off" and not compiles:
        settled.lines.append("Nothing is compiled, as at the start")
    elif runner.precision.compile != "off":
        _compile(runner, batches, settled)
    if runner.precision.graphs == "on":
        if found := [*_known_obstacles(runner), *_found_obstacles(runner, batches)]:
            told = "".join(f"\n  {one}" for one in found)
            raise UserError(
                f"engine.graphs: on came, and a step of phase {runner.wired.name} is not the same "
                f"work every time:{told}\nUse engine.graphs: off, which takes steps as ever"
            )
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
    anew = {*runner.recipe.engine.recompute}
    for name in [name for name in named if not anew.isdisjoint({name, name.partition(".")[0]})]:
        del named[name]
        settled.lines.append(f"{name} is not compiled: engine.recompute makes its forward anew")
    torch.compiler.reset()
    forget_counts()
    modules = [piece for module in named.values() for piece in pieces(module, how)]
    compile_in_place(modules)
    runner.compiled = True
    start = time.perf_counter()
    try:
        with runner.unmoved() as method:
            runner.rehearse(method, batches).numbers()
    except UserError:
        raise
    except Exception as problem:  # of torch's compiler, or what would be said of a step anyway
        release(modules)
        runner.compiled = False
        root = root_of(problem)
        told = f"{type(root).__name__}: {first_line(root)}"
        settled.lines.append(f"Nothing is compiled, since torch cannot ({told})")
        return
    settled.seconds, counted = time.perf_counter() - start, count()
    settled.compiled, settled.graphs = tuple(named), counted.graphs
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
        for part, child in one.named_children() if isinstance(one, nn.Module) else ():
            if any(True for _ in child.parameters()):
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
        groups = player.optimizer.param_groups if player.optimizer is not None else ()
        if not all(group.get("fused") for group in groups):
            yield f"the optimizer of the {player.name} counts its steps in Python"


def _found_obstacles(runner: PhaseRunner, batches: Batches) -> list[str]:
    """Why steps cannot be recorded, as a step does it in which nobody moves."""
    device, cast = runner.precision.device, runner.cast
    with runner.unmoved() as method:
        networks = {f"{name}": one for name, one in cast.networks.items()}
        conditions = {f"conditions.{name}": one for name, one in cast.conditions.items()}
        losses = {f"losses.{name}": one for name, one in runner.losses.items()}
        named = {**networks, **conditions, **losses, "method": method}
        runner.rehearse(method, batches)  # what is made once is made
        before = host_state(named, device)
        cast.noted.clear()
        try:
            with _no_waiting(device):
                runner.rehearse(method, batches)
        except RuntimeError as problem:
            notes = "; ".join(getattr(problem, "__notes__", ()))
            return [f"it waits for the device: {first_line(problem)}" + f" ({notes})" * bool(notes)]
        found = [f"it {noted}" for noted in sorted(cast.noted)]
        if tree_leaves(getattr(method, "state", dict)()):
            found.append("its method remembers what steps made, in Python, as an image pool does")
        told = describe_host_work(before, host_state(named, device))
        return found + [f"it {one}" for one in told]


def _no_waiting(device: torch.device) -> AbstractContextManager[None]:
    """Whoever waits for the device in here is told so by an error."""
    return _refusing_syncs() if device.type == "cuda" else nullcontext()


@contextmanager
def _refusing_syncs() -> Iterator[None]:
    before = torch.cuda.get_sync_debug_mode()
    torch.cuda.set_sync_debug_mode("error")
    try:
        yield
    finally:
        torch.cuda.set_sync_debug_mode(before)
