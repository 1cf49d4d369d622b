"""Boards of pictures: the same samples in every row, dials that choose what the columns show."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from math import prod
from typing import Any

from gan_zoo.report.markup import Html, tag

BLANK = "data:image/gif;base64,R0lGODlhAQABAAAAACwAAAAAAQABAAA="  # stands for a missing picture


@dataclass(frozen=True)
class Dial:
    """What a board is turned by.

    Args:
        name: Within the board.
        label: As people read it.
        stops: What it may stand at.
        at: Where it stands first.
        plays: Whether it goes through its stops by itself, as time does.
        listed: Whether it is a list instead of a slider.
    """

    name: str
    label: str
    stops: Sequence[str]
    at: int = 0
    plays: bool = False
    listed: bool = False


@dataclass
class Column:
    """A picture in every row, one of several.

    Args:
        name: What a closer look calls it.
        caption: What stands under it.
        shown: Combination of the dials' stops, the last dial's fastest -> which picture; None
            where there is none.
        labels: The same -> what is shown then.
        pictures: Sample -> data URIs; None where one is missing.
        of: The column that has the pictures, where another one shares them.
        others: Which of the pictures a closer look offers besides, and what it calls them.
        told: Whether the caption tells the label too.
        style: Class of its caption.
    """

    name: str
    caption: object
    shown: Sequence[int | None]
    labels: Sequence[str]
    pictures: Mapping[str, Sequence[str | None]] = field(default_factory=dict)
    of: int | None = None
    others: Sequence[tuple[int, str]] = ()
    told: bool = False
    style: str | None = None


@dataclass
class Board:
    """Pictures that belong together.

    Args:
        id: On the page.
        title: What it is called; empty where there is only one.
        dials: What it is turned by.
        columns: Key -> the pictures that the dials choose.
        given: Title -> sample -> the picture that is the same in all; the target is the last one.
        samples: The rows.
        sizes: Sample -> (width, height) of its pictures on disk.
        sheets: Whether a picture is a whole sheet.
        notes: What is to be known of them.
    """

    id: str
    title: str
    dials: list[Dial]
    columns: dict[int, Column]
    given: Mapping[str, Mapping[str, str]]
    samples: list[str]
    sizes: Mapping[str, tuple[int, int]] = field(default_factory=dict)
    sheets: bool = False
    notes: list[str] = field(default_factory=list)

    @property
    def at(self) -> int:
        """The combination that is shown first."""
        return combine(self.dials)

    def first(self, key: int, sample: str) -> tuple[int, int | None]:
        """The column that has the picture that a column shows first, and which one it is."""
        column = self.columns[key]
        owner = key if column.of is None else column.of
        which = column.shown[self.at]
        there = which is not None and self.columns[owner].pictures[sample][which] is not None
        return owner, which if there else None


def combine(dials: Sequence[Dial]) -> int:
    """The combination of stops at which dials stand first: the last dial's is the fastest."""
    found = 0
    for dial in dials:
        found = found * len(dial.stops) + dial.at
    return found


def show_board(board: Board) -> Html:
    """A board with its controls."""
    assert all(
        len(c.shown) == prod(len(d.stops) for d in board.dials) for c in board.columns.values()
    )
    return tag(
        "section",
        tag("h3", board.title) if board.title else None,
        tag("div", *(_dial(board, dial) for dial in board.dials), class_="controls"),
        _samples(board),
        tag("p", " ".join(board.notes), class_="note"),
        id=board.id,
        class_="board sheets" if board.sheets else "board",
        aria_label=f"Pictures {board.title}".strip(),
    )


def _dial(board: Board, dial: Dial) -> Html:
    last = len(dial.stops) - 1
    id = f"{board.id}-{dial.name}"
    label = tag("label", dial.label, for_=id)
    if dial.listed:
        options = [
            tag("option", stop, value=n, selected=n == dial.at) for n, stop in enumerate(dial.stops)
        ]
        chosen = tag("select", *options, id=id, data_dial=board.id, disabled=last < 1)
        return tag("div", label, chosen)
    play = tag("button", "Play", type="button", class_="play", data_play=id, hidden=last < 1)
    slider = tag(
        "input",
        type="range",
        id=id,
        min=0,
        max=max(last, 0),
        value=dial.at,
        step=1,
        data_dial=board.id,
        aria_valuetext=dial.stops[dial.at],
        disabled=last < 1,
    )
    now = tag("output", dial.stops[dial.at], id=f"{id}-now", for_=id)
    return tag("div", play if dial.plays else None, label, slider, now, class_="dial")


def _samples(board: Board) -> Html:
    """A row of pictures a sample, each under the name of what it is."""
    items = []
    for place, sample in enumerate(board.samples):
        row = [
            _picture(board, place, title, pictures[sample], f"{title} of {sample}", title)
            for title, pictures in board.given.items()
            if sample in pictures
        ]
        row += [_shown(board, place, key) for key in board.columns]
        title = None if board.sheets else tag("h3", sample)
        items.append(tag("li", title, tag("div", *row, class_="row")))
    columns = len(board.given) + len(board.columns)
    return tag("ul", *items, class_="samples" if columns <= 4 else "samples wider")


def _shown(board: Board, place: int, key: int) -> Html:
    sample, column = board.samples[place], board.columns[key]
    owner, which = board.first(key, sample)
    uri = board.columns[owner].pictures[sample][which] if which is not None else None
    told: object = column.caption
    if column.style:
        told = tag("span", told, class_=column.style)
    if column.told:
        told = [told, tag("span", column.labels[board.at], data_label=key, class_="label")]
    alt = f"{column.name} for {sample}"
    return _picture(board, place, f"column-{key}", uri, alt, told, key)


def _picture(
    board: Board,
    place: int,
    column: str,
    uri: str | None,
    alt: str,
    told: object,
    key: int | None = None,
) -> Html:
    image = tag(
        "img",
        src=uri or BLANK,
        alt=alt,
        data_shows=key,
        data_sample=place,
        class_="small" if max(board.sizes.get(board.samples[place], (0, 0))) <= 128 else None,
    )
    words = {"data_open": board.id, "data_row": place, "data_column": column}
    button = tag("button", image, type="button", class_="picture", title="Look closer", **words)
    says_so = key is None or board.columns[key].told
    missing = None if says_so else tag("span", "none here", class_="missing")
    caption = tag("figcaption", told, missing)
    return tag("figure", button, caption, class_=None if uri else "absent")


def board_data(board: Board) -> dict[str, Any]:
    """What the script needs of a board, less the pictures that the page shows already."""
    on_page = {
        (owner, sample, which)
        for key in board.columns
        for sample in board.samples
        for owner, which in [board.first(key, sample)]
    }
    return {
        "id": board.id,
        "samples": board.samples,
        "dials": [{"id": f"{board.id}-{d.name}", "stops": [*d.stops]} for d in board.dials],
        "given": list(board.given),
        "columns": {
            str(key): {
                "name": column.name,
                "shown": [*column.shown],
                "labels": [*column.labels],
                "others": [*column.others],
                "of": str(key if column.of is None else column.of),
                "frames": [
                    [
                        None if (key, sample, n) in on_page else uri
                        for n, uri in enumerate(column.pictures[sample])
                    ]
                    for sample in board.samples
                    if column.of is None
                ],
            }
            for key, column in board.columns.items()
        },
    }
