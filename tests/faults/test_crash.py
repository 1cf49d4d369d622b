"""A component that raises ends the run, whoever still reads ahead."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

BROKEN = """
import sys
import gan_zoo.cli
from gan_zoo_losses.reconstruction import Reconstruction

def broken(self, scene, player):
    raise ValueError("the loss is broken")

Reconstruction.__call__ = broken
sys.argv = ["gan-zoo", *sys.argv[1:]]
sys.exit(gan_zoo.cli.main())
"""


def test_a_crash_in_a_step_ends_the_process(tmp_path: Path) -> None:
    few = ["validation=null", "callbacks=null", "generator.width=4", "discriminator.width=4"]
    sets = [word for change in [*few, "data.workers=2"] for word in ("--set", change)]
    run = ["run", "quickstart", "--out", str(tmp_path / "run"), *sets]
    done = subprocess.run(
        [sys.executable, "-c", BROKEN, *run],
        capture_output=True,
        text=True,
        timeout=120,  # workers that nobody lets go would hold it for ever
        check=False,
    )
    assert done.returncode == 1
    assert "ValueError: the loss is broken" in done.stderr
