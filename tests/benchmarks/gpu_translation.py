"""The table of translation: one picture at a time, as a program that calls us has it, compiled or
not.
"""

from __future__ import annotations

import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any
from unittest.mock import patch

import torch
from gpu_bench import judged
from gpu_cases import HD, JOINT, Case
from gpu_rows import Column, Figures, Row, Table
from gpu_sides import Pace, Read, compare, free, wait
from step import noise
from torch import Tensor

import gan_zoo
from gan_zoo.engine.assembly import assemble
from gan_zoo.engine.compiling import count, forget_counts
from gan_zoo.inference.translator import Translator
from gan_zoo.recipe.wired import WiredRecipe
from gan_zoo.reporter import Reporter
from gan_zoo.runs.folder import RunFolder

TRANSLATION = (
    Column("ms a picture, from maps to floats on the host", "ms", 2),
    Column("float32 eager beside it", "beside", 2),
    Column("times as fast", "times", 2),
    Column("ms, the network alone", "network", 2),
    Column("s to the end of the first", "first", 1),
    Column("programs", "graphs", 0),
    Column("must", "must"),
    Column("should", "aim"),
)


class Listening(Reporter):
    """Keeps what is said, and shows none of it."""

    def __init__(self) -> None:
        super().__init__(quiet=True)
        self.lines: list[str] = []

    def say(self, text: str) -> None:
        """Keep it."""
        self.lines.append(text)


def case_in(case: Case, layout: str) -> Case:
    """The case with its pictures in a memory format, which is for the recipe to say."""
    return replace(case, words={**case.words, "engine.memory_format": layout})


@contextmanager
def written(case: Case, *, small: bool) -> Iterator[RunFolder]:
    """The folder of a run that has taken no step yet, with the weights that make its pictures."""
    recipe = case.load(small=small)
    torch.manual_seed(0)
    assembly = assemble(recipe, weights=False, losses="none")
    player = assembly.wiring.players[0]
    networks = {
        name: dict(network.state_dict())
        for name, network in assembly.networks.items()
        if assembly.owner(name) == player
    }
    phase = case.phase or next(iter(recipe.phases))
    with tempfile.TemporaryDirectory() as folder:
        run = RunFolder.create(Path(folder) / "run", recipe, None, None)
        run.save_weights("latest", networks, {"phase": phase, "step": 0})
        yield run


class Pictures:
    """A loaded run that makes pictures of noise.

    Args:
        run: Its folder.
        case: Whose it is; the run is given this recipe.
        device: On which.
        small: Whether only the path is tried.
        words: As of `gan_zoo.load`.

    Attributes:
        first: Seconds of the first picture.
        programs: How many were compiled.
        alone: The network in it, on what it was given for that picture.

    Raises:
        RuntimeError: it was to be compiled, and was not; says why.
    """

    reads_late = False

    def __init__(
        self, run: RunFolder, case: Case, device: torch.device, *, small: bool, **words: Any
    ) -> None:
        recipe = case.load(small=small)
        run.rewrite(recipe)
        reporter = Listening()
        compiled = words.get("compile", False)
        if compiled:
            torch.compiler.reset()
            forget_counts()
        self.model = gan_zoo.load(
            run, device=device.type, weights="latest", reporter=reporter, **words
        )
        maps = WiredRecipe(recipe).phase(self.model.phase).wiring.maps
        torch.manual_seed(0)
        self.maps = {name: noise(maps[name], 1)[0] for name in self.model.inputs}
        cast = self.model.cast
        start = time.perf_counter()
        with patch.object(cast, "play", wraps=cast.play) as played:
            self.take()()
        self.first = time.perf_counter() - start
        self.programs = {"graphs": count().graphs} if compiled else {}
        if compiled and not count().graphs:
            raise RuntimeError(" ".join(reporter.lines))
        (asked,) = played.call_args_list
        self.alone = Alone(self.model, asked.args, device)

    def take(self) -> Read:
        """Make one picture, which then is on the host."""
        made: Tensor = self.model.output(self.maps)
        return lambda: made


class Alone:
    """The network of a model, on what is on the device already.

    Args:
        model: Whose.
        asked: The arguments of its `play`.
        device: On which.
    """

    reads_late = False

    def __init__(self, model: Translator, asked: tuple[Any, ...], device: torch.device) -> None:
        self.model, self.asked, self.device = model, asked, device

    def take(self) -> Read:
        """Begin one picture."""
        with torch.inference_mode():
            self.model.cast.play(*self.asked)
        return lambda: wait(self.device)


class Shared:
    """What rows of one size share: the run's folder, and the model that all are held against.

    Args:
        device: On which.
        small: Whether only the path is tried.
    """

    def __init__(self, device: torch.device, *, small: bool) -> None:
        self.device, self.small = device, small
        self._open = ExitStack()
        self._case: Case | None = None

    def of(self, case: Case) -> tuple[RunFolder, Pictures]:
        """The folder, and float32 without a compiler; those of another case are gone."""
        if case != self._case:
            self.clear()
            self.run = self._open.enter_context(written(case, small=self.small))
            first = case_in(case, "contiguous")
            self.beside = Pictures(
                self.run, first, self.device, small=self.small, precision="float32"
            )
            self._case = case
        return self.run, self.beside

    def clear(self) -> None:
        """Nobody stands beside any more."""
        self._open.close()
        self._case = None
        self.__dict__.pop("beside", None)
        free(self.device)


def translation(device: torch.device, *, small: bool, pace: Pace) -> Table:
    """Table e."""
    shared = Shared(device, small=small)
    short = replace(pace, seconds=pace.seconds / 3)

    def take(
        case: Case, limits: dict[str, tuple[float, float]], layout: str, **words: Any
    ) -> Figures:
        eager = words == {"precision": "float32"}
        run, other = shared.of(case)
        side = (
            other if eager else Pictures(run, case_in(case, layout), device, small=small, **words)
        )
        found = compare(side, None if eager else other, device, pace, by="once")
        alone = compare(side.alone, None, device, short, by="once")
        found |= {f"network{end}": alone[f"ms{end}"] for end in ("", "_low", "_high")}
        found |= {"first": round(side.first, 2), **side.programs}
        return {**found, **judged(found, {} if small else limits)}

    def row(size: str, case: Case, name: str, guess: float, rank: int = 0, **words: Any) -> Row:
        limits = {"ms": (12.0, 6.0) if case is HD else (30.0, 18.0)}
        kind = "translation compiled" if words.get("compile") else "translation"
        asked = {"layout": "contiguous", **words}
        return Row(f"{size}, {name}", kind, guess, lambda: take(case, limits, **asked), rank)

    rows = []
    half: dict[str, Any] = {"precision": "bfloat16"}
    programs: dict[str, Any] = {"compile": True}
    last: dict[str, Any] = {**half, **programs, "layout": "channels_last"}
    for size, case in (("512 x 1024", HD), ("1024 x 2048", JOINT)):
        rows += [
            row(size, case, "float32, eager", 14, precision="float32"),
            row(size, case, "bfloat16, eager", 8, **half),
            row(size, case, "bfloat16, compiled, channels_last", 35, **last),
            row(size, case, "bfloat16, compiled", 35, 2, **half, **programs),
            row(size, case, "float32, compiled", 35, 2, precision="float32", **programs),
        ]
    title = (
        "translation, one picture at a time (512 x 1024: must be below 12 ms, should be below 6; "
    )
    title += "1024 x 2048: 30 and 18)"
    return Table("e", title, TRANSLATION, rows, shared.clear)
