"""TensorBoard's event files, by torch's writer."""

from __future__ import annotations

import time
import weakref
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np
from PIL import Image

if TYPE_CHECKING:
    from gan_zoo_trackers.about import About

SECONDS = 10  # after which a curve shows what was sent


@dataclass
class EventFiles:
    """RUN/tensorboard, a file for every time that the run was started.

    Curves stay one line after a resume: the new file begins with the word that all from its step on
    is void (torch's `purge_step`), and readers drop it from the files before.
    """

    name: ClassVar[str] = "tensorboard"
    kept_id: ClassVar[None] = None
    writer: Any = None

    def open(self, about: About) -> str:
        """Begin a file."""
        from torch.utils.tensorboard import SummaryWriter

        folder = about.folder / "tensorboard"
        _make_room(folder, about.step)
        self.writer = SummaryWriter(str(folder), purge_step=about.step, flush_secs=SECONDS)
        weakref.finalize(self, self.writer.close)  # a run that an error ends is not closed
        if about.step == 0 and about.recipe:
            lines = [f"    {line}" for line in about.recipe.splitlines()]  # as code in Markdown
            self.writer.add_text("recipe", "\n".join(lines), 0)
        return f"tensorboard --logdir {folder} shows the run"

    def latest(self, tag: str) -> int:
        """Nothing stays from the checkpoint's step on."""
        return -1

    def send_scalars(self, values: Mapping[str, float], step: int) -> None:
        """As float32."""
        for tag, value in values.items():
            self.writer.add_scalar(tag, value, step)

    def send_picture(self, tag: str, path: Path, step: int) -> None:
        """In 8-bit RGB."""
        with Image.open(path) as picture:
            pixels = np.asarray(picture.convert("RGB"))
        self.writer.add_image(tag, pixels, step, dataformats="HWC")

    def flush(self) -> None:
        """Wait until it is written."""
        self.writer.flush()

    def close(self) -> None:
        """End the file."""
        self.writer.close()


def _make_room(folder: Path, step: int) -> None:
    """A run that begins anew has no use for what was sent of it: readers would keep the text.

    Files are read in the order of their names, which have the second of their making. A run that
    was cut in its first second and goes on at once would be read backwards: it waits for the next.
    """
    earlier = sorted(folder.glob("events.out.tfevents.*"))
    if step == 0:
        for path in earlier:
            path.unlink()
        return
    if str(int(time.time())) in {path.name.split(".")[3] for path in earlier}:
        time.sleep(1)
