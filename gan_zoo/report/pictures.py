"""The pictures of a page: a slider over time, the same samples in every row, a closer look."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from gan_zoo.components.thinning import thinned
from gan_zoo.report.frames import Frames, differing_samples, make_frames, shared_samples
from gan_zoo.report.markup import Html, tag
from gan_zoo.report.previews import Gallery
from gan_zoo.report.run_view import RunView
from gan_zoo.report.wording import listing

STOPS = 24  # of the slider


@dataclass
class Board:
    """Pictures that belong together: one callback's, of one run or of several.

    Args:
        id: On the page.
        title: What it is called; empty where there is only one.
        runs: Number of a run on the page -> its name.
        frames: Number of a run -> its pictures.
        samples: The rows.
        notes: What is to be known of them.
    """

    id: str
    title: str
    runs: dict[int, str]
    frames: dict[int, Frames]
    samples: list[str]
    notes: list[str] = field(default_factory=list)

    @property
    def stops(self) -> list[int]:
        """Steps at which the slider stops."""
        steps = sorted({step for frames in self.frames.values() for step in frames.steps})
        return thinned(steps, STOPS)

    @property
    def given(self) -> dict[str, dict[str, str]]:
        """Title -> sample -> picture, of the first run that has it; the target last."""
        found: dict[str, dict[str, str]] = {}
        for frames in self.frames.values():
            for title, pictures in frames.given.items():
                found.setdefault(title, {}).update({**pictures, **found.get(title, {})})
        return dict(sorted(found.items(), key=lambda item: item[0].endswith("target")))

    def shown(self, run: int, step: int) -> int:
        """Which picture of a run is shown at a step: its latest one, or its first."""
        steps = self.frames[run].steps
        return max(0, sum(at <= step for at in steps) - 1)


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
    board = Board(id, title, {n: runs[n].name for n in frames}, frames, shown)
    if others := differing_samples({str(n): g for n, g in galleries.items()}, shown):
        told = f"The runs were given different pictures under the names {listing(others)}"
        board.notes.append(f"{told}; the first run's are shown.")
    most = max(len(gallery.samples) for gallery in galleries.values())
    if len(shown) < most:
        board.notes.append(f"{len(shown)} of {most} samples are shown.")
    for (few, times), names in _fewer(board).items():
        of = "" if len(names) == len(frames) else f" of {listing(names)}"
        board.notes.append(f"{few} of {times} times{of} are shown.")
    board.notes.append(_quality(frames))
    return board


def _fewer(board: Board) -> dict[tuple[int, int], list[str]]:
    """Times that are shown and that there are -> the runs of which some are left out."""
    found: dict[tuple[int, int], list[str]] = {}
    for n, own in board.frames.items():
        if len(own.steps) < own.times:
            found.setdefault((len(own.steps), own.times), []).append(board.runs[n])
    return found


def _quality(frames: Mapping[int, Frames]) -> str:
    if any(own.sheets for own in frames.values()):
        return (
            "This run kept sheets alone. They are shown at 768 pixels at most, as WebP of quality "
            "85; the PNG files in previews/ are exact."
        )
    return (
        "Pictures are shown at 256 pixels at most, as WebP of quality 85; the PNG files in "
        "previews/ are exact."
    )


def show_board(board: Board) -> Html:
    """A board with its controls."""
    stops, last = board.stops, len(board.stops) - 1
    id = board.id
    controls = tag(
        "div",
        tag("button", "Play", type="button", class_="play", data_play=id, hidden=last < 1),
        tag("label", "Time", for_=f"{id}-time"),
        tag(
            "input",
            type="range",
            id=f"{id}-time",
            min=0,
            max=max(last, 0),
            value=max(last, 0),
            step=1,
            data_time=id,
            aria_describedby=f"{id}-now",
            disabled=last < 1,
        ),
        tag("output", _stop_label(board, stops[-1]), id=f"{id}-now", for_=f"{id}-time"),
        class_="controls",
    )
    return tag(
        "section",
        tag("h3", board.title) if board.title else None,
        controls,
        _samples(board),
        tag("p", " ".join(board.notes), class_="note"),
        id=id,
        class_="board sheets" if _sheets(board) else "board",
        aria_label=f"Pictures {board.title}".strip(),
    )


def _sheets(board: Board) -> bool:
    return any(own.sheets for own in board.frames.values())


def _samples(board: Board) -> Html:
    """A row of pictures a sample, each under the name of what it is."""
    items = []
    for place, sample in enumerate(board.samples):
        row = [
            _picture(board, place, title, pictures[sample], f"{title} of {sample}", title)
            for title, pictures in board.given.items()
            if sample in pictures
        ]
        for n, name in board.runs.items():
            uri = board.frames[n].outputs[sample][-1]
            told = tag("span", name, class_=f"run run-{n}") if len(board.runs) > 1 else "output"
            alt = f"output of {name} for {sample}"
            row.append(_picture(board, place, f"run-{n}", uri, alt, told, run=n))
        title = None if _sheets(board) else tag("h3", sample)
        items.append(tag("li", title, tag("div", *row, class_="row")))
    columns = len(board.given) + len(board.runs)
    return tag("ul", *items, class_="samples" if columns <= 4 else "samples wider")


def _picture(
    board: Board,
    place: int,
    column: str,
    uri: str | None,
    alt: str,
    told: object,
    run: int | None = None,
) -> Html:
    if uri is None:
        return tag("figure", tag("figcaption", told, ": none at this time"))
    size = next(iter(board.frames.values())).sizes.get(board.samples[place], (0, 0))
    image = tag(
        "img",
        src=uri,
        alt=alt,
        data_run=run,
        data_sample=place,
        class_="small" if max(size) <= 128 else None,
    )
    words = {"data_open": board.id, "data_row": place, "data_column": column}
    button = tag("button", image, type="button", class_="picture", title="Look closer", **words)
    return tag("figure", button, tag("figcaption", told))


def board_data(board: Board) -> dict[str, Any]:
    """What the script needs of a board; the last pictures are on the page already."""
    stops = board.stops
    return {
        "id": board.id,
        "samples": board.samples,
        "stops": [_stop_label(board, step) for step in stops],
        "runs": {
            str(n): {
                "name": name,
                "at": [board.shown(n, step) for step in stops],
                "steps": board.frames[n].steps,
                "frames": [
                    [*board.frames[n].outputs[sample][:-1], None] for sample in board.samples
                ],
            }
            for n, name in board.runs.items()
        },
        "given": list(board.given),
    }


def _stop_label(board: Board, step: int) -> str:
    phases = {own.phases.get(step, "") for own in board.frames.values()} - {""}
    several = len({p for own in board.frames.values() for p in own.phases.values()}) > 1
    return f"step {step:,}" + (f", phase {listing(sorted(phases))}" if several and phases else "")


def first_look(runs: Sequence[RunView], boards: Sequence[Board]) -> Html | None:
    """The last pictures of the first samples, large, above everything else."""
    board = next(iter(boards), None)
    if board is None or len(runs) > 1:
        return None
    (own,) = board.frames.values()
    shown = [uris[-1] for uris in own.outputs.values() if uris and uris[-1]][:6]
    images = [
        tag("img", src=uri, alt=f"output for {sample}", class_="sheet" if own.sheets else None)
        for sample, uri in zip(board.samples, shown, strict=False)
    ]
    told = f"Outputs at step {own.steps[-1]:,}"
    return tag("figure", tag("div", *images), tag("figcaption", told), class_="strip")
