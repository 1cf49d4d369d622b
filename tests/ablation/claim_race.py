"""Six processes at a time want one run, hold it for a moment, and let go of it or die.

    python claim_race.py FOLDER ROUNDS

Whoever holds it makes a file that must not be there, and a line of journal.txt.
"""

from __future__ import annotations

import os
import random
import sys
import time
from pathlib import Path

from gan_zoo.ablation.claims import take

PROCESSES = 6


def hold(folder: Path, draw: random.Random) -> None:
    """Wait for the run, hold it, and let go or die."""
    while (claim := take(folder / "claims/key", place="cpu:0")) is None:
        time.sleep(0.001 * draw.random())
    inside = os.open(folder / "inside", os.O_CREAT | os.O_EXCL)  # two at once would end here
    with (folder / "journal.txt").open("a") as journal:
        journal.write(f"{claim.owner.id} {len(claim.before)}\n")
    time.sleep(0.002 * draw.random())
    assert claim.is_ours()
    os.close(inside)
    os.unlink(folder / "inside")
    if draw.random() < 0.5:
        claim.release()


def main() -> None:
    """Until there were as many rounds; the exit code says whether all went well."""
    folder, rounds = Path(sys.argv[1]), int(sys.argv[2])
    running, begun = 0, 0
    while begun < rounds or running:
        if begun < rounds and running < PROCESSES:
            if not os.fork():
                code = 1
                try:
                    hold(folder, random.Random(begun))
                    code = 0
                finally:
                    os._exit(code)
            begun, running = begun + 1, running + 1
            continue
        _, status = os.wait()
        running -= 1
        if status:
            sys.exit(1)


if __name__ == "__main__":
    main()
