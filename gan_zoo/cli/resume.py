"""gan-zoo resume RUN."""

from __future__ import annotations

from gan_zoo.cli.options import RunPath
from gan_zoo.cli.run import training


def resume(run: RunPath) -> None:
    """Go on with a run from its last checkpoint.

    The numbers become the same as without the stop.
    """
    from gan_zoo.engine.rundir import RunDir

    RunDir.open(run)
    from gan_zoo.engine.run import resume as go_on

    training(lambda: go_on(run))
