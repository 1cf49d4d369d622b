"""What a run remembers of its world."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

MEMORY = (
    "import json; from gan_zoo.runs.environment import describe_memory; "
    "print(json.dumps(describe_memory('cpu')))"
)
LARGE = 600 * 2**20


@pytest.mark.skipif(not Path("/proc/self/status").is_file(), reason="/proc tells it, on Linux")
def test_memory_is_that_of_the_process_and_not_of_its_parent() -> None:
    parent = "\n".join(
        [
            "import subprocess, sys",
            f"held = bytearray({LARGE})",
            "held[::4096] = b'1' * len(held[::4096])",
            f"subprocess.run([sys.executable, '-c', {MEMORY!r}], check=True)",
        ]
    )
    done = subprocess.run([sys.executable, "-c", parent], capture_output=True, check=True)
    told = json.loads(done.stdout)
    assert 10 * 2**20 < told["process_bytes"] < LARGE / 2
