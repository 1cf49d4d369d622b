"""The tables of whole steps: pix2pix, pix2pixHD in two sizes, the published steps beside them, and
what the device did.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from gpu_bench import GAIN, Bench, Limits
from gpu_cases import HD, JOINT, PIX2PIX, Case
from gpu_kernels import KINDS
from gpu_rows import Column, Figures, Row, Table

STEP = (
    Column("layout", "memory_format"),
    Column("ms a step, read late", "ms", 2),
    Column("eager beside it", "beside", 2),
    Column("times as fast", "times", 2),
    Column("ms, read at once", "once", 2),
    Column("peak MiB", "peak", 0),
    Column("MiB kept", "taken", 0),
    Column("s to the end of the first", "first", 1),
    Column("programs", "graphs", 0),
    Column("from a cache", "cached"),
    Column("must", "must"),
    Column("should", "aim"),
)
PUBLISHED = (
    Column("published, ms a step", "ms", 2),
    Column("peak MiB", "peak", 0),
    Column("ours, float32 eager: times as fast", "float32", 2),
    Column("bfloat16 eager", "bfloat16", 2),
    Column("the fastest", "best", 2),
    Column("which", "which"),
    Column("must", "must"),
    Column("should", "aim"),
)
KERNELS = (
    Column("device, ms a step", "device", 2),
    Column("kernels", "launches", 0),
    *(Column(kind, kind, 2) for kind in KINDS),
)
FASTER, SLOWER = "the faster", "the slower"  # of two layouts, in table b
COMPILED = {"channels_last": "networks, channels_last", "contiguous": "networks, contiguous"}
FIRST: dict[str, tuple[float, float]] = {"ms": (6, 4)}
SECOND: dict[str, tuple[float, float]] = {"ms": (30, 22)}
THIRD: dict[str, tuple[float, float]] = {"ms": (85, 60), "peak": (11000, 8000)}


@dataclass(frozen=True)
class Way:
    """A way to take a step.

    Args:
        name: Of its row.
        kind, guess, rank: As of `Row`.
        words: As of `Precision.of`; a memory_format may be FASTER or SLOWER.
        look: Also at what the device does.
    """

    name: str
    kind: str
    guess: float
    words: Mapping[str, Any]
    rank: int = 0
    look: bool = False


def half(**words: Any) -> dict[str, Any]:
    """Words of a step in bfloat16."""
    return {"precision": "bfloat16", **words}


def single(**words: Any) -> dict[str, Any]:
    """Words of a step in float32."""
    return {"precision": "float32", **words}


def table_of(
    bench: Bench, letter: str, title: str, case: Case, limits: Limits, ways: Sequence[Way]
) -> Table:
    """A table of ways to take one step."""

    def row(way: Way) -> Row:
        def take() -> Figures:
            words = {**way.words}
            if (layout := words.get("memory_format")) in (FASTER, SLOWER):
                words["memory_format"] = layout_of(bench, layout)
            return bench.step(letter, way.name, case, limits, look=way.look, **words)

        return Row(way.name, way.kind, way.guess, take, way.rank)

    units = {"ms": "ms", "peak": "MiB"}
    must, aim = (
        ", ".join(f"{both[at]:g} {units[key]}" for key, both in limits.items()) for at in (0, 1)
    )
    told = f"{title}; must be below {must}, should be below {aim}" if limits else title
    return Table(letter, told, STEP, [row(way) for way in ways], bench.clear)


def layout_of(bench: Bench, which: str) -> str:
    """The layout in which pix2pixHD's compiled step of table b was faster, or the other one."""
    rows = bench.found.get("b", {})
    times = {layout: rows[name]["ms"] for layout, name in COMPILED.items() if name in rows}
    faster = min(times, key=lambda layout: times[layout]) if times else "channels_last"
    (slower,) = {*COMPILED} - {faster}
    return faster if which == FASTER else slower


def pix2pix(bench: Bench) -> Table:
    """Table a."""
    networks, graphs = {"compile": "networks"}, {"graphs": "on"}
    ways = [
        Way("float32, eager", "eager", 6, single()),
        Way("bfloat16, eager", "eager", 5, half()),
        Way("float32, graphs", "graphs", 7, single(**graphs)),
        Way("bfloat16, graphs", "graphs", 7, half(**graphs)),
        Way("bfloat16, networks", "compiled", 60, half(**networks)),
        Way("bfloat16, networks, graphs", "compiled again", 25, half(**networks, **graphs)),
        Way(
            "bfloat16, networks, graphs, channels_last",
            "compiled",
            60,
            half(**networks, **graphs, memory_format="channels_last"),
            1,
        ),
        Way("float32, networks", "compiled", 60, single(**networks), 2),
        Way("float32, networks, graphs", "compiled again", 25, single(**networks, **graphs), 2),
    ]
    return table_of(bench, "a", "pix2pix, 256 x 256, batch 1 (was 15 ms)", PIX2PIX, FIRST, ways)


def pix2pixhd(bench: Bench) -> Table:
    """Table b."""
    networks = {"compile": "networks"}
    ways = [
        Way("eager", "eager", 10, half(), look=True),
        Way("eager, norms float32", "eager", 10, half(norms="float32"), look=True),
        *(
            Way(name, "compiled", 90, half(**networks, memory_format=layout), rank, look=True)
            for rank, (layout, name) in enumerate(COMPILED.items())
        ),
        *_compiled_more(45, 50, rank=1),
    ]
    title = "pix2pixHD, 512 x 1024, batch 1, bfloat16 (was 46 ms)"
    return table_of(bench, "b", title, HD, SECOND, ways)


def joint(bench: Bench) -> Table:
    """Table c."""
    networks = {"compile": "networks"}
    fast, slow = (half(**networks, memory_format=layout) for layout in (FASTER, SLOWER))
    ways = [
        Way("eager", "eager", 14, half(), look=True),
        Way("networks", "compiled", 120, fast, look=True),
        Way("eager, norms float32", "eager", 14, half(norms="float32"), 1, look=True),
        *_compiled_more(50, 60, rank=2),
        Way("networks, the other layout", "compiled", 120, slow, 2, look=True),
    ]
    title = "pix2pixHD, joint phase, 1024 x 2048, batch 1, bfloat16 (was 130.7 ms, 16280 MiB)"
    return table_of(bench, "c", title, JOINT, THIRD, ways)


def _compiled_more(again: float, blocks: float, *, rank: int) -> Iterator[Way]:
    """Further ways of a large step, by the seconds they are thought to take: what was compiled
    already once more, recorded too, and compiled by blocks.
    """
    networks, graphs = {"compile": "networks"}, {"graphs": "on"}
    fast, slow = {"memory_format": FASTER}, {"memory_format": SLOWER}
    yield Way("networks, graphs", "compiled again", again, half(**networks, **fast, **graphs), 1)
    yield Way("graphs", "graphs", 14, half(**graphs), 1)
    yield Way("blocks", "blocks", blocks, half(compile="blocks", **fast), rank, look=True)
    yield Way("blocks, the other layout", "blocks", blocks, half(compile="blocks", **slow), 2)
    other = half(**networks, **slow, **graphs)
    yield Way("networks, graphs, the other layout", "compiled again", again, other, 2)
    yield Way("eager, channels_last", "eager", 14, half(memory_format="channels_last"), 2)


def published(bench: Bench) -> Table:
    """Table d."""
    sizes = {
        "pix2pix, 256 x 256": ("a", PIX2PIX, 10.0),
        "pix2pixHD, 512 x 1024": ("b", HD, 15.0),
        "pix2pixHD, joint, 1024 x 2048": ("c", JOINT, 25.0),
    }

    def row(name: str, letter: str, case: Case, guess: float) -> Row:
        def take() -> Figures:
            try:
                return bench.published(letter, case)
            finally:
                bench.clear()

        return Row(name, "published", guess, take)

    rows = [row(name, *about) for name, about in sizes.items()]
    title = "the published step in float32 (TF32 in convolutions), batch 1, and ours beside it; "
    title += f"must be {GAIN[0]:g} times as fast, should be {GAIN[1]:g} times"
    return Table("d", title, PUBLISHED, rows, bench.clear)


def kernels(bench: Bench) -> Table:
    """Table f, of what was found while b and c were measured."""
    title = "what the device does in a step, ms by kind of kernel, profiled in b and c"
    return Table("f", title, KERNELS, [])
