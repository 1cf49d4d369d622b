"""Previews: fixed samples through the same door as every translation."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from PIL import Image, ImageDraw

from gan_zoo.given import to_pil
from gan_zoo.hooks import hookimpl

if TYPE_CHECKING:
    from torch import Tensor

    from gan_zoo.engine.run import Run

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

    @hookimpl
    def on_step_end(self, run: Run, epoch_ended: bool) -> None:
        """Write one at the end of an epoch."""
        if epoch_ended and run.epoch % self.every == 0:
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
        path = run.dir.previews / f"{run.position.phase}-{run.position.step:06d}.png"
        if path.exists():
            return  # of this very step, before a resume too: it holds the same pictures
        path.parent.mkdir(exist_ok=True)
        temporary = path.with_name(f".{path.name}")
        self.sheet(run).save(temporary, format="PNG")
        temporary.replace(path)
        run.hooks.on_preview(run=run, path=path)

    def sheet(self, run: Run) -> Image.Image:
        """The picture of all samples."""
        dataset, translator = run.dataset(self.split), run.translator()
        count = min(self.count, len(dataset))
        rows = []
        for n in range(count):
            sample = dataset.read(n * len(dataset) // count, None)
            inputs = {name: sample.maps[name] for name in translator.inputs}
            real = sample.maps[translator.target]
            ids = {name for name in inputs if translator.shapes[name].ids}
            style = translator.stylist.of_real(sample.maps)
            known = "target" if translator.recipe.data.paired else "some target"
            row = {**inputs, known: real, "output": translator.picture(inputs, style=style)}
            rows.append(
                {
                    name: _enlarged(colored(picture) if name in ids else to_pil(picture))
                    for name, picture in row.items()
                }
            )
        return _grid(rows)


def colored(ids: Tensor) -> Image.Image:
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
    titles = list(rows[0])
    widths = [max(row[title].width for row in rows) for title in titles]
    heights = [max(picture.height for picture in row.values()) for row in rows]
    size = (sum(widths) + GAP * (len(widths) + 1), TITLE + sum(heights) + GAP * (len(rows) + 1))
    sheet = Image.new("RGB", size, "white")
    draw = ImageDraw.Draw(sheet)
    left = GAP
    for title, width in zip(titles, widths, strict=True):
        draw.text((left, 2), title, fill="black")
        top = TITLE + GAP
        for row, height in zip(rows, heights, strict=True):
            sheet.paste(row[title], (left, top))
            top += height + GAP
        left += width + GAP
    return sheet
