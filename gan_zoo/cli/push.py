"""gan-zoo push RUN TO."""

from __future__ import annotations

from typing import Annotated

import typer

from gan_zoo.cli.options import RunPath, Weights


def push(
    run: RunPath,
    to: Annotated[
        str,
        typer.Argument(
            metavar="TO", help="OWNER/NAME on the Hugging Face Hub, or a new folder, as ./NAME."
        ),
    ],
    license: Annotated[
        str | None,
        typer.Option(
            metavar="NAME", help="What others may do with the model, as apache-2.0. Required."
        ),
    ] = None,
    license_link: Annotated[
        str | None,
        typer.Option(metavar="URL", help="With --license other: where its text is."),
    ] = None,
    weights: Weights = None,
    data_statement: Annotated[
        str | None,
        typer.Option(
            metavar="TEXT|FILE",
            help="Where the data came from, whom it shows, and its license, for the card.",
        ),
    ] = None,
    samples: Annotated[
        bool,
        typer.Option(
            help="Show the run's previews, which have pictures of the data. On the hub those of an "
            "earlier push stay in the history."
        ),
    ] = True,
    private: Annotated[
        bool, typer.Option("--private", help="On the hub: only you may see it.")
    ] = False,
    message: Annotated[
        str | None, typer.Option(metavar="TEXT", help="On the hub: of the commit.")
    ] = None,
) -> None:
    """Hand a trained model on: to a folder, or to the hub.

    In the hub's layout: what makes pictures, the recipe, the packages it needs and a model card; no
    state of training, no data but the samples; paths of this machine are shortened, and refused
    where they are found in a text. gan_zoo.load and translate take it.
    """
    from gan_zoo.hub.licenses import judge_license
    from gan_zoo.runs.folder import RunFolder

    judge_license(license, license_link)
    folder = RunFolder.open(run)  # before torch is imported
    from gan_zoo.hub.pushing import push as hand_on
    from gan_zoo.reporter import Reporter

    address = hand_on(
        folder,
        to,
        license=license,
        license_link=license_link,
        weights=weights,
        data_statement=data_statement,
        samples=samples,
        private=private,
        message=message,
        reporter=Reporter(),
    )
    print(f"Pushed: {address}; gan-zoo translate {address} INPUTS OUTPUTS uses it")
