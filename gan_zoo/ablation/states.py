"""How far the runs of an ablation are, read in its folder. No torch."""

from __future__ import annotations

from gan_zoo.ablation.attempts import failure, read_attempts
from gan_zoo.ablation.claims import living
from gan_zoo.ablation.folder import AblationFolder


def read_states(folder: AblationFolder) -> dict[str, str]:
    """Key -> done, running, waiting, or `failed: CAUSE`, of every planned run."""
    found = {}
    for key in folder.plan().runs:
        if folder.is_done(key):
            found[key] = "done"
        elif living(folder.claim(key)):
            found[key] = "running"
        else:
            failed = failure(read_attempts(folder.attempts(key)))
            found[key] = f"failed: {failed.cause}" if failed else "waiting"
    return found


def read_faults(folder: AblationFolder) -> dict[str, str]:
    """Key -> the last line of every run that failed."""
    left = [key for key in folder.plan().runs if not folder.is_done(key)]
    tries = {key: failure(read_attempts(folder.attempts(key))) for key in left}
    return {key: one.last for key, one in tries.items() if one}
