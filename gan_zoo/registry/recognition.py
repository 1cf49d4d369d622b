"""Which data reads a folder: every registered component is asked."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from gan_zoo.components.data import DataSpec, Found, Refused
from gan_zoo.errors import UserError, first_line, unreadable
from gan_zoo.registry.zoo import Zoo

if TYPE_CHECKING:
    from gan_zoo.registry.zoo import Claim


Rank = tuple[int, ...]
LAST: Rank = (1,)


class Answer(NamedTuple):
    """What a data component says of a folder.

    Args:
        name: The component's, as a recipe says it.
        said: What it makes of the folder.
    """

    name: str
    said: Found | Refused


def recognize(folder: Path, zoo: Zoo | None = None) -> list[Answer]:
    """Ask every registered data component what it makes of a folder.

    Args:
        folder: The root, which holds the splits.
        zoo: Whose components are asked; those of this environment if absent.

    Returns:
        Who found its layout, best first: ids tell more than pictures, more maps tell more than
        few. Then who refuses it. Empty where nobody knows the layout.

    Raises:
        UserError: there is no such folder, or it cannot be read.
    """
    if not folder.is_dir():
        told = "is a file; name the folder that holds the splits" if folder.exists() else ""
        raise UserError(f"{folder} {told}" if told else f"there is no folder {folder}")
    try:
        with os.scandir(folder) as inside:
            for entry in inside:
                entry.stat(follow_symlinks=False)  # which asks to enter, where a list may be read
                break
    except OSError as problem:
        raise UserError(unreadable(problem)) from None
    answers = []
    for name, claims in (zoo or Zoo.installed()).claims("data").items():
        if len(claims) == 1 and (asked := _asked(claims[0], folder)):
            rank, said = asked
            answers.append((rank, Answer(name, said)))
    return [answer for _, answer in sorted(answers, key=lambda ranked: ranked[0])]


def _asked(claim: Claim, folder: Path) -> tuple[Rank, Found | Refused] | None:
    """What one of them says, and its rank; a stranger's fault is told like a refusal."""
    spec = claim.spec
    assert issubclass(spec, DataSpec)
    try:
        said = spec.recognize(folder)
        return None if said is None else (_rank(said), said)
    except UserError as problem:
        return LAST, Refused(str(problem))
    except Exception as problem:
        if isinstance(problem, OSError) and problem.filename is not None:
            return LAST, Refused(unreadable(problem))  # what is wrong is the file, whoever looks
        return LAST, Refused(f"{claim.plugin} failed to look at it ({first_line(problem)})")


def _rank(said: Found | Refused) -> Rank:
    """Lower is better."""
    if isinstance(said, Refused):
        return LAST
    maps = said.spec.maps().values()
    return (0, -any(image.ids for image in maps), -len(maps), -sum(said.pairs.values()))
