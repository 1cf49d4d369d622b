"""The pictures of runs: a slider over time, the same samples in every row."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from gan_zoo.components.thinning import thinned
from gan_zoo.report.boards import Board, Column, Dial
from gan_zoo.report.frames import (
    QUALITY,
    SHEET_SIDE,
    SIDE,
    Frames,
    differing_samples,
    make_frames,
    shared_samples,
)
from gan_zoo.report.markup import Html, tag
from gan_zoo.report.previews import Gallery
from gan_zoo.report.run_view import RunView
from gan_zoo.report.wording import listing

STOPS = 24  # of the slider


def make_boards(runs: Sequence[RunView]) -> list[Board]:
    """The pictures of one run, a board a callback; of several, those that they share."""
    if len(runs) == 1:
        galleries = runs[0].galleries
        return [
            _board(f"board-{n}", g.callback if len(galleries) > 1 else "", runs, {0: g}, g.samples)
            for n, g in enumerate(galleries)
        ]
    first = {n: run.galleries[0] for n, run in enumerate(runs) if run.galleries}
    if not first:
        return []
    single = {n: gallery for n, gallery in first.items() if not gallery.sheets}
    shared = shared_samples({str(n): g for n, g in single.items()}) if len(single) > 1 else []
    if len(single) == len(first) and shared:
        return [_board("board-0", "", runs, first, shared)]
    made = [
        _board(f"board-{n}", runs[n].name, runs, {n: gallery}, gallery.samples)
        for n, gallery in first.items()
    ]
    made[0].notes.insert(0, "The runs show no samples of the same names, so each stands alone.")
    return made


def _board(
    id: str,
    title: str,
    runs: Sequence[RunView],
    galleries: Mapping[int, Gallery],
    samples: Sequence[str],
) -> Board:
    frames = {n: make_frames(gallery, samples) for n, gallery in galleries.items()}
    shown = list(next(iter(frames.values())).outputs)
    steps = thinned(sorted({step for own in frames.values() for step in own.steps}), STOPS)
    stops = [_stop(frames, step) for step in steps]
    board = Board(
        id,
        title,
        [Dial("time", "Time", stops, at=len(stops) - 1, plays=True)],
        {n: _column(n, runs[n].name, own, steps, stops, len(frames)) for n, own in frames.items()},
        join_given(frames.values()),
        shown,
        {sample: size for own in reversed(frames.values()) for sample, size in own.sizes.items()},
        any(own.sheets for own in frames.values()),
    )
    if others := differing_samples({str(n): g for n, g in galleries.items()}, shown):
        told = f"The runs were given different pictures under the names {listing(others)}"
        board.notes.append(f"{told}; the first run's are shown.")
    most = max(len(gallery.samples) for gallery in galleries.values())
    if len(shown) < most:
        board.notes.append(f"{len(shown)} of {most} samples are shown.")
    for (few, times), names in _fewer(runs, frames).items():
        of = "" if len(names) == len(frames) else f" of {listing(names)}"
        board.notes.append(f"{few} of {times} times{of} are shown.")
    board.notes.append(describe_quality(board.sheets))
    return board


def _column(
    n: int, name: str, own: Frames, steps: Sequence[int], stops: Sequence[str], runs: int
) -> Column:
    """What a run shows at each stop: its latest picture, or its first."""
    name = name if runs > 1 else "output"
    shown = [max(0, sum(at <= step for at in own.steps) - 1) for step in steps]
    others = [(0, f"{name}, first, step {own.steps[0]:,}")]
    style = f"run run-{n}" if runs > 1 else None
    return Column(name, name, shown, stops, own.outputs, others=others, style=style)


def _stop(frames: Mapping[int, Frames], step: int) -> str:
    phases = {own.phases.get(step, "") for own in frames.values()} - {""}
    several = len({p for own in frames.values() for p in own.phases.values()}) > 1
    return f"step {step:,}" + (f", phase {listing(sorted(phases))}" if several and phases else "")


def _fewer(
    runs: Sequence[RunView], frames: Mapping[int, Frames]
) -> dict[tuple[int, int], list[str]]:
    """Times that are shown and that there are -> the runs of which some are left out."""
    found: dict[tuple[int, int], list[str]] = {}
    for n, own in frames.items():
        if len(own.steps) < own.times:
            found.setdefault((len(own.steps), own.times), []).append(runs[n].name)
    return found


def join_given(frames: Iterable[Frames]) -> dict[str, dict[str, str]]:
    """Title -> sample -> picture, of the first that has it; the target last."""
    found: dict[str, dict[str, str]] = {}
    for own in frames:
        for title, pictures in own.given.items():
            found.setdefault(title, {}).update({**pictures, **found.get(title, {})})
    return dict(sorted(found.items(), key=lambda item: item[0].endswith("target")))


def describe_quality(sheets: bool = False) -> str:
    """How much of the pictures on disk a page shows."""
    if sheets:
        return (
            f"This run kept sheets alone. They are shown at {SHEET_SIDE} pixels at most, as WebP "
            f"of quality {QUALITY}; the PNG files in previews/ are exact."
        )
    return (
        f"Pictures are shown at {SIDE} pixels at most, as WebP of quality {QUALITY}; the PNG files "
        "in previews/ are exact."
    )


def first_look(runs: Sequence[RunView], boards: Sequence[Board]) -> Html | None:
    """The last pictures of the first samples, large, above everything else."""
    board = next(iter(boards), None)
    if board is None or len(runs) > 1:
        return None
    shown = [(name, board.columns[0].pictures[name][-1]) for name in board.samples]
    images = [
        tag("img", src=uri, alt=f"output for {name}", class_="sheet" if board.sheets else None)
        for name, uri in shown
        if uri
    ][:6]
    told = f"Outputs at {board.dials[0].stops[-1]}"
    return tag("figure", tag("div", *images), tag("figcaption", told), class_="strip")
