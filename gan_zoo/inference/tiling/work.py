"""What of a picture is done, beside the file that it will be: a killed job goes on from there."""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Iterator, Mapping, Sequence
from hashlib import blake2b
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from gan_zoo.inference.tiling.norms import Moments
from gan_zoo.runs.atomic import write_file

SUFFIX = ".tiles"
STATE, ROWS, FORMAT = "state.json", "rows", 1


class Work:
    """The folder of a picture's work.

    Args:
        target: The file that it will be.
        settings: All that its pixels depend on, in words -> a digest or the value itself. Work by
            other settings is thrown away.
        shape: `H W D` of the picture.
        dtype: Of its file.

    Attributes:
        told: What was found there; empty where nothing was.
        row: The row of tiles that comes next.
        values: Statistics of norms that were found.
        found: What else is known of these.
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
        self._open()

    def _open(self) -> None:
        state = self._state()
        if state is None:
            if self.folder.exists():
                self.told = f"{self.folder} is not whole; starts anew"
                shutil.rmtree(self.folder)
            self.folder.mkdir(parents=True)
            return
        before = state["settings"]
        names = [*self.settings, *(name for name in before if name not in self.settings)]
        other = [name for name in names if before.get(name) != self.settings.get(name)]
        if other:
            plural = "have" if len(other) > 1 or other[0].endswith("s") else "has"
            self.told = (
                f"starts anew: {', '.join(other)} {plural} changed since {self.folder} began"
            )
            shutil.rmtree(self.folder)
            self.folder.mkdir()
            return
        self.row, self.done, self.found = state["row"], state["done"], state["found"]
        self.values = self._load_values(state["norms"])
        self.told = f"goes on from row {self.done} of {self.shape[0]}" * bool(self.row)

    def _state(self) -> dict[str, Any] | None:
        try:
            state: dict[str, Any] = json.loads((self.folder / STATE).read_text(encoding="utf-8"))
        except (OSError, ValueError):
            return None
        return state if state.get("format") == FORMAT else None

    def keep_statistics(self, values: Sequence[Moments], found: Mapping[str, Any]) -> None:
        """What was found of norms so far."""
        self.values, self.found = [*values], dict(found)
        for number, one in enumerate(values):
            if not (path := self._values(number)).exists():
                numbers = np.stack([one.mean.numpy(), one.variance.numpy()])
                self._save(path, np.concatenate([np.full((2, 1), one.count), numbers], 1))
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
        """The file is written."""
        shutil.rmtree(self.folder)

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
        with path.open("wb") as file:
            np.save(file, array, allow_pickle=False)
            file.flush()
            os.fsync(file.fileno())


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


def digest_weights(modules: Mapping[str, nn.Module]) -> str:
    """Of all tensors that make pictures."""
    made = blake2b(digest_size=16)
    for name, module in modules.items():
        for key, tensor in module.state_dict().items():
            made.update(f"{name}.{key} {tensor.dtype} {[*tensor.shape]}".encode())
            made.update(_bytes(tensor))
    return made.hexdigest()


def digest_files(files: Sequence[str]) -> dict[str, list[int]]:
    """Name -> bytes and time of a change, of every file."""
    stats = {Path(name): Path(name).stat() for name in files}
    return {str(path.resolve()): [one.st_size, one.st_mtime_ns] for path, one in stats.items()}


def _bytes(tensor: Tensor) -> Any:
    return tensor.detach().cpu().contiguous().reshape(-1).view(torch.uint8).numpy()
