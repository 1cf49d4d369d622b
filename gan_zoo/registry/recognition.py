"""Which data reads a folder: every registered component is asked."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from gan_zoo.components.data import DataSpec, Found, Refused
from gan_zoo.errors import UserError, first_line
from gan_zoo.registry.zoo import Zoo

if TYPE_CHECKING:
    from gan_zoo.registry.zoo import Claim


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
        UserError: there is no such folder.
    """
    if not folder.is_dir():
        told = "is a file; name the folder that holds the splits" if folder.exists() else ""
        raise UserError(f"{folder} {told}" if told else f"there is no folder {folder}")
    answers = []
    for name, claims in (zoo or Zoo.installed()).claims("data").items():
        if len(claims) == 1 and (said := _asked(claims[0], folder)):
            answers.append(Answer(name, said))
    return sorted(answers, key=_rank)


def _asked(claim: Claim, folder: Path) -> Found | Refused | None:
    """What one of them says; a stranger's fault is told like a refusal."""
    spec = claim.spec
    assert issubclass(spec, DataSpec)
    try:
        return spec.recognize(folder)
    except UserError as problem:
        return Refused(str(problem))
    except Exception as problem:
        return Refused(f"{claim.plugin} failed to look at it ({first_line(problem)})")


def _rank(answer: Answer) -> tuple[int, ...]:
    """Lower is better."""
    if isinstance(answer.said, Refused):
        return (1,)
    maps = answer.said.spec.maps().values()
    return (0, -any(image.ids for image in maps), -len(maps), -sum(answer.said.pairs.values()))
