"""The translation of one large picture: told, gathered, blended, written."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch

from gan_zoo.components.shapes import Values
from gan_zoo.inference.input_tags import InputTags
from gan_zoo.inference.picture_files import as_numbers, has_nodata, write_tiles
from gan_zoo.inference.tiling import gathering
from gan_zoo.inference.tiling.blending import Blend
from gan_zoo.inference.tiling.copies import Player
from gan_zoo.inference.tiling.decisions import Decision
from gan_zoo.inference.tiling.layout import Box, Layout
from gan_zoo.inference.tiling.memory import peak_bytes
from gan_zoo.inference.tiling.norms import Moments, Statistics
from gan_zoo.inference.tiling.source import Source, cut
from gan_zoo.inference.tiling.work import Work, tiles_of
from gan_zoo.inference.writing import writing
from gan_zoo.reporter import format_duration, progress

SIDE = 256  # of the tiles of a file
PLACES = 4  # seams at which two tiles are compared
FLOAT = 4  # bytes
AT_ONCE = 64  # rows that become numbers of a file


class Job:
    """The translation of one picture.

    Args:
        player: Of a copy of the networks, whose norms ask the statistics.
        statistics: Theirs.
        decision: How the picture is cut.
        source: The picture.
        work: What of it is done.
        values: What its file holds.
    """

    def __init__(
        self,
        player: Player,
        statistics: Statistics,
        decision: Decision,
        source: Source,
        work: Work,
        values: Values,
    ) -> None:
        self.player = player
        self.statistics = statistics
        self.decision = decision
        self.source = source
        self.work = work
        self.values = values
        self.channels = work.shape[2]
        self.layout: Layout = decision.layout(source.size)
        self.seconds = 0.0  # of a tile
        wide = player.cast.precision.dtype == torch.float64
        self.blended = torch.float64 if wide else torch.float32

    def tell(self) -> None:
        """Make a tile, and say what all of them will take, and where the work stands."""
        height, width = self.source.windows.size
        row, column = self.layout.down.count // 2, self.layout.across.count // 2
        tile = self.source.read(self.layout.tile(row, column))
        for _ in range(2):  # the first one warms up
            began = time.perf_counter()
            self.statistics.begin("own")
            self.player.play([tile]).cpu()
            self.seconds = time.perf_counter() - began
        down, across = self.layout.down.count, self.layout.across.count
        took = format_duration(self.seconds * self.layout.count)
        files = ", ".join(self.source.windows.files)
        print(
            f"{files}: {width} x {height} pixels in {across} x {down} tiles, about {took}; "
            f"about {_gigabytes(self._memory())} of memory, and {_gigabytes(self._disk())} more "
            f"on the disk than the file itself until it is written"
        )
        if self.decision.whose == "sampled" and not self.work.values:
            sampler = self._sampler()
            seconds = self._seconds_of_sampling(sampler, gathering.FIRST)
            told = f"statistics of {gathering.FIRST} crops of {sampler.side}"
            print(f"before that {told}, about {format_duration(seconds)}, or more")
        if self.source.windows.held:
            print("its file cannot be read in parts, and is held; a tiled TIFF would not be")
        if self.work.told:
            print(self.work.told)

    def gather(self) -> None:
        """Find the statistics of the picture, if norms ask for them."""
        made, work = self.decision, self.work
        if made.whose != "own":
            if made.whose == "sampled" and not work.values:
                self._sample()
            if len(work.values) < made.norms:
                self._exactly()
            self.statistics.values = work.values
            print(work.found["told"])
        if made.cut:
            print(self._residue())

    def _sample(self) -> None:
        """Of crops, more and more, until their halves agree or all of the picture costs less."""
        sampler, inexact = self._sampler(), self.decision.inexact
        count = gathering.FIRST
        while True:
            found = sampler.gather(count)
            of = f"{found.crops} crops of {sampler.side}"
            told = f"statistics of {of}, whose halves differ by {found.difference:.2f} of 255"
            if found.agrees:
                self._keep_statistics(found.values, {"told": told})
                return
            count *= 2
            told += f", more than {gathering.BOUND:g}"
            if inexact and count > gathering.MOST:
                told += f"; no more are taken, and all of the picture cannot be counted: {inexact}"
                self._keep_statistics(found.values, {"told": told})
                return
            sampled = self._seconds_of_sampling(sampler, count)
            if not inexact and sampled >= self._seconds_of_exact():
                print(f"{told}; all of the picture costs less now")
                return
            print(f"{told}; twice as many are taken")

    def _keep_statistics(self, values: Sequence[Moments], found: Mapping[str, Any]) -> None:
        with writing(self.work.folder):
            self.work.keep_statistics(values, found)

    def _sampler(self) -> gathering.Sampler:
        made = self.decision
        side, margin = gathering.crop_side(self.player, made.tile, made.radius)
        return gathering.Sampler(
            self.player, self.statistics, self.source, side, margin, made.tile, self.player.seed
        )

    def _exactly(self) -> None:
        """Of all of the picture, norm by norm."""
        work, norms = self.work, self.decision.norms
        took = format_duration(self._seconds_of_exact())
        print(f"statistics of all of it: {norms} passes, about {took}")
        values = [*work.values] if work.found.get("exact") else []
        with progress((norms - len(values)) * self.layout.count, "tiles for norms") as advance:
            while len(values) < norms:
                values.append(
                    gathering.exact_norm(
                        self.player, self.statistics, self.source, self.layout, values, advance
                    )
                )
                told = f"statistics of all of the picture, norm by norm ({norms})"
                self._keep_statistics(values, {"told": told, "exact": True})

    def _seconds_of_sampling(self, sampler: gathering.Sampler, count: int) -> float:
        """About."""
        pixels = self.layout.down.size() * self.layout.across.size()
        forwards = gathering.PASSES * count * sampler.share(count)
        return forwards * sampler.side**2 * self.seconds / pixels

    def _seconds_of_exact(self) -> float:
        """About."""
        calls = self.statistics.calls
        return sum(call.seconds for call in calls) * self.layout.count

    def make(self) -> bool:
        """All rows that are not there yet; whether some pixels are of no data."""
        work, layout = self.work, self.layout
        rows = range(work.row, layout.down.count)
        if not rows:  # the job ended as it was to write the file
            return bool(work.found.get("holed"))
        dtype = np.float64 if self.blended == torch.float64 else np.float32
        blend = Blend(layout, self.channels, work.row, work.carried(), dtype)
        with progress(len(rows) * layout.across.count, "tiles") as advance:
            for row in rows:
                band = layout.tile(row, 0)
                read = self.source.read(Box(band.top, 0, band.height, layout.size[1]))
                for column in range(layout.across.count):
                    tile = cut(read, layout.tile(row, column), band.top)
                    blend.add(column, self._tile(tile))
                    advance()
                top, made = blend.top, blend.finish()
                assert blend.carried is not None
                numbers = self._in_numbers(top, made)
                with writing(work.folder):
                    work.add(numbers, blend.carried)
        return bool(work.found.get("holed"))

    def _tile(self, maps: dict[str, torch.Tensor]) -> np.ndarray:
        self.statistics.begin("given" if self.decision.whose != "own" else "own")
        made = self.player.play([maps])[0]
        floats: np.ndarray = made.to("cpu", self.blended).numpy()
        return floats

    def _in_numbers(self, top: int, made: np.ndarray) -> np.ndarray:
        """Rows that are settled, `D R W`, without the pad, in the numbers of the file, `R W D`.

        Some at a time: on the way there are several copies of them.
        """
        height, width = self.source.windows.size
        made = made[:, : max(0, height - top), :width]
        found = np.empty((made.shape[1], width, self.channels), self.work.dtype)
        for first in range(0, len(found), AT_ONCE):
            rows = np.ascontiguousarray(made[:, first : first + AT_ONCE])
            nothing = None
            if has_nodata(self.values):
                nothing = self.source.windows.unshown(top + first, 0, rows.shape[1], width)
            if nothing is not None and nothing.any():
                self.work.found["holed"] = True
            numbers = as_numbers(torch.from_numpy(rows), self.values, nothing)
            found[first : first + AT_ONCE] = np.moveaxis(numbers, 0, -1)
        return found

    def write(self, target: Path, tags: InputTags) -> None:
        """The file, and no work any more."""
        staged = target.with_name(f".{target.name}.tmp")
        try:
            write_tiles(staged, tiles_of(self.work, SIDE), self.work.shape, SIDE, self.values, tags)
            staged.replace(target)
        finally:
            staged.unlink(missing_ok=True)
        self.work.remove()

    def _residue(self) -> str:
        """How far two tiles are apart where they meet, since neither sees enough."""
        layout, found = self.layout, []
        radius, overlap = self.decision.radius, self.decision.overlap
        sees = "all of a picture" if radius is None else f"{radius} pixels far"
        told = f"the overlap of {overlap} is less than networks see ({sees})"
        if not overlap:  # no two tiles make one pixel, so that nothing can be compared
            return f"{told}: tiles see nothing of each other, and nothing is blended"
        draw = np.random.default_rng(self.player.seed % gathering.SEEDS)
        for number in range(PLACES):
            wide = layout.across.count > 1 and (number % 2 == 0 or layout.down.count == 1)
            side = layout.across if wide else layout.down
            first = int(draw.integers(side.count - 1))
            other = int(draw.integers((layout.down if wide else layout.across).count))
            places = (
                [(other, first), (other, first + 1)]
                if wide
                else [(first, other), (first + 1, other)]
            )
            boxes = [layout.tile(*place) for place in places]
            meet = side.core(first)[1]
            lines = []
            for box in boxes:
                made = self._tile(self.source.read(box))
                at = meet - (box.left if wide else box.top)
                lines.append(made[:, :, at - 1 : at + 1] if wide else made[:, at - 1 : at + 1])
            found.append(np.abs(lines[0] - lines[1]).ravel() * 127.5)
        apart = np.concatenate(found)
        return (
            f"{told}: where tiles meet they differ by {apart.mean():.2f} of 255 in the mean, "
            f"{apart.max():.0f} at most, before they are blended"
        )

    def _memory(self) -> int:
        """The most that is held, about: what a tile took, rows of two tiles, a sample of crops."""
        device = self.player.cast.precision.device
        translator, layout = self.player.translator, self.layout
        rows = layout.down.size() * layout.size[1]
        read = sum(translator.shapes[name].channels * FLOAT for name in translator.inputs)
        held = rows * (read + 3 * self.channels * self.blended.itemsize) + self.source.windows.held
        sampled = self.decision.whose == "sampled"
        return peak_bytes(device) + held + sampled * gathering.TOGETHER * self._of_tile()

    def _of_tile(self) -> int:
        """Bytes of the features that a tile has at once, about: what its largest norm is given,
        three times.
        """
        calls = self.statistics.calls
        return max((3 * one.bytes for one in calls), default=0)

    def _disk(self) -> int:
        height, width, channels = self.work.shape
        return height * width * channels * self.work.dtype.itemsize


def _gigabytes(count: int) -> str:
    return f"{count / 1e9:.1f} GB" if count >= 1e8 else f"{max(1, count // 10**6)} MB"
