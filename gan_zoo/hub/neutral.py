"""What a machine puts into a recipe and is nobody else's business: paths, with names in them."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from pathlib import Path

from gan_zoo.errors import UserError
from gan_zoo.recipe.neutral import shorten_paths as shorten_paths  # what pushing takes from here

USERS = re.compile(r"(?<![\w.:/])(?:/home/|/Users/|[A-Za-z]:\\Users\\)[^\s/\\\"'`]+")


def refuse_private(files: Mapping[str, str], run: Path) -> None:
    """Refuse texts that tell of this machine what nobody should learn from them.

    Args:
        files: Name -> text.
        run: The run's folder.

    Raises:
        UserError: names every place.
    """
    places = {str(one) for one in (Path.home(), Path.cwd(), run.absolute(), run.resolve())}
    longest = sorted((one for one in places if len(one) > 2), key=len, reverse=True)
    known = "|".join(map(re.escape, longest))
    ours = re.compile(rf"(?<![\w.:/])(?:{known})(?![\w-])")
    found = []
    for name, text in files.items():
        for number, line in enumerate(text.splitlines(), 1):
            found += [f"{name}:{number}: {one}" for one in _matches(line, ours)]
    if found:
        raise UserError(
            "paths of this machine would be handed on, and nothing was:\n"
            + "\n".join(found)
            + "\nWrite them otherwise in the recipe of the run, or in the data statement"
        )


def _matches(line: str, ours: re.Pattern[str]) -> Iterator[str]:
    for pattern in (ours, USERS):
        if (match := pattern.search(line)) is not None:
            yield match[0]
            return
