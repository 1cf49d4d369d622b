"""What of a picture is done, beside the file that it will be: a killed job goes on from there."""

from __future__ import annotations

import io
import json
import os
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch

from gan_zoo.errors import UserError
from gan_zoo.inference.tiling.norms import Moments
from gan_zoo.runs.atomic import write_file
from gan_zoo.runs.locks import lock

SUFFIX = ".tiles"
STATE, ROWS, LOCK = "state.json", "rows", "lock"
FORMAT = "tiles of gan-zoo, 1"
BEFORE = (LOCK, f".{STATE}.tmp")  # what a folder may hold in which no job has said what it does


class Work:
    """The folder of a picture's work, which one job has at a time. Close it.

    Args:
        target: The file that it will be.
        settings: All that its pixels depend on, in words -> a digest or the value itself. Work by
            other settings is not gone on with.
        shape: `H W D` of the picture.
        dtype: Of its file.

    Attributes:
        told: What was found there; empty where nothing was.
        row: The row of tiles that comes next.
        values: Statistics of norms that were found.
        found: What else is known of these.

    Raises:
        UserError: another job has the folder, or there is one of that name that is of no such job.
        OSError: it cannot be written.
    """

    def __init__(
        self, target: Path, settings: Mapping[str, Any], shape: tuple[int, int, int], dtype: str
    ) -> None:
        self.folder = target.with_name(f"{target.name}{SUFFIX}")
        self.settings = json.loads(json.dumps(settings))
        self.shape = shape
        self.dtype = np.dtype(dtype)
        self.told = ""
        self.row = self.done = 0
        self.values: list[Moments] = []
        self.found: dict[str, Any] = {}
        self._lock: Any = None
        self._claim()
        try:
            self._open()
        except BaseException:
            self.close()
            raise

    def _claim(self) -> None:
        """Take the folder: a new one, or that of an earlier job, for this job alone.

        Raises:
            UserError: it is not of such a job, or another works in it.
        """
        folder = self.folder
        if folder.exists() and not folder.is_dir():
            raise UserError(f"{folder} is a file, and the work would lie in a folder of that name")
        if folder.is_dir() and self._state() is None:
            others = [path.name for path in folder.iterdir() if path.name not in BEFORE]
            if others:
                raise UserError(
                    f"{folder} holds {min(others)} and nothing by which it would be the work of an "
                    "earlier translation, which lies in a folder of that name; move it away, or "
                    "name another output"
                )
        folder.mkdir(parents=True, exist_ok=True)
        self._lock = lock(folder / LOCK)
        if self._lock is None:
            raise UserError(
                f"{folder} is the work of a translation that goes on now; wait for its end, or "
                "name another output"
            )

    def _open(self) -> None:
        state = self._state()
        if state is None:
            self._keep()
            return
        before = state["settings"]
        names = [*self.settings, *(name for name in before if name not in self.settings)]
        other = [name for name in names if before.get(name) != self.settings.get(name)]
        if other:
            plural = "have" if len(other) > 1 or other[0].endswith("s") else "has"
            self.told = (
                f"starts anew: {', '.join(other)} {plural} changed since {self.folder} began"
            )
        elif not self._goes_on(state):
            self.told = f"{self.folder} is not whole; starts anew"
        else:
            self.told = f"goes on from row {self.done} of {self.shape[0]}" * bool(self.row)
            return
        self.row, self.done, self.values, self.found = 0, 0, [], {}
        self._keep()  # what it does not count is not there

    def _goes_on(self, state: Mapping[str, Any]) -> bool:
        """Take what is there; whether all that the state counts is."""
        try:
            self.row, self.done, self.found = state["row"], state["done"], state["found"]
            self.values = self._load_values(state["norms"])
            if self.row:
                carried = np.load(self._carried(self.row))
                rows = (self.folder / ROWS).stat().st_size
                needed = self.done * self.shape[1] * self.shape[2] * self.dtype.itemsize
                return carried.ndim == 3 and rows >= needed
        except (OSError, EOFError, ValueError, IndexError, KeyError, TypeError):
            return False
        return True

    def _state(self) -> dict[str, Any] | None:
        try:
            state: Any = json.loads((self.folder / STATE).read_text(encoding="utf-8"))
        except (OSError, ValueError):
            return None
        return state if isinstance(state, dict) and state.get("format") == FORMAT else None

    def close(self) -> None:
        """Let go of the folder; what is done stays there."""
        if self._lock is not None:
            self._lock.close()
            self._lock = None

    def keep_statistics(self, values: Sequence[Moments], found: Mapping[str, Any]) -> None:
        """What was found of norms so far."""
        grown = bool(found.get("exact") and self.found.get("exact"))
        kept = len(self.values) if grown else 0  # by the state; other files are of nobody
        self.values, self.found = [*values], dict(found)
        for number, one in enumerate(values[kept:], kept):
            numbers = np.stack([one.mean.numpy(), one.variance.numpy()])
            whole = np.concatenate([np.full((2, 1), one.count), numbers], 1)
            self._save(self._values(number), whole)
        self._keep()

    def carried(self) -> np.ndarray | None:
        """What the row of tiles before the next one has left."""
        return np.load(self._carried(self.row)) if self.row else None

    def add(self, rows: np.ndarray, carried: np.ndarray) -> None:
        """Rows of the picture, `R W D` in the numbers of its file, and what comes with the next.

        Raises:
            OSError: the disk is full.
        """
        width, channels = self.shape[1:]
        size = width * channels * self.dtype.itemsize
        with (self.folder / ROWS).open("r+b" if self.done else "wb") as file:
            file.seek(self.done * size)
            file.write(np.ascontiguousarray(rows, self.dtype).tobytes())
            file.flush()
            os.fsync(file.fileno())
        self._save(self._carried(self.row + 1), carried)
        before = self._carried(self.row)
        self.row, self.done = self.row + 1, self.done + len(rows)
        self._keep()
        before.unlink(missing_ok=True)

    def read(self, top: int, height: int) -> np.ndarray:
        """Rows that are done, `R W D`."""
        width, channels = self.shape[1:]
        count = width * channels
        with (self.folder / ROWS).open("rb") as file:
            file.seek(top * count * self.dtype.itemsize)
            found = np.fromfile(file, self.dtype, height * count)
        return found.reshape(height, width, channels)

    def remove(self) -> None:
        """The file is written: nothing of the job stays; what others have put there does."""
        own = [*self.folder.glob("norm-*.npy"), *self.folder.glob("carried-*.npy")]
        own += [self.folder / name for name in (ROWS, STATE, LOCK)]  # in this order: see _claim
        for path in own:
            if path.name == LOCK and os.name == "nt":
                self.close()  # what is open cannot be removed there
            path.unlink(missing_ok=True)
        if not any(self.folder.iterdir()):
            self.folder.rmdir()
        self.close()

    def _keep(self) -> None:
        state = {
            "format": FORMAT,
            "settings": self.settings,
            "row": self.row,
            "done": self.done,
            "norms": len(self.values),
            "found": self.found,
        }
        write_file(self.folder / STATE, json.dumps(state, indent=1))

    def _load_values(self, count: int) -> list[Moments]:
        made = []
        for number in range(count):
            found = np.load(self._values(number))
            made.append(Moments(float(found[0, 0]), *map(torch.from_numpy, found[:, 1:].copy())))
        return made

    def _values(self, number: int) -> Path:
        return self.folder / f"norm-{number}.npy"

    def _carried(self, row: int) -> Path:
        return self.folder / f"carried-{row}.npy"

    def _save(self, path: Path, array: np.ndarray) -> None:
        whole = io.BytesIO()
        np.save(whole, array, allow_pickle=False)
        write_file(path, [whole.getbuffer()])


def tiles_of(work: Work, side: int) -> Iterator[np.ndarray]:
    """The picture as tiles of a TIFF, `side side D` each, filled with zeros beyond its border."""
    height, width, channels = work.shape
    for top in range(0, height, side):
        band = work.read(top, min(side, height - top))
        for left in range(0, width, side):
            part = band[:, left : left + side]
            if part.shape[:2] == (side, side):
                yield part
                continue
            tile = np.zeros((side, side, channels), work.dtype)
            tile[: part.shape[0], : part.shape[1]] = part
            yield tile
