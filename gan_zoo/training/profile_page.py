"""The page of a profile: where a step's time goes, as Markdown that reads as plain text."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from statistics import median

from gan_zoo.engine.regions import GUARDING, OPTIMIZER, READING, RECEIVING, WAITING
from gan_zoo.training.step_times import KINDS, REST, Cell, StepTimes, mean, middle_half

LAST = (OPTIMIZER, GUARDING, READING, RECEIVING, WAITING, REST)  # after networks and losses


def profile_page(steps: Sequence[StepTimes], alone: float, described: str) -> str:
    """The page.

    Args:
        steps: That were profiled.
        alone: Milliseconds of a step without the profiler.
        described: Which they are, on what and in which numbers they ran.
    """
    lengths = sorted((step.end - step.start) / 1000 for step in steps)
    middle = middle_half(steps)
    length = sum(step.end - step.start for step in middle) / 1000 / len(middle)
    lines = [
        "# Where a step's time goes",
        "",
        f"{described}. A step took {median(lengths):.1f} ms (median of {len(steps)} profiled "
        f"steps, {lengths[0]:.1f} to {lengths[-1]:.1f}); before them, without the profiler, "
        f"{alone:.1f} ms. The tables are milliseconds a step, means of the {len(middle)} in the "
        f"middle by length, which took {length:.1f} ms.",
        "",
        "## On the CPU",
        "",
        *_tables(mean([step.cpu for step in middle])),
    ]
    if sum(step.launches for step in middle):
        lines += [
            "## On the device",
            "",
            *_device(middle, length),
            *_tables(mean([step.device for step in middle])),
        ]
    return "\n".join(lines)


def _device(steps: Sequence[StepTimes], length: float) -> list[str]:
    """How long the device had nothing to do."""
    gaps = [gap / 1000 for step in steps for gap in step.gaps]
    idle, launches = sum(gaps) / len(steps), sum(step.launches for step in steps) / len(steps)
    return [
        f"Of {length:.1f} ms, the device worked {length - idle:.1f} ms and had nothing to do "
        f"{idle:.1f} ms ({idle / length:.0%}), in {len(gaps) / len(steps):.0f} gaps a step, the "
        f"longest {max(gaps, default=0.0):.2f} ms. {launches:.0f} kernels and copies a step were "
        "launched.",
        "",
    ]


def _tables(times: Mapping[Cell, float]) -> list[str]:
    """By whom in which direction, then by whom and what."""
    whole = sum(times.values())
    owners = _in_order({cell.owner for cell, time in times.items() if time > 0})
    used = {cell.kind for cell, time in times.items() if time > 0}
    kinds = [kind for kind in KINDS if kind in used]

    def spent(
        owner: str | None = None, kind: str | None = None, backward: bool | None = None
    ) -> float:
        return sum(
            time
            for cell, time in times.items()
            if owner in (None, cell.owner) and kind in (None, cell.kind)
            if backward in (None, cell.backward)
        )

    def both(owner: str | None) -> list[str]:
        forward, backward = spent(owner, None, False), spent(owner, None, True)
        cells = map(_number, (forward, backward, forward + backward))
        return [*cells, f"{spent(owner) / whole:.1%}"]

    return [
        *_table(["for", "forward", "backward", "both", "share"], owners, both),
        "",
        *_table(
            ["for", *kinds, "all"],
            owners,
            lambda owner: [_number(spent(owner, kind)) for kind in (*kinds, None)],
        ),
        "",
    ]


def _in_order(owners: set[str]) -> list[str | None]:
    """Networks and conditions, losses, the rest; None, for all of them, at the end."""
    first = sorted(owners - {*LAST}, key=lambda name: (name.startswith("losses."), name))
    return [*first, *(name for name in LAST if name in owners), None]


def _table(
    head: Sequence[str], owners: Sequence[str | None], row: Callable[[str | None], Sequence[str]]
) -> list[str]:
    """A table in columns, as wide as what stands in them."""
    rows = [list(head), *([owner or "all", *row(owner)] for owner in owners)]
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    sides = "<" + ">" * (len(head) - 1)
    lines = [
        f"| {' | '.join(f'{c:{s}{w}}' for c, s, w in zip(cells, sides, widths, strict=True))} |"
        for cells in rows
    ]
    rule = [f":{'-' * (widths[0] - 1)}", *(f"{'-' * (width - 1)}:" for width in widths[1:])]
    return [lines[0], f"| {' | '.join(rule)} |", *lines[1:]]


def _number(milliseconds: float) -> str:
    """Nothing where there is nothing."""
    return f"{milliseconds:.2f}" if milliseconds else ""
