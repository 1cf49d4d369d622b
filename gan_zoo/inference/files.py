"""Translate a file, or a folder of them, into PNG files."""

from __future__ import annotations

import errno
import io
from pathlib import Path
from typing import Any

from PIL import Image as PIL

from gan_zoo.components.pictures import to_pil
from gan_zoo.errors import UserError
from gan_zoo.inference.styles.rules import read_rules
from gan_zoo.inference.translator import Translator
from gan_zoo.runs.atomic import write_file
from gan_zoo.runs.folder import RunFolder

NO_FAULT = (errno.ENOSPC, errno.EDQUOT, errno.EIO)  # of the disk, not of the user


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
) -> int:
    """Translate a file, or all of a folder and the folders in it, into PNG files.

    Args:
        run: The run's folder.
        input: A picture, a map of ids, or a table of inputs, as the data takes; or a folder.
        output: A folder, in which the inputs' names are kept; for one file also NAME.png. What an
            earlier translation wrote there is replaced, inputs never are.
        seed: The seed of dropout where inference keeps it on.
        pairs: The files hold input and target side by side; take the input half.
        weights: latest or best; what the recipe says if absent.
        device: As in the recipe's engine section.
        style: As of a call to a Translator; an instance must be in one of the pictures.

    Returns:
        How many pictures were written.

    Raises:
        UserError: no run, a file that is not what the recipe says, or nowhere to write.
        OSError: the disk is full; what was written is whole.
    """
    input, output = Path(input), Path(output)
    single, said = _place(input, output), read_rules(style)
    translator = Translator.load(run, device=device, weights=weights)
    dataset = translator.recipe.data.inputs(input, pairs=pairs, maps=translator.inputs)
    if single and len(dataset) != 1:
        raise UserError(f"{output} names one file, but {input} has {len(dataset)}; name a folder")
    drawn = translator.recipe.inference.dropout or "sample" in said.chosen.values()
    noise = f"; seed {seed}" if drawn else ""
    print(f"{dataset.describe()}\n{translator.describe(said)}{noise}")
    odd = 0
    for sample, picture in translator.translate_dataset(dataset, seed=seed, style=said):
        height, width = picture.shape[1:]
        odd += translator.fitting_size(height, width) != (height, width)
        target = single or output / f"{sample.name}.png"
        if target.resolve() in {Path(file).resolve() for file in sample.files}:
            raise UserError(f"{target} is an input, and no input is overwritten; name another")
        _save(to_pil(picture), target)
    written = len(dataset)
    pictures = f"the picture{'s' * (written != 1)} without it lie{'s' * (written == 1)} in {output}"
    translator.stylist.refuse_unmet(said, f"; {pictures}, {written} written")
    if odd:
        multiple = translator.recipe.generator.multiple()
        print(f"{odd} padded by reflection to multiples of {multiple} and cropped back")
    return len(dataset)


def _place(input: Path, output: Path) -> Path | None:
    """The one file to write, or None for a folder of them.

    Raises:
        UserError: the output is of the wrong kind, or lies within the input.
    """
    suffix = output.suffix.lower()
    if not input.is_dir() and not output.is_dir():
        if suffix == ".png":
            return output
        if suffix in PIL.registered_extensions():
            raise UserError(
                f"{output}: translations are PNG files, which keep every pixel; "
                f"name it {output.with_suffix('.png')}, or name a folder"
            )
    if output.exists() and not output.is_dir():
        raise UserError(f"{output} is a file; a folder was expected")
    if input.is_dir():
        if output.resolve().is_relative_to(input.resolve()):
            raise UserError(
                f"{output} lies in {input}, whose pictures are all inputs; name a folder elsewhere"
            )
        if suffix == ".png":
            raise UserError(f"{output} names a file, but {input} is a folder; name a folder")
    return None


def _save(picture: PIL.Image, target: Path) -> None:
    """Write a PNG file, whole or not at all."""
    data = io.BytesIO()
    picture.save(data, format="PNG")
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        write_file(target, data.getvalue())
    except OSError as problem:
        if problem.errno in NO_FAULT:
            raise
        raise UserError(f"{target} cannot be written: {problem.strerror}") from None
