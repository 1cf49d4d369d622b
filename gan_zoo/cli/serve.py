"""gan-zoo serve RUN."""

from __future__ import annotations

from typing import Annotated

import typer

from gan_zoo.cli.options import Device, Model, Numbers, SetPictures, Weights
from gan_zoo.errors import UserError
from gan_zoo.serving.limits import Limits

MOST = Limits()


def serve(
    run: Model,
    host: Annotated[
        str,
        typer.Option(metavar="HOST", help="Whose requests come: 127.0.0.1 this machine's alone."),
    ] = "127.0.0.1",
    port: Annotated[
        int, typer.Option(metavar="N", min=0, max=65535, help="0 takes a free one.")
    ] = 8000,
    token: Annotated[
        str | None,
        typer.Option(
            metavar="TEXT",
            envvar="GAN_ZOO_SERVE_TOKEN",
            help="Answer only who sends it; GAN_ZOO_SERVE_TOKEN in the environment says it too.",
        ),
    ] = None,
    max_bytes: Annotated[
        int, typer.Option(metavar="N", min=1, help="Of the body of a request.")
    ] = MOST.bytes,
    max_pixels: Annotated[
        int, typer.Option(metavar="N", min=1, help="Of a picture, as the network takes it.")
    ] = MOST.pixels,
    waiting: Annotated[
        int,
        typer.Option(metavar="N", min=0, help="Requests that wait while a picture is made."),
    ] = MOST.waiting,
    weights: Weights = None,
    device: Device = "auto",
    precision: Numbers = None,
    compile: Annotated[
        bool,
        typer.Option(
            "--compile",
            help="Compile the networks for each size of picture, whose first one then waits "
            "seconds to minutes.",
        ),
    ] = False,
    set_: SetPictures = None,
) -> None:
    """Answer requests by HTTP with pictures of a trained run.

    POST a picture to /translate, or a part for each map: the answer is the file that gan-zoo
    translate would write. /model says what the model takes, /openapi.json all of it to programs.
    Ctrl-C ends the service.
    """
    from gan_zoo.recipe.source import parse_set
    from gan_zoo.runs.opening import open_model
    from gan_zoo.serving.server import require_libraries, run_service, take_address

    if token is not None and not (token.isascii() and token.isprintable() and token.strip()):
        raise UserError("--token: letters, digits and signs of ASCII were expected")
    require_libraries()
    folder = open_model(run, parse_set(set_ or []))
    with take_address(host, port) as taken:  # before torch is imported
        run_service(
            folder,
            taken,
            host,
            limits=Limits(bytes=max_bytes, pixels=max_pixels, waiting=waiting),
            token=token,
            device=device,
            weights=weights,
            precision=precision,
            compile=compile,
        )
