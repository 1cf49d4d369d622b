"""gan-zoo export RUN --to onnx|torch."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from gan_zoo.cli.options import Model, SetPictures, Weights


def export(
    run: Model,
    to: Annotated[
        str, typer.Option("--to", metavar="FORMAT", help="onnx, or torch for torch.export's .pt2.")
    ] = "onnx",
    out: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE",
            help="The file; export/RUN.onnx or .pt2 in the run if absent, and ./RUN.onnx of a zip, "
            "a pushed folder or a model on the hub.",
        ),
    ] = None,
    half: Annotated[
        bool, typer.Option("--half", help="Keep weights in float16: a file of half the size.")
    ] = False,
    data: Annotated[
        str | None,
        typer.Option(metavar="DIR", help="Where the run's data lies now, to compare with."),
    ] = None,
    input: Annotated[
        list[Path] | None,
        typer.Option(
            metavar="PICTURE",
            help="A picture to compare with, or a folder of them, in place of the data. May be "
            "given several times.",
        ),
    ] = None,
    weights: Weights = None,
    set_: SetPictures = None,
) -> None:
    """Write a trained generator as one file that other programs run.

    From pictures of 8 bits and ids to pictures of 8 bits, for any number and size. The file is
    compared with the run on 24 real inputs, and not written where it makes other pictures.
    """
    from gan_zoo.recipe.source import parse_set
    from gan_zoo.runs.opening import open_model

    folder = open_model(run, parse_set(set_ or []))  # before torch is imported
    from gan_zoo.cli.terminal.exported import print_exported
    from gan_zoo.inference.export.exporting import export as write

    print_exported(
        write(folder, to, out, half=half, weights=weights, data=data, inputs=input or ())
    )
