"""The table of translation: one picture at a time, compiled or not."""

from __future__ import annotations

import time
from collections.abc import Callable
from contextlib import nullcontext
from statistics import median
from typing import Any

import torch
from gpu_bench import judged
from gpu_cases import HD, JOINT, Case
from gpu_rows import Column, Figures, Row, Table
from gpu_sides import Pace, Read, compare, free, pinned, wait
from step import noise
from torch import nn

from gan_zoo.engine.assembly import assemble
from gan_zoo.engine.compiling import compile_in_place, compiler_settings, count, forget_counts
from gan_zoo.engine.playing import cast_of
from gan_zoo.engine.precision import Precision
from gan_zoo.inference.networks import set_to_inference, to_8bit

TRANSLATION = (
    Column("ms a picture, the network", "ms", 2),
    Column("float32 eager beside it", "beside", 2),
    Column("times as fast", "times", 2),
    Column("ms from maps to 8 bits on the host", "whole", 2),
    Column("s to the end of the first", "first", 1),
    Column("programs", "graphs", 0),
    Column("must", "must"),
    Column("should", "aim"),
)
WHOLE = 7  # translations that are timed with their maps' way there and the picture's way back


class Pictures:
    """The generator of a phase set to inference, on noise.

    Args:
        case, device, small: As of a step.
        compiled: Whether the network is.
        words: As `Precision.of` takes them.
    """

    reads_late = False

    def __init__(
        self,
        case: Case,
        device: torch.device,
        *,
        small: bool,
        compiled: bool = False,
        **words: Any,
    ) -> None:
        usual = {"memory_format": "contiguous", "compile": "off", "graphs": "off"}
        self.precision = Precision.of(device=device, **{**usual, **words})
        self.device = device
        recipe = case.load(small=small)
        torch.manual_seed(0)
        assembly = assemble(recipe, weights=False, losses="none")
        wired = assembly.wired.phase(case.phase or next(iter(recipe.phases)))
        built = (*assembly.networks.values(), *assembly.conditions.values())
        modules = [self.precision.place(one) for one in built if isinstance(one, nn.Module)]
        set_to_inference(modules, recipe.inference)
        self.cast = cast_of(assembly, wired, self.precision)
        self.method = assembly.method
        self.name = wired.wiring.networks[0].name
        asked = (name for spec in recipe.conditions.values() for name in spec.asks())
        maps = wired.wiring.maps
        inputs = {name: noise(maps[name], 1) for name in dict.fromkeys(asked)}
        self.maps = pinned(inputs, device)
        self.settings: Callable[[], Any] = nullcontext
        if compiled:
            torch.compiler.reset()
            forget_counts()
            compile_in_place([self.cast.networks[self.name]])
            self.settings = compiler_settings
        with torch.inference_mode():
            scene = self.method.scene(self.cast, self.precision.receive(dict(self.maps)))
            self.condition = scene["condition"]
        start = time.perf_counter()
        self.take()()
        self.first = time.perf_counter() - start
        self.programs = {"graphs": count().graphs} if compiled else {}

    def take(self) -> Read:
        """Begin one picture of a condition that is on the device."""
        with torch.inference_mode(), self.settings():
            self.cast.play(self.name, self.condition)
        return lambda: wait(self.device)

    def whole(self) -> float:
        """Milliseconds from maps on the host to a picture of 8 bits there."""
        start = time.perf_counter()
        with torch.inference_mode(), self.settings():
            scene = self.method.scene(self.cast, self.precision.receive(dict(self.maps)))
            to_8bit(scene[self.method.output])
        return 1000 * (time.perf_counter() - start)


def translation(device: torch.device, *, small: bool, pace: Pace) -> Table:
    """Table e."""
    beside: dict[str, Pictures] = {}

    def take(case: Case, limits: dict[str, tuple[float, float]], **words: Any) -> Figures:
        eager = words == {"precision": "float32"}
        if case.recipe not in beside or eager:
            beside.clear()
            free(device)
            beside[case.recipe] = Pictures(case, device, small=small, precision="float32")
        other = beside[case.recipe]
        side = other if eager else Pictures(case, device, small=small, **words)
        found = compare(side, None if eager else other, device, pace, by="once")
        found["whole"] = round(median(side.whole() for _ in range(WHOLE)), 2)
        found |= {
            "first": round(side.first, 2),
            **side.programs,
            **judged(found, {} if small else limits),
        }
        return found

    def row(size: str, case: Case, name: str, guess: float, rank: int, **words: Any) -> Row:
        limits = {"ms": (12.0, 6.0) if case is HD else (30.0, 18.0)}
        kind = "translation compiled" if words.get("compiled") else "translation"
        told = f"{size}, {name}"
        return Row(told, kind, guess, lambda: take(case, limits, **words), rank)

    rows = []
    half = {"precision": "bfloat16"}
    last = {**half, "memory_format": "channels_last"}
    for size, case in (("512 x 1024", HD), ("1024 x 2048", JOINT)):
        rows += [
            row(size, case, "float32, eager", 5, 0, precision="float32"),
            row(size, case, "bfloat16, eager", 4, 0, **half),
            row(size, case, "bfloat16, compiled, channels_last", 30, 0, **last, compiled=True),
            row(size, case, "bfloat16, compiled", 30, 2, **half, compiled=True),
            row(size, case, "float32, compiled", 30, 2, precision="float32", compiled=True),
        ]
    title = (
        "translation, one picture at a time (512 x 1024: must be below 12 ms, should be below 6; "
    )
    title += "1024 x 2048: 30 and 18)"

    def end() -> None:
        beside.clear()
        free(device)

    return Table("e", title, TRANSLATION, rows, end)
