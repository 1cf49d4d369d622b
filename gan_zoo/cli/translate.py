"""gan-zoo translate RUN INPUT OUTPUT."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from gan_zoo.cli.options import Device, Model, Numbers, SetPictures, Weights


def translate(
    run: Model,
    input: Annotated[Path, typer.Argument(metavar="INPUT", help="A picture, or a folder of them.")],
    output: Annotated[Path, typer.Argument(metavar="OUTPUT", help="A folder, or NAME.png, .tif.")],
    seed: Annotated[int, typer.Option(metavar="N", help="Of dropout and of sampled styles.")] = 0,
    pairs: Annotated[
        bool, typer.Option("--pairs", help="Files are side by side: take the input half.")
    ] = False,
    weights: Weights = None,
    device: Device = "auto",
    precision: Numbers = None,
    compile: Annotated[
        bool,
        typer.Option(
            "--compile",
            help="Compile the networks for each size of picture: it takes seconds to minutes, and "
            "pays where many have one size.",
        ),
    ] = False,
    format: Annotated[
        str,
        typer.Option(metavar="NAME", help="png or tiff; auto: PNG where it holds them."),
    ] = "auto",
    tile: Annotated[
        str | None,
        typer.Option(
            metavar="auto|N",
            help="Translate pictures that are larger than N pixels in tiles of N, read and written "
            "piece by piece; a job that was ended goes on where it was.",
        ),
    ] = None,
    overlap: Annotated[
        str | None,
        typer.Option(metavar="auto|N", help="Of tiles; auto: as far as the networks see."),
    ] = None,
    statistics: Annotated[
        str | None,
        typer.Option(
            metavar="NAME",
            help="What norms take as their picture's: sampled, exact or own; sampled if any do.",
        ),
    ] = None,
    strict: Annotated[
        bool, typer.Option("--strict", help="End at the first input that cannot be translated.")
    ] = False,
    set_: SetPictures = None,
    style: Annotated[
        list[str] | None,
        typer.Option(
            metavar="STYLE",
            help="[instance:ID=|class:C=]sample|encode:IMAGE|cluster:K, for models with features "
            "of instances; for all of them without a prefix. May be given several times.",
        ),
    ] = None,
) -> None:
    """Translate pictures with a trained run.

    All pictures of a folder and of the folders in it, at their own size, to files of the same
    names in the target's type and range: PNG where it holds these, else TIFF. Inputs that cannot be
    translated are named and left out; there were some if the exit code is 2.
    """
    from gan_zoo.recipe.source import parse_set
    from gan_zoo.runs.opening import open_model

    folder = open_model(run, parse_set(set_ or []))  # before torch is imported
    from gan_zoo.inference.files import translate_files

    written = translate_files(
        folder,
        input,
        output,
        seed=seed,
        pairs=pairs,
        weights=weights,
        device=device,
        style=style,
        format=format,  # type: ignore[arg-type]  # judged there
        strict=strict,
        precision=precision,
        compile=compile,
        tile=tile,  # type: ignore[arg-type]  # judged there, as the next two
        overlap=overlap,  # type: ignore[arg-type]
        statistics=statistics,  # type: ignore[arg-type]
    )
    print(f"{written} picture{'s' * (written != 1)} written to {output}")
