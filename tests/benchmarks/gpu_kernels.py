"""What the device does in a step: its kernels by kind, told by their names and by the operations
that launched them; and single operations by shape and layout.
"""

from __future__ import annotations

import os
import re
from collections import Counter
from collections.abc import Iterable, Iterator
from typing import Any, NamedTuple

import torch
from gpu_rows import Figures
from gpu_sides import Side, wait

from gan_zoo.engine.regions import GUARDING, OPTIMIZER, PREFIX

STEPS = 3  # that are profiled
OTHER = "other"

FUSED, SUMS = "compiled, pointwise", "compiled, sums"
# Names of kernels that are of a kind whatever launched them; the first fits. What the compiler
# fused bears the names of operations, but a convolution stays a call of its own.
KERNELS = (
    ("convolution", r"^triton_tem_"),
    (SUMS, r"^triton_(red|per|mix|split)"),
    (FUSED, r"^triton_"),
    ("layout", r"nchw_?to_?nhwc|nhwc_?to_?nchw|converttensor|transpose(?!d)"),
    ("norm", r"rowwisemoments|computeinternalgradients|compute\w*fusedparams|groupnorm"),
    ("norm", r"batch_?norm|bn_(fw|bw)"),
    ("convolution", r"xmma|cudnn|cutlass|nvjet|gemm|implicit|winograd|[dw]grad|conv2d|convolve"),
    ("optimizer", r"adam|multi_tensor_apply"),
    ("pad", r"reflection_pad|constant_pad"),
    ("copies and casts", r"memcpy|memset|direct_copy|catarray|fillfunctor"),
)
# Names of operations around a kernel that say it before its own name does, and where it does not.
BEFORE = (
    ("optimizer", rf"^{PREFIX}({OPTIMIZER}|{GUARDING})$|_foreach_|_fused_adam"),
    ("layout", r"^aten::contiguous$"),
)
AFTER = (
    ("norm", r"^normalized|normalizedbackward|(batch|group|instance|layer)_?norm"),
    ("convolution", r"convolution|conv2d|conv_transpose"),
    ("pad", r"_pad\d|::pad$|pad\d?d?backward"),
    ("copies and casts", r"aten::(copy_|_to_copy|to|clone|cat|zeros?|zero_|fill_)$|tocopybackward"),
    ("pointwise", r"^aten::|backward"),
)
KINDS = ("convolution", "norm", "layout", "pad", "pointwise", FUSED, SUMS, "copies and casts")
KINDS += ("optimizer", OTHER)


class Work(NamedTuple):
    """One thing that the device did.

    Args:
        name: Of the kernel.
        around: The operations that launched it, the innermost first.
        took: Microseconds.
    """

    name: str
    around: tuple[str, ...]
    took: float


def kind_of(work: Work) -> str:
    """Which kind of work it is."""
    around = [one.lower() for one in work.around]
    for patterns, names in ((BEFORE, around), (KERNELS, [work.name.lower()]), (AFTER, around)):
        for kind, pattern in patterns:
            if any(re.search(pattern, name) for name in names):
                return kind
    return OTHER


def works(events: Iterable[Any], *, on_gpu: bool) -> Iterator[Work]:
    """What a trace holds of the device; where there is none, operations stand for kernels."""
    launched: Counter[str] = Counter()
    done: Counter[str] = Counter()
    for event in events:
        if event.device_type.name != "CPU":
            if not event.is_async and not event.is_user_annotation:
                done[event.name] += event.time_range.elapsed_us()
            continue
        if event.is_async:
            continue
        around = tuple(_around(event))
        if not on_gpu:
            yield Work(event.name, around, event.self_cpu_time_total)
        for kernel in event.kernels:
            launched[kernel.name] += kernel.duration
            yield Work(kernel.name, around, kernel.duration)
    for name, took in done.items():  # that no operation of ours launched, as in a recorded step
        if took - launched[name] > 1:
            yield Work(name, (), took - launched[name])


def _around(event: Any) -> Iterator[str]:
    while event is not None:
        yield event.name
        event = event.cpu_parent


def profiled(side: Side, device: torch.device) -> Figures:
    """Milliseconds a step of the device by kind, how many kernels, and the ten longest."""
    from torch.profiler import ProfilerActivity, profile

    os.environ.setdefault("KINETO_LOG_LEVEL", "99")
    on_gpu = device.type == "cuda"
    side.take()()
    wait(device)
    activities = [ProfilerActivity.CPU, *[ProfilerActivity.CUDA] * on_gpu]
    with profile(activities=activities) as seen:
        for _ in range(STEPS):
            side.take()()
        wait(device)
    events: list[Any] = list(seen.events() or ())
    return summed(works(events, on_gpu=on_gpu))


def summed(done: Iterable[Work]) -> Figures:
    """The row of a profile: milliseconds a step."""
    kinds: Counter[str] = Counter()
    names: Counter[tuple[str, str]] = Counter()
    often: Counter[tuple[str, str]] = Counter()
    for work in done:
        kind = kind_of(work)
        kinds[kind] += work.took
        names[kind, work.name] += work.took
        often[kind, work.name] += 1
    found: Figures = {kind: round(kinds[kind] / 1000 / STEPS, 3) for kind in KINDS}
    found["device"] = round(sum(kinds.values()) / 1000 / STEPS, 3)
    found["launches"] = sum(often.values()) // STEPS
    found["longest"] = [
        [round(took / 1000 / STEPS, 3), often[key] // STEPS, key[0], key[1][:120]]
        for key, took in names.most_common(10)
    ]
    return found
