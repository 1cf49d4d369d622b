"""A Slurm of one machine, which really executes what it is given: one program that is sbatch,
srun, squeue, scancel or scontrol by the name it is called. Time limits are the test's: it says when
a job's time is nearly up. As in Slurm a signal for a job's step reaches every process of it, and no
other.

The folder $FAKE_SLURM holds what there is: NUMBER.sh and NUMBER.state of every job in the queue,
NUMBER.step with the process group of its step, NUMBER.again while it is to be queued again, `full`
while no job may start, `down` while the controller does not answer.
"""

from __future__ import annotations

import os
import re
import shlex
import signal
import subprocess
import sys
import time
from pathlib import Path

HOME = Path(os.environ["FAKE_SLURM"])
FLAG = re.compile(r"^#SBATCH --([\w-]+)(?:=(.*))?$", re.MULTILINE)


def flags(script: str) -> dict[str, str]:
    """What the lines #SBATCH say."""
    return {name: "".join(shlex.split(value)) for name, value in FLAG.findall(script)}


def write_state(job: str, state: str) -> None:
    """At once, since others read it."""
    new = HOME / f"{job}.new"
    new.write_text(state)
    new.replace(HOME / f"{job}.state")


def sbatch(path: str) -> None:
    """Take a job, and leave it to a process of its own."""
    script = Path(path).read_text()
    if flags(script).get("partition") == "nowhere":
        sys.exit("sbatch: error: invalid partition specified: nowhere")
    job = str(100 + len([*HOME.glob("*.sh")]))
    (HOME / f"{job}.sh").write_text(script)
    write_state(job, "PENDING")
    subprocess.Popen(
        [sys.executable, __file__, "controller", job],
        start_new_session=True,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    print(f"Submitted batch job {job}")


def controller(job: str) -> None:
    """Start a job once there is room, and again as often as that was asked for."""
    again, numbers = HOME / f"{job}.again", ("NODEID", "PROCID", "LOCALID")
    told = {f"SLURM_{name}": "0" for name in numbers} | {"SLURM_JOB_ID": job, "SLURM_NTASKS": "1"}
    again.touch()
    while again.exists():
        again.unlink()
        write_state(job, "PENDING")
        while (HOME / "full").exists():
            if (HOME / f"{job}.cancelled").exists():
                break
            time.sleep(0.02)
        else:
            write_state(job, "RUNNING")
            words = ["bash", str(HOME / f"{job}.sh")]
            subprocess.run(words, env={**os.environ, **told}, check=False)
    (HOME / f"{job}.state").unlink()


def srun(*words: str) -> None:
    """The step: the command in a process group of its own."""
    job, left = os.environ["SLURM_JOB_ID"], list(words)
    while left[0].startswith("--"):
        name = left.pop(0)
        if name in ("--output", "--error"):
            path = left.pop(0).replace("%j", job).replace("%t", "0")
            to = os.open(path, os.O_CREAT | os.O_APPEND | os.O_WRONLY, 0o644)
            os.dup2(to, 2 if name == "--error" else 1)
            if "--error" not in words:
                os.dup2(to, 2)
    os.setpgid(0, 0)
    (HOME / f"{job}.step").write_text(str(os.getpgid(0)))
    os.execvp(left[0], left)


def squeue(*words: str) -> None:
    """The jobs that wait or run."""
    assert words == ("--noheader", "--me", "--format=%i %T"), words
    if (HOME / "down").exists():
        sys.exit("slurm_load_jobs error: Unable to contact slurm controller (connect failure)")
    for path in HOME.glob("*.state"):
        print(path.stem, path.read_text())


def scancel(*words: str) -> None:
    """A signal for the step; without one the end of the job."""
    *options, job = words
    (HOME / f"{job}.cancelled").touch()
    named = [signal.Signals[f"SIG{option.removeprefix('--signal=')}"] for option in options]
    if (HOME / f"{job}.step").exists():
        os.killpg(int((HOME / f"{job}.step").read_text()), *(named or [signal.SIGKILL]))
    elif named:
        sys.exit(f"scancel: error: Kill job error on job id {job}: Job is pending execution")


def scontrol(word: str, job: str) -> None:
    """Queue it again."""
    assert word == "requeue"
    (HOME / f"{job}.again").touch()


if __name__ == "__main__":
    called = Path(sys.argv[0]).name
    given = sys.argv[1:] if called != "fake_slurm.py" else sys.argv[2:]
    globals()[called if called != "fake_slurm.py" else sys.argv[1]](*given)
