"""What a service answers where there is no picture: a code of HTTP and a sentence for people."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path

# Whole paths of this machine. A message names the file that was sent by its map; whatever else a
# reader of data may tell of, as its root, is cut down to its last name.
PATHS = re.compile(r"(?<![\w.:/\\])(?:[A-Za-z]:\\|/)(?:[^\s/\\'\":;,()]+[/\\])+")


class Refusal(Exception):
    """A request that gets no picture.

    Args:
        status: The code of HTTP.
        sentence: What came, what was expected, and the cure.
        headers: That go with the answer.
    """

    def __init__(
        self, status: int, sentence: str, headers: Mapping[str, str] | None = None
    ) -> None:
        super().__init__(sentence)
        self.status = status
        self.sentence = sentence
        self.headers = dict(headers or {})


def without_paths(sentence: str, files: Mapping[str, Path], folder: Path) -> str:
    """A message that names no path of this machine.

    Args:
        sentence: Tells of files.
        files: Map -> the file that it lies in for now.
        folder: That holds these.
    """
    for name, path in files.items():
        sentence = sentence.replace(str(path), name)
    return PATHS.sub("", sentence.replace(str(folder), "the request"))
