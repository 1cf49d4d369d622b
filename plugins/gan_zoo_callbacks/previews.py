"""Previews: fixed samples through the same door as every translation."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from einops import rearrange
from PIL import Image, ImageDraw

from gan_zoo.components import hookimpl, to_pil

if TYPE_CHECKING:
    from pathlib import Path

    from torch import Tensor

    from gan_zoo.components import Run

GAP, TITLE = 4, 16  # pixels between pictures, and above each column
SMALLEST = 128  # pictures below are enlarged by whole factors, for the eye


class Previews:
    """One row a sample: its inputs, the target, the output; where the data pairs none, any picture
    of the target's side. Maps of ids are shown in colors that belong to the ids, the same in every
    run.

    Args:
        count: Samples.
        every: Epochs between two previews.
        split: Where the samples come from.
    """

    def __init__(self, *, count: int, every: int, split: str) -> None:
        self.count = count
        self.every = every
        self.split = split
        self._latest: Path | None = None

    @hookimpl
    def on_run_start(self, run: Run) -> None:
        """Drop what lies beyond a checkpoint that the run goes on from, as its log does."""
        for path in (run.folder / "previews").glob("*-*.png"):
            step = path.stem.rpartition("-")[2]
            if step.isdecimal() and int(step) > run.position.step:
                path.unlink()

    @hookimpl
    def on_epoch_end(self, run: Run) -> None:
        """Write one, of what a checkpoint holds."""
        if run.epoch % self.every == 0:
            run.save()
            self._write(run)

    @hookimpl
    def on_phase_end(self, run: Run) -> None:
        """Write the last one of a phase."""
        self._write(run)

    @hookimpl
    def on_run_end(self, run: Run) -> None:
        """Write the last one of a run that was to end before its phase."""
        self._write(run)

    def _write(self, run: Run) -> None:
        path = run.folder / "previews" / f"{run.position.phase}-{run.position.step:06d}.png"
        if path == self._latest:
            return  # the end of an epoch may be that of a phase and of the run
        path.parent.mkdir(exist_ok=True)
        temporary = path.with_name(f".{path.name}")
        self.sheet(run).save(temporary, format="PNG")
        temporary.replace(path)
        self._latest = path
        run.hooks.on_preview(run=run, path=path)

    def sheet(self, run: Run) -> Image.Image:
        """The picture of all samples."""
        dataset, pictures = run.dataset(self.split), run.pictures()
        known = "target" if pictures.paired else "some target"
        count = min(self.count, len(dataset))
        rows = []
        for n in range(count):
            sample = dataset.read(n * len(dataset) // count, None)
            inputs = {name: sample.maps[name] for name in pictures.inputs}
            made = pictures.picture(inputs, style=pictures.style_of(sample.maps))
            row = {**inputs, known: sample.maps[pictures.target], "output": made}
            ids = {name for name in inputs if pictures.shapes[name].ids}
            rows.append(
                {
                    name: _enlarged(color_ids(picture) if name in ids else to_pil(picture))
                    for name, picture in row.items()
                }
            )
        return _grid(rows)


def color_ids(ids: Tensor) -> Image.Image:
    """Ids `1 H W` in colors of their own: of the id's bits every third, lowest first, becomes a bit
    of red, of green, of blue, highest first. So neighbors differ most, and all ids below 2^24.
    """
    numbers = ids[0].numpy().astype(np.int64)
    color = np.zeros((*numbers.shape, 3), np.uint8)
    for place in range(24):
        bit = (numbers >> place & 1).astype(np.uint8)
        color[..., place % 3] |= bit << (7 - place // 3)
    return Image.fromarray(color)


def _enlarged(picture: Image.Image) -> Image.Image:
    factor = max(1, SMALLEST // min(picture.size))
    size = (picture.width * factor, picture.height * factor)
    return picture.convert("RGB").resize(size, Image.Resampling.NEAREST)


def _grid(rows: list[dict[str, Image.Image]]) -> Image.Image:
    """Rows of pictures with white gaps, under their titles."""
    titles = list(rows[0])
    width = max(picture.width for row in rows for picture in row.values())
    lines = []
    for row in rows:
        height = max(picture.height for picture in row.values())
        cells = [_cell(picture, width, height) for picture in row.values()]
        lines.append(rearrange(cells, "column h w c -> h (column w) c"))
    pictures = np.concatenate(lines)
    sheet = np.full((TITLE + GAP + pictures.shape[0], GAP + pictures.shape[1], 3), 255, np.uint8)
    sheet[TITLE + GAP :, GAP:] = pictures
    made = Image.fromarray(sheet)
    for column, title in enumerate(titles):
        ImageDraw.Draw(made).text((GAP + column * (width + GAP), 2), title, fill="black")
    return made


def _cell(picture: Image.Image, width: int, height: int) -> np.ndarray:
    """A picture with white at its right and below, up to a size and a gap. `h w 3`."""
    cell = np.full((height + GAP, width + GAP, 3), 255, np.uint8)
    cell[: picture.height, : picture.width] = np.asarray(picture)
    return cell
