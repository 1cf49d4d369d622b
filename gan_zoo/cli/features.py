"""gan-zoo features RUN."""

from __future__ import annotations

import json
from typing import Annotated

import typer

from gan_zoo.cli.options import AsJson, Device, RunPath, Weights
from gan_zoo.errors import UserError


def features(
    run: RunPath,
    clusters: Annotated[int, typer.Option(metavar="N", min=1, help="Of a class, at most.")] = 10,
    least: Annotated[
        float,
        typer.Option(metavar="SHARE", help="Only instances above this share of their picture."),
    ] = 1 / 64,
    seed: Annotated[int, typer.Option(metavar="N", help="Of the clustering.")] = 0,
    weights: Weights = None,
    device: Device = "auto",
    as_json: AsJson = False,
) -> None:
    """Gather the styles of a finished run.

    Encodes the instances of its training data and clusters them by class, for translate --style.
    """
    if not 0 <= least < 1:
        raise UserError(f"--least: {least} came; a share from 0 to less than 1 was expected")
    from gan_zoo.runs.folder import RunFolder

    folder = RunFolder.open(run)  # before torch is imported
    from gan_zoo.cli.terminal.text import print_rows
    from gan_zoo.inference.styles.gathering import gather

    counts = gather(
        folder, clusters=clusters, least=least, seed=seed, weights=weights, device=device
    )
    if as_json:
        print(json.dumps([vars(count) for count in counts], indent=2))
        return
    for condition in dict.fromkeys(count.condition for count in counts):
        mine = [count for count in counts if count.condition == condition]
        print(f"Styles of conditions.{condition}, by class")
        print_rows(
            [
                ["class", "instances", f"above {least:.3g}", "clusters"],
                *([_class(c.label), str(c.instances), str(c.large), str(c.clusters)] for c in mine),
            ]
        )
    print(f"Kept in {folder.path}; gan-zoo translate {folder.path} INPUT OUTPUT --style sample")


def _class(label: int) -> str:
    return str(label) if label >= 0 else "none"
