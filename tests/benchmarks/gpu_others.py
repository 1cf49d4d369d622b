"""The tables of what else a tuner needs: single operations by shape and layout, other words of a
step, other recipes, and whole runs that read losses late or not.
"""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from statistics import median
from typing import Any

import torch
import torch.nn.functional as F
from gpu_bench import Bench
from gpu_cases import CYCLEGAN, HD, JOINT
from gpu_rows import Column, Figures, Row, Table
from gpu_sides import told, wait
from gpu_tables import Way, half, single, table_of
from torch import Tensor, nn

from gan_zoo.components.norms import normalize
from gan_zoo.engine import compiling

FORMATS = {"contiguous": torch.contiguous_format, "channels_last": torch.channels_last}
ROUNDS, CALLS = 7, 5  # of every operation, in turn with the others; as one that many are timed

SHAPES = ((1, 32, 1024, 2048), (1, 64, 512, 1024), (1, 128, 257, 513), (1, 1024, 32, 64))
NORMS = {
    "group_norm": lambda x: F.group_norm(x, x.shape[1]),
    "instance_norm": F.instance_norm,
    "ours": lambda x: normalize(x, x.shape[1]),
}
CONVOLUTIONS = (  # name, channels in and out, kernel, stride, height, width of what comes out
    ("7 x 7, 36 to 64", 36, 64, 7, 1, 512, 1024),
    ("7 x 7, 40 to 64", 40, 64, 7, 1, 512, 1024),
    ("7 x 7, 36 to 32", 36, 32, 7, 1, 1024, 2048),
    ("7 x 7, 64 to 3", 64, 3, 7, 1, 512, 1024),
    ("3 x 3, 64 to 64", 64, 64, 3, 1, 512, 1024),
    ("3 x 3, 1024 to 1024", 1024, 1024, 3, 1, 32, 64),
    ("4 x 4 / 2, 39 to 64", 39, 64, 4, 2, 512, 1024),
    ("4 x 4 / 2, 40 to 64", 40, 64, 4, 2, 512, 1024),
    ("VGG, 64 to 64", 64, 64, 3, 1, 1024, 2048),
    ("VGG, 256 to 256", 256, 256, 3, 1, 256, 512),
)
CONVOLUTION = (
    Column("ms forward", "forward", 3),
    Column("both ways", "both", 3),
    Column("TFLOP/s forward", "speed", 0),
    Column("both ways", "speed_both", 0),
)
RUN = (
    Column("ms a step", "ms", 2),
    Column("of it waiting for data", "wait", 2),
    Column("s of the run", "seconds", 1),
)


def in_turn(calls: Mapping[str, Callable[[], object]], device: torch.device) -> Figures:
    """Milliseconds of each call, of some at once, in turn with the others."""
    times: dict[str, list[float]] = {name: [] for name in calls}
    for turn in range(2 + ROUNDS):
        for name, call in calls.items():
            wait(device)
            start = time.perf_counter()
            for _ in range(CALLS):
                call()
            wait(device)
            if turn >= 2:
                times[name].append(1000 * (time.perf_counter() - start) / CALLS)
    found: Figures = {}
    for name, taken in times.items():
        found |= told(name, taken, 4)
    return found


def both_ways(f: Callable[[Tensor], Tensor], x: Tensor, *also: Tensor) -> Callable[[], object]:
    """Forward and backward, to what goes in and to others."""
    gradient = torch.randn_like(f(x))
    return lambda: torch.autograd.grad(f(x), (x, *also), gradient)


def norms(device: torch.device, *, small: bool) -> Table:
    """Instance norm by shape and layout, in bfloat16."""
    columns = [
        column
        for name in (*NORMS, "compiled")
        for column in (
            Column(f"{name}, forward", name, 3),
            Column("both ways", f"{name}_both", 3),
        )
    ]

    def row(shape: tuple[int, ...], layout: str) -> Row:
        def take() -> Figures:
            torch.compiler.reset()
            made = torch.compile(NORMS["ours"], backend=compiling.BACKEND, dynamic=False)
            size = (1, 4, 8, 8) if small else shape
            x = torch.randn(size, device=device, dtype=torch.bfloat16)
            x = x.contiguous(memory_format=FORMATS[layout])
            learns = x.clone(memory_format=torch.preserve_format).requires_grad_()
            calls: dict[str, Callable[[], object]] = {}
            for name, f in {**NORMS, "compiled": made}.items():
                calls[name] = lambda f=f: f(x)  # type: ignore[misc]
                calls[f"{name}_both"] = both_ways(f, learns)
            return in_turn(calls, device)

        return Row(f"{' x '.join(map(str, shape[1:]))}, {layout}", "operation", 3, take)

    rows = [row(shape, layout) for shape in SHAPES for layout in FORMATS]
    return Table("g", "instance norm, ms, bfloat16", columns, rows)


def convolutions(device: torch.device, *, small: bool) -> Table:
    """Convolutions by shape and layout, in bfloat16."""

    def row(name: str, i: int, o: int, k: int, stride: int, *out: int, layout: str) -> Row:
        def take() -> Figures:
            height, width = (8, 8) if small else out
            size = (1, i, (height - 1) * stride + k, (width - 1) * stride + k)
            x = torch.randn(size, device=device, dtype=torch.bfloat16)
            x = x.contiguous(memory_format=FORMATS[layout])
            learns = x.clone(memory_format=torch.preserve_format).requires_grad_()
            conv: Any = nn.Conv2d(i, o, k, stride, bias=False)
            conv = conv.to(device, torch.bfloat16, memory_format=FORMATS[layout])
            with torch.no_grad():
                forward: dict[str, Any] = in_turn({"forward": lambda: conv(x)}, device)
            both = in_turn({"both": both_ways(conv, learns, conv.weight)}, device)
            flop = 2 * height * width * o * i * k * k
            speeds = {
                "speed": round(flop / forward["forward"] / 1e9),
                "speed_both": round(3 * flop / both["both"] / 1e9),
            }
            return {**forward, **both, **speeds}

        return Row(f"{name}, {layout}", "operation", 2, take, 2)

    rows = [row(*about, layout=layout) for about in CONVOLUTIONS for layout in FORMATS]
    return Table("g", "convolutions, bfloat16", CONVOLUTION, rows)


def other_steps(bench: Bench) -> list[Table]:
    """CycleGAN's step, and pix2pixHD's without shared views."""
    networks, graphs = {"compile": "networks"}, {"graphs": "on"}
    cyclegan = [
        Way("float32, eager", "eager", 8, single()),
        Way("bfloat16, eager", "eager", 8, half()),
        Way("float32, graphs", "graphs", 10, single(**graphs)),
        Way("bfloat16, graphs", "graphs", 10, half(**graphs)),
        Way("bfloat16, networks, graphs", "compiled", 60, half(**networks, **graphs), 2),
    ]

    def views(rank: int) -> list[Way]:
        return [
            Way("shared views, eager", "eager", 12, half(), rank),
            Way("separate views, eager", "eager", 12, half(share_views=False), rank),
        ]

    return [
        table_of(bench, "g", "CycleGAN without a pool, 256 x 256, batch 1", CYCLEGAN, {}, cyclegan),
        table_of(bench, "g", "pix2pixHD, 512 x 1024, bfloat16", HD, {}, views(0)),
        table_of(bench, "g", "pix2pixHD, joint, 1024 x 2048, bfloat16", JOINT, {}, views(1)),
    ]


def runs(device: torch.device, *, small: bool) -> Table:
    """Whole runs of the quickstart, by when losses are read."""
    steps, every = (8, 4) if small else (600, 50)
    sets = [f"engine.device={device.type}", f"engine.log_every={every}", "callbacks=null"]
    sets += ["validation=null", *["generator.width=4"] * small]

    def row(name: str, *more: str) -> Row:
        def take() -> Figures:
            asked = [part for one in (*sets, *more) for part in ("--set", one)]
            command = [sys.executable, "-m", "gan_zoo", "run", "quickstart", *asked]
            start = time.perf_counter()
            with tempfile.TemporaryDirectory() as folder:
                run = Path(folder) / "run"
                command += ["--steps", str(steps), "--out", str(run)]
                done = subprocess.run(command, capture_output=True, text=True, check=False)
                if done.returncode:
                    raise RuntimeError(f"{done.stdout}{done.stderr}".strip()[-300:])
                lines = (run / "log.jsonl").read_text(encoding="utf-8").splitlines()
            entries = [entry for entry in map(json.loads, lines) if "losses" in entry][1:]
            found = told("ms", [1000 * entry["seconds"] for entry in entries])
            found["wait"] = round(1000 * median(entry["wait"] for entry in entries), 3)
            return {**found, "seconds": round(time.perf_counter() - start, 1)}

        return Row(name, "run", 20, take, 2)

    rows = [row(f"read_late {n}", f"engine.read_late={n}") for n in (0, 2)]
    rows += [row(f"read_late {n}, again", f"engine.read_late={n}") for n in (0, 2)]
    rows.append(row("read_late 2, graphs", "engine.read_late=2", "engine.graphs=on"))
    return Table("g", f"`gan-zoo run quickstart --steps {steps}`, as its log tells", RUN, rows)


def others(bench: Bench) -> list[Table]:
    """Tables g."""
    device, small = bench.device, bench.small
    return [
        norms(device, small=small),
        *other_steps(bench),
        runs(device, small=small),
        convolutions(device, small=small),
    ]
