"""What the best of all data makes of a folder, or why nobody reads it."""

from __future__ import annotations

import os
from pathlib import Path

from gan_zoo.components.data import Found, Refused
from gan_zoo.errors import UserError
from gan_zoo.registry.recognition import Answer, recognize
from gan_zoo.registry.zoo import Zoo

MOST_INSIDE = 20  # folders within one that nobody knows, which are asked about


def find_reader(folder: Path, zoo: Zoo | None = None) -> tuple[str, Found, list[Answer]]:
    """Who reads the folder, what it found, and who else would.

    Raises:
        UserError: nobody knows the layout; or who does refuses it, and says why.
    """
    answers = recognize(folder, zoo)
    found = [one for one in answers if isinstance(one.said, Found)]
    if found:
        best = found[0]
        assert isinstance(best.said, Found)
        return best.name, best.said, found[1:]
    refused: dict[str, list[str]] = {}  # a reason that several give is told once
    for one in answers:
        if isinstance(one.said, Refused):
            refused.setdefault(one.said.why, []).append(one.name)
    if refused:
        raise UserError("\n".join(f"{', '.join(of)}: {why}" for why, of in refused.items()))
    known, closed = _look_inside(folder, zoo)
    passed = "".join(f"\nnot looked into: {why}" for why in closed)
    if known:
        named = " or ".join(map(str, known))
        raise UserError(f"{folder} holds data and is none itself; name {named}{passed}")
    raise UserError(
        f"{folder}: no data knows this layout; `gan-zoo list data` names those there are, and "
        "`gan-zoo show data NAME` the folders that one reads. A table of files reads in any: "
        f"gan-zoo show data manifest{passed}"
    )


def _look_inside(folder: Path, zoo: Zoo | None) -> tuple[list[Path], list[str]]:
    """The folders in one that some data reads, and why others could not be looked into."""
    inside = sorted(one for one in folder.iterdir() if os.path.isdir(one))  # which never raises
    known, closed = [], []
    for one in inside[:MOST_INSIDE]:
        try:
            answers = recognize(one, zoo)
        except UserError as problem:  # as lost+found, the system's own
            closed.append(str(problem))
            continue
        if any(isinstance(answer.said, Found) for answer in answers):
            known.append(one)
    return known, closed
