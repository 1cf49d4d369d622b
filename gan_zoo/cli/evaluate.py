"""gan-zoo evaluate RUN."""

from __future__ import annotations

from typing import Annotated

import typer

from gan_zoo.cli.options import AsJson, Device, RunPath


def evaluate(
    run: RunPath,
    data: Annotated[
        str | None, typer.Option(metavar="DIR", help="Other data in the same layout.")
    ] = None,
    split: Annotated[str, typer.Option(metavar="NAME", help="Which split.")] = "test",
    metrics: Annotated[
        str | None, typer.Option(metavar="A,B", help="Which metrics; else those of validation.")
    ] = None,
    baseline: Annotated[
        str | None,
        typer.Option(
            metavar="NAME",
            help="Also score what takes no learning: median, the per-pixel median of the training "
            "targets; classes, every class of the label map in its median color.",
        ),
    ] = None,
    weights: Annotated[
        str | None, typer.Option(metavar="NAME", help="latest or best; else as the recipe says.")
    ] = None,
    device: Device = "auto",
    as_json: AsJson = False,
) -> None:
    """Score a run on a split of its data.

    The samples at the recipe's size rule; translate keeps each picture's own size.
    """
    from gan_zoo.evaluation.baselines import refuse_unknown

    refuse_unknown(baseline)
    chosen = None if metrics is None else [name.strip() for name in metrics.split(",")]
    from gan_zoo.runs.folder import RunFolder

    folder = RunFolder.open(run)  # before torch is imported
    from gan_zoo.cli.terminal.results import print_scores
    from gan_zoo.evaluation.scores import evaluate as measure

    scores = measure(
        folder,
        data=data,
        split=split,
        metrics=chosen,
        baseline=baseline,
        weights=weights,
        device=device,
    )
    print_scores(scores, as_json)
