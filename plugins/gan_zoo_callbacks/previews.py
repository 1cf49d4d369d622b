"""Previews: fixed samples through the same door as every translation."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gan_zoo.components import color_ids, hookimpl, make_sheet, shown_channels, to_view
from gan_zoo_callbacks.preview_files import PreviewFiles, name_files

if TYPE_CHECKING:
    from pathlib import Path

    from PIL import Image
    from torch import Tensor

    from gan_zoo.components import Pictures, Run

OUTPUT = "output"  # the title of what is made


class Previews:
    """One file a sample and time, what was given once a phase, and a sheet of them: one row a
    sample, its inputs, the target, the output; where the data pairs none, any picture of the
    target's side. Maps of ids are shown in colors that belong to the ids, the same in every run.

    Args:
        count: Samples.
        every: Epochs between two previews.
        split: Where the samples come from.
        keep: Times that stay on disk.
    """

    def __init__(self, *, count: int, every: int, split: str, keep: int) -> None:
        self.count = count
        self.every = every
        self.split = split
        self.keep = keep
        self._latest: Path | None = None
        self._given: str | None = None  # the phase whose inputs are on disk
        self._said = False

    @hookimpl
    def on_run_start(self, run: Run) -> None:
        """Drop what lies beyond a checkpoint that the run goes on from, as its log does."""
        self._files(run).drop_after(run.position.step)

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

    def _files(self, run: Run) -> PreviewFiles:
        return PreviewFiles(run.folder / "previews", run.name_of(self), self.keep)

    def _write(self, run: Run) -> None:
        files, step = self._files(run), run.position.step
        path = files.sheet(run.position.phase, step)
        if path == self._latest:
            return  # the end of an epoch may be that of a phase and of the run
        self._say_what_is_hidden(run)
        rows = self._rows(run)
        if self._given != run.position.phase:
            given = {
                f"{title}/{name}": picture
                for name, row in rows.items()
                for title, picture in row.items()
                if title != OUTPUT
            }
            files.write(f"given-{run.position.phase}", given)
            self._given = run.position.phase
        files.write(f"{step:06d}", {name: row[OUTPUT] for name, row in rows.items()})
        files.write_sheet(path, make_sheet([*rows.values()]))
        self._latest = path
        run.hooks.on_preview(run=run, path=path)

    def _rows(self, run: Run) -> dict[str, dict[str, Image.Image]]:
        """Name of a sample's file -> what is shown of it: its inputs, the target, the output."""
        dataset, pictures = run.dataset(self.split), run.pictures()
        count = min(self.count, len(dataset))
        samples = [dataset.read(n * len(dataset) // count, None) for n in range(count)]
        known = "target" if pictures.paired else "some target"
        rows = {}
        for file, sample in zip(name_files([s.name for s in samples]), samples, strict=True):
            inputs = {name: sample.maps[name] for name in pictures.inputs}
            made = pictures.picture(inputs, style=pictures.style_of(sample.maps))
            target = pictures.target
            rows[file] = {
                **{name: _view(pictures, name, map_) for name, map_ in inputs.items()},
                known: _view(pictures, target, sample.maps[target]),
                OUTPUT: _view(pictures, target, made),
            }
        return rows

    def _say_what_is_hidden(self, run: Run) -> None:
        """Once: which maps have more channels than are shown."""
        if self._said:
            return
        pictures = run.pictures()
        shapes = {n: pictures.shapes[n] for n in (*pictures.inputs, pictures.target)}
        given = {name: image.channels for name, image in shapes.items() if not image.ids}
        for name, channels in given.items():
            if shown_channels(channels) == channels:
                continue
            shown = "the first as grey" if channels == 2 else "the first three as red, green, blue"
            run.say(f"  {run.name_of(self)}: of the {channels} channels of {name} shows {shown}")
        self._said = True


def _view(pictures: Pictures, name: str, map_: Tensor) -> Image.Image:
    """A map as a picture for the eye."""
    if pictures.shapes[name].ids:
        return color_ids(map_)
    return to_view(map_, pictures.values(name).colors)
