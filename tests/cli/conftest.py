"""The command line in this process: what it says, and its exit code."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from gan_zoo.cli import main

TINY = (
    *("--set", "generator.width=4", "--set", "generator.depth=4", "--set", "data.workers=0"),
    *("--set", "discriminator.width=4", "--set", "validation=null", "--set", "callbacks=null"),
)


class Said(NamedTuple):
    """What one command did."""

    code: int
    out: str
    err: str

    def data(self) -> Any:
        """The answer of --json."""
        return json.loads(self.out)


Command = Callable[..., Said]


@pytest.fixture
def zoo(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Command:
    """Run a command line."""

    def run(*words: object) -> Said:
        monkeypatch.setattr(sys, "argv", ["gan-zoo", *map(str, words)])
        capsys.readouterr()
        code = 0
        try:
            main()
        except SystemExit as end:
            code = end.code if isinstance(end.code, int) else 0
        return Said(code, *capsys.readouterr())

    return run


@pytest.fixture(scope="session")
def trained(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A run of one step."""
    folder = tmp_path_factory.mktemp("trained") / "run"
    with pytest.MonkeyPatch.context() as patch:
        words = ["gan-zoo", "run", "quickstart", *TINY, "--steps", "1", "--out", str(folder)]
        patch.setattr(sys, "argv", words)
        with pytest.raises(SystemExit) as end:
            main()
    assert not end.value.code
    return folder
