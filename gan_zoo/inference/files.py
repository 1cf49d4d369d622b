"""Translate a file, or a folder of them, into files of the target's type."""

from __future__ import annotations

import sys
from collections.abc import Container
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

from gan_zoo.components.at_hand import read_once
from gan_zoo.components.interfaces import Dataset
from gan_zoo.components.shapes import Values
from gan_zoo.errors import DataError, UserError
from gan_zoo.inference.input_tags import InputTags, read_input_tags
from gan_zoo.inference.one_picture import make_file
from gan_zoo.inference.picture_files import Format, choose_format, choose_suffix
from gan_zoo.inference.styles.rules import Rules, read_rules
from gan_zoo.inference.targets import glance, place_targets, single_target
from gan_zoo.inference.tiling.asked import Asked
from gan_zoo.inference.tiling.source import for_windows
from gan_zoo.inference.tiling.tiler import Tiler
from gan_zoo.inference.translator import Translator
from gan_zoo.inference.writing import writing
from gan_zoo.reporter import Reporter
from gan_zoo.runs.atomic import write_file
from gan_zoo.runs.folder import RunFolder

SHOWN = 5  # names in the last message


@read_once()
def translate_files(
    run: str | Path | RunFolder,
    input: str | Path,
    output: str | Path,
    *,
    seed: int = 0,
    pairs: bool = False,
    weights: str | None = None,
    device: str = "auto",
    style: Any = None,
    format: Format = "auto",
    strict: bool = False,
    precision: str | None = None,
    compile: bool = False,
    tile: int | Literal["auto"] | None = None,
    overlap: int | Literal["auto"] | None = None,
    statistics: Literal["sampled", "exact", "own"] | None = None,
    reporter: Reporter | None = None,
) -> int:
    """Translate a file, or all of a folder and the folders in it, into files of the type and range
    of the target's: PNG where it holds these, else TIFF.

    Files keep the resolution of their input's, TIFF files also its georeference; where the data
    says a number of no data, TIFF files name it, and pixels that hold the number of the input's in
    every band hold it. Inputs that cannot be translated are named and left out; the others are
    translated before that is an error.

    Args:
        run: The run's folder, or whatever else `gan_zoo.load` takes.
        input: A picture, a map of ids, or a table of inputs, as the data takes; or a folder.
        output: A folder, in which the inputs' names are kept; for one file also NAME.png or
            NAME.tif. What an earlier translation wrote there is replaced, inputs never are.
        seed: The seed of dropout where inference keeps it on.
        pairs: The files hold input and target side by side; take the input half.
        weights: latest or best; what the recipe says if absent.
        device: As in the recipe's engine section.
        style: As of a call to a Translator; an instance must be in one of the pictures.
        format: png or tiff, where auto is not what is wanted.
        strict: The first input that cannot be translated ends it: before anything is written, where
            its header tells.
        precision, compile, reporter: As of `gan_zoo.load`.
        tile: The side of tiles in pixels, or auto: pictures that are larger are translated in such,
            which are read and written piece by piece, to TIFF. A job that was ended goes on where
            it was. Whole pictures if None.
        overlap: What a tile sees beyond its own pixels on every side; auto is as far as networks
            see.
        statistics: Where norms take those of their picture: of a sample of crops, the default, or
            exactly of all of it. own, of each tile, is refused where there are such norms.

    Returns:
        How many pictures were written.

    Raises:
        UserError: no run, a file that is not what the recipe says, or nowhere to write.
        OSError: the disk is full; what was written is whole.
    """
    input, output = Path(input), Path(output)
    single, said = single_target(input, output), read_rules(style)
    asked = Asked.read(tile, overlap, statistics)
    translator = Translator.load(
        run,
        device=device,
        weights=weights,
        precision=precision,
        compile=compile,
        reporter=reporter,
    )
    channels = translator.shapes[translator.target].channels
    values = translator.values(translator.target)
    format = choose_format(format, single)
    suffix = choose_suffix(values, channels, format)
    tiler = Tiler(translator, asked, said, seed) if asked else None
    dataset = translator.recipe.data.inputs(input, pairs=pairs, maps=translator.inputs)
    if single and len(dataset) != 1:
        raise UserError(f"{output} names one file, but {input} has {len(dataset)}; name a folder")
    dataset = dataset if tiler is None else for_windows(dataset)
    samples = glance(dataset)
    large: frozenset[int] = frozenset()
    if tiler is not None:
        large, samples = tiler.find_large(dataset, samples, format)
    suffixes = [".tif" if index in large else suffix for index in range(len(samples))]
    targets = place_targets(samples, output, suffixes, single)
    faults = [sample.fault for sample in samples if sample.fault]
    if faults and (strict or len(faults) == len(samples)):
        raise DataError("\n".join(faults))
    drawn = translator.recipe.inference.dropout or "sample" in said.chosen.values()
    noise = f"; seed {seed}" if drawn else ""
    print(f"{dataset.describe()}\n{translator.describe(said)}{noise}")
    if tiler is not None:
        print(tiler.describe(compiled=compile))
    job = Job(translator, dataset, seed, said, values, suffix, strict or len(samples) == 1)
    job.tiler, job.large = tiler, large
    for sample in samples:
        if sample.fault:
            job.leave_out(sample.name, sample.fault)
    for index, target in enumerate(targets):
        if target is not None:
            job.translate(index, samples[index].name, target)
    job.finish(output)
    return job.written


@dataclass
class Job:
    """The translations of a dataset, one after another.

    Args:
        translator: Makes them.
        dataset: Of it.
        seed, said: As of a call.
        values: What the files hold.
        suffix: Of them.
        strict: Whether the first fault ends it.
        tiler: Translates large ones.
        large: Which of them are large.
    """

    translator: Translator
    dataset: Dataset
    seed: int
    said: Rules
    values: Values
    suffix: str
    strict: bool
    tiler: Tiler | None = None
    large: Container[int] = ()
    written: int = 0
    padded: int = 0
    unplaced: int = 0  # georeferences that PNG does not hold
    holed: int = 0  # pictures with pixels of no data
    left_out: list[str] = field(default_factory=list)

    def leave_out(self, name: str, fault: str) -> None:
        """Say what is wrong with a sample."""
        self.left_out.append(name)
        print(f"left out: {fault}", file=sys.stderr)

    def translate(self, index: int, name: str, target: Path) -> None:
        """Read, translate and write one.

        Raises:
            UserError: it cannot be written, or asks for a style that there is not.
            DataError: it cannot be translated; where that ends the job.
        """
        try:
            if self.tiler is not None and index in self.large:
                self._in_tiles(self.tiler, index, target)
                return
            made = make_file(
                self.translator, self.dataset, index, self.suffix, seed=self.seed, said=self.said
            )
        except DataError as problem:
            if self.strict:
                raise
            self.leave_out(name, str(problem))
            return
        self.padded += made.padded
        self.unplaced += made.unplaced
        self.holed += made.holed
        _write(made.content, target)
        self.written += 1

    def _in_tiles(self, tiler: Tiler, index: int, target: Path) -> None:
        """Translate and write a large one, piece by piece."""
        with closing(tiler.open(self.dataset, index)) as windows:
            size = windows.size
            tags = read_input_tags(windows.files[0], *size) if windows.files else InputTags()
            self.holed += tiler.translate(windows, target, tags)
        self.padded += self.translator.fitting_size(*size) != tuple(size)
        self.written += 1

    def finish(self, output: Path) -> None:
        """Say what is to be known of all of them.

        Raises:
            UserError: some were left out, or a style met nothing.
        """
        if self.padded:
            multiple = self.translator.recipe.generator.multiple()
            print(f"{self.padded} padded by reflection to multiples of {multiple} and cropped back")
        if self.holed:
            print(f"{self.holed} with pixels of no data, which are {self.values.nodata:g} there")
        if self.unplaced:
            print(
                f"{self.unplaced} with a georeference, which PNG does not hold; --format tiff does"
            )
        faults, one = [], self.written == 1
        lie = f"the picture{'s' * (not one)} without it lie{'s' * one} in {output}"
        try:
            self.translator.stylist.refuse_unmet(self.said, f"; {lie}, {self.written} written")
        except UserError as problem:
            faults.append(str(problem))
        if out := self.left_out:
            names = ", ".join(out[:SHOWN]) + f" and {len(out) - SHOWN} more" * (len(out) > SHOWN)
            faults.append(
                f"{len(out)} of {len(self.dataset)} inputs could not be translated and were left "
                f"out: {names}; {self.written} written to {output}"
            )
        if faults:
            raise UserError("\n".join(faults))


def _write(content: bytes, target: Path) -> None:
    """Write a file, whole or not at all."""
    with writing(target):
        target.parent.mkdir(parents=True, exist_ok=True)
        write_file(target, content)
