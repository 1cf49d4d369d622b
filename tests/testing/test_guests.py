"""The two lines with which an installed plugin tests itself."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from gan_zoo.errors import UserError
from gan_zoo.testing import conformance


def test_an_absent_plugin_is_named() -> None:
    with pytest.raises(UserError, match="no plugin 'helo' is installed; there are"):
        conformance("helo")


PLUGIN = '''
import torch
from gan_zoo.hooks import hookimpl
from gan_zoo.specs import LossSpec
from gan_zoo.protocols import Term


class SquareSpec(LossSpec, name="square"):
    """Mean square of the picture."""

    def needs(self):
        return {"generator": frozenset({"fake"})}

    def build(self):
        def square(scene, player):
            if player == "generator":
                yield Term("G_Square", scene["fake"].square().mean(), self.weight)

        return square


class WeightlessSpec(SquareSpec, name="weightless"):
    """The same, whatever the weight."""

    def build(self):
        def square(scene, player):
            if player == "generator":
                yield Term("G_Square", scene["fake"].square().mean())

        return square


@hookimpl
def gan_zoo_components():
    return [SquareSpec, WeightlessSpec]
'''

TEST = """
from gan_zoo.testing import conformance

test_guest = conformance("guest")
"""


def test_two_lines_test_an_installed_plugin(tmp_path: Path) -> None:
    (tmp_path / "gan_zoo_guest.py").write_text(PLUGIN)
    (tmp_path / "test_guest.py").write_text(TEST)
    metadata = tmp_path / "gan_zoo_guest-1.0.dist-info"  # what pip leaves
    metadata.mkdir()
    lines = "Metadata-Version: 2.1\nName: gan-zoo-guest\nVersion: 1.0\n"
    (metadata / "METADATA").write_text(lines)
    (metadata / "entry_points.txt").write_text("[gan_zoo]\nguest = gan_zoo_guest\n")
    ended = subprocess.run(
        [sys.executable, "-m", "pytest", "-p", "no:cacheprovider", "-v", "-k", "weight or torch"],
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(tmp_path)},
        capture_output=True,
        text=True,
        check=False,
    )
    said = ended.stdout
    assert "test_guest[loss guest/square: weight scales the term] PASSED" in said
    assert "test_guest[loss guest/weightless: weight scales the term] FAILED" in said
    assert "test_guest[plugin guest: no torch at import] FAILED" in said
    assert "loss guest/weightless: weight scales the term\n  done:     computed" in said
    assert "import torch and your modules inside build()" in said
    assert "weight" in said
    assert "Traceback" not in said
