"""What holds for modules in use: in halved numbers, from one seed, without numbers, exported."""

from __future__ import annotations

import copy
import random
from dataclasses import replace
from typing import Any

import numpy as np
import torch
from pydantic import ValidationError
from torch import Tensor, nn
from torch.utils._pytree import tree_map

from gan_zoo.components.meta_device import on_meta
from gan_zoo.components.networks import NetworkSpec
from gan_zoo.testing.probe import (
    Probe,
    call,
    comfortable,
    in_format,
    list_shapes,
    list_tensors,
    probe,
    probes,
    promised_shapes,
    shapes,
    without_chance,
)
from gan_zoo.testing.subject import Advice, Subject, check, trying

# Between float32 and autocast, of a tensor's norm. bfloat16 keeps 8 bits, and the built-in
# networks come to 0.06; what is lost by cancellation comes to 1.
HALVED = 0.25
PARAMETERS = 2_000_000  # of an example
CLOSE = 1e-5  # between a module and its export, of the largest value, in float32


def half_precision() -> torch.autocast:
    """Autocast as a run on the CPU has it."""
    return torch.autocast("cpu", dtype=torch.bfloat16)


def relative_distance(ours: Tensor, theirs: Tensor) -> float:
    """The distance of two tensors by the norm of the first; nan where a number is none."""
    ours, theirs = ours.detach().float(), theirs.detach().float()
    size, distance = float(ours.norm()), float((ours - theirs).norm())
    return distance / size if size else distance


@check("generator", "discriminator", "condition")
def works_under_autocast(subject: Subject) -> None:
    """Forward and backward in bfloat16, as runs on GPUs take them, give about the same."""
    for tested in probes(subject):
        _autocast(tested)


def _autocast(tested: Probe) -> None:
    done = f"forward and backward under autocast to bfloat16, as runs on GPUs have it ({tested})"
    plain = without_chance(tested.build().float())
    cast = copy.deepcopy(plain)
    inputs = in_format(tested.inputs(2, dtype=torch.float32), torch.contiguous_format)
    torch.manual_seed(0)
    ours = list_tensors(call(plain, inputs))
    with trying(
        done,
        expected="numbers",
        cure="make new tensors in the type of the tensor that they are joined with (x.new_zeros, "
        "like=x); no .to(torch.float32) on half of a sum, no writing into slices of another type",
    ):
        torch.manual_seed(0)
        with half_precision():
            theirs = list_tensors(call(cast, inputs))
        learns = [tensor.float().sum() for tensor in theirs if tensor.requires_grad]
        if learns:
            torch.autograd.backward(torch.stack(learns).sum())
    lost = [
        name
        for name, parameter in cast.named_parameters()
        if parameter.grad is not None and not parameter.grad.isfinite().all()
    ]
    worst = max(
        (relative_distance(a, b) for a, b in zip(ours, theirs, strict=True)), key=_rank, default=0.0
    )
    if lost or not worst <= HALVED:
        came = f"the gradient of {lost[0]} is not finite" if lost else f"{worst:.2g} apart"
        raise Advice(
            f"{done}, and compared with float32",
            came=came,
            expected=f"outputs that are at most {HALVED} of their norm apart, finite gradients",
            cure="compute sums, variances and exponentials in float32: x.float() before them",
        )


def _rank(distance: float) -> float:
    return float("inf") if distance != distance else distance  # nan is farthest


@check("generator", "discriminator", "condition")
def equal_calls_from_one_seed(subject: Subject) -> None:
    """In training, chance comes from torch's default generator and nowhere else."""
    for tested in probes(subject):
        _equal_calls(tested)


def _equal_calls(tested: Probe) -> None:
    built, found = tested.build().float().train(), []
    for _ in range(2):
        module = copy.deepcopy(built)
        inputs, before = tested.inputs(2, dtype=torch.float32), _elsewhere()
        torch.manual_seed(7)
        with torch.no_grad():
            found.append(list_tensors(call(module, inputs)))
        if _elsewhere() != before:
            raise Advice(
                f"called it in training ({tested})",
                came="python's random or numpy's global generator moved",
                expected="chance from torch's default generator, whose state a run saves",
                cure="draw with torch.rand and its kin",
            )
    if not all(map(torch.equal, *found)):
        raise Advice(
            f"called it twice in training, each time under torch.manual_seed(7) ({tested})",
            came="two outputs",
            expected="one: a run follows from its seed, and resumes to the same numbers",
            cure="draw with torch functions and no generator of your own; nothing may stay from "
            "call to call but buffers",
        )


def _elsewhere() -> tuple[str, str]:
    """Generators that no run saves."""
    return repr(random.getstate()), repr(np.random.get_state())


@check("generator", "discriminator", "condition")
def rehearses_on_the_meta_device(subject: Subject) -> None:
    """Built and run without numbers, the example and, where there is one, the default."""
    count, *_ = [_rehearse(tested) for tested in probes(subject)]
    if count > PARAMETERS:
        raise Advice(
            "counted the example's parameters",
            came=f"{count:,}",
            expected=f"at most {PARAMETERS:,}, so that the checks are quick",
            cure="override example() with small widths",
        )
    try:
        default = subject.spec()
    except ValidationError:
        return  # it has required options
    if not isinstance(default, NetworkSpec) or default.missing():
        return
    if large := comfortable(default, largest=4096):
        _rehearse(replace(large, options="the default"))


def _rehearse(tested: Probe) -> int:
    """Its parameters, counted."""
    done = f"built and ran it under torch.device('meta'), forward and backward ({tested})"
    with trying(
        done,
        expected="the same shapes as on the CPU",
        cure="no .item(), no branch on values, new tensors on x.device, no weights loaded in build",
    ):
        with on_meta():
            module = tested.build()
        inputs = tested.inputs(2, device="meta", dtype=torch.float32)
        views = call(module, in_format(inputs, torch.contiguous_format))
        learns = [t.sum() for view in views for t in view if t.requires_grad]
        if learns:
            torch.autograd.backward(torch.stack(learns).sum())
    if shapes(views) != promised_shapes(tested.expected()):
        raise Advice(
            done,
            came=list_shapes(shapes(views)),
            expected=list_shapes(promised_shapes(tested.expected())),
            cure="compute sizes from x.shape",
        )
    tensors = dict([*module.named_parameters(), *module.named_buffers()])
    if strays := [name for name, tensor in tensors.items() if tensor.device.type != "meta"]:
        raise Advice(
            done,
            came=f"{strays[0]} is on the {tensors[strays[0]].device}",
            expected="everything on the default device",
            cure="name no device in __init__; make buffers with torch functions",
        )
    return sum(parameter.numel() for parameter in module.parameters())


# ---------------------------------------------------------------------------------- export


@check("generator", "discriminator", "condition")
def exports_where_it_says_so(subject: Subject) -> None:
    """What declares `exportable` goes through torch.export, for batches of any number."""
    tested = probe(subject)
    if not tested.spec.exportable:
        return
    module = tested.build().float().eval()
    done = f"torch.export of its module in evaluation, for batches of any number ({tested})"
    with trying(
        done,
        expected="an exported program: the spec declares exportable",
        cure="no branch on values, no .item(), no list that grows from call to call, sizes from "
        "x.shape; or leave `exportable` out",
    ):
        exported = _exported(module, tested)
    for batch in (2, 3):
        inputs = tested.inputs(batch, dtype=torch.float32)
        cure = "take the batch from x.shape"
        with trying(done, expected="a program for any batch", cure=cure), torch.no_grad():
            ours, theirs = call(module, inputs), call(exported, [inputs])
        distance = max(
            ((a - b).abs().max() / a.abs().max().clamp_min(1e-12)).item()
            for a, b in zip(list_tensors(ours), list_tensors(theirs), strict=True)
        )
        if shapes(theirs) != promised_shapes(tested.expected()) or not distance <= CLOSE:
            raise Advice(
                f"{done}, then called both with a batch of {batch}",
                came=f"outputs that are {distance:.2g} of the largest value apart",
                expected=f"equal outputs to {CLOSE:g}",
                cure="keep python numbers that change out of forward: an export holds them as they "
                "were; or leave `exportable` out",
            )


class _Called(nn.Module):
    """A module behind one signature, however its own forward is written."""

    def __init__(self, module: nn.Module) -> None:
        super().__init__()
        self.module = module

    def forward(self, inputs: list[Tensor]) -> Any:
        return self.module(*inputs)


def _exported(module: nn.Module, tested: Probe) -> nn.Module:
    inputs = tested.inputs(2, dtype=torch.float32)
    batch = torch.export.Dim("batch", min=1)
    dynamic = (tree_map(lambda _: {0: batch}, inputs),)  # a condition's are maps by name
    with torch.no_grad():
        program = torch.export.export(_Called(module), (inputs,), dynamic_shapes=dynamic)
    made: nn.Module = program.module()
    return made
