"""Schemathesis asks all that the OpenAPI of a service allows, and what it does not allow."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from gan_zoo.runs.folder import RunFolder
from tests.serving.test_server import served

HERE = Path(__file__).parent
WITH_PICTURES = {"SCHEMATHESIS_HOOKS": "schemathesis_hooks"}


@pytest.mark.slow
@pytest.mark.parametrize(
    ("examples", "least", "how", "hooks"),
    [
        (450, 500, [], WITH_PICTURES),
        (150, 200, ["--exclude-checks", "positive_data_acceptance"], {}),  # bytes are no pictures
    ],
    ids=["pictures", "bytes"],
)
@pytest.mark.parametrize("token", [None, "secret"])
def test_schemathesis_finds_nothing(
    run: RunFolder,
    tmp_path: Path,
    examples: int,
    least: int,
    how: list[str],
    hooks: dict[str, str],
    token: str | None,
) -> None:
    if token is not None:
        examples, least = examples // 5, least // 5
        how = [*how, "-H", f"Authorization: Bearer {token}"]
    with served(run.path, *(["--token", token] if token else []), seconds=900) as (_, said):
        address = re.findall(r"http://[\d.]+:\d+", said[1])[0]
        command = [sys.executable, "-m", "schemathesis.cli", "run", f"{address}/openapi.json"]
        words = ["--phases", "coverage,fuzzing", "--max-examples", str(examples), "--seed", "1"]
        done = subprocess.run(
            [*command, *words, *how, "--request-timeout", "60", "--continue-on-failure"],
            cwd=tmp_path,
            env={**os.environ, "PYTHONPATH": f"{HERE}{os.pathsep}{HERE.parents[1]}", **hooks},
            capture_output=True,
            text=True,
            check=False,
        )
    assert done.returncode == 0, done.stdout[-8000:]
    found = re.search(r"(\d+) generated, (\d+) passed", done.stdout)
    assert found, done.stdout
    assert int(found[1]) >= least
