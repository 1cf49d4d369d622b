"""Jobs of a Slurm: what sbatch is told, what becomes of them, and when their time is up."""

from __future__ import annotations

import pickletools
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from submitit import LocalExecutor

from gan_zoo.components import Job, UserError
from gan_zoo_slurm.command import Command
from gan_zoo_slurm.specs import SubmititSpec

from .conftest import Slurm, until

Make = Callable[..., Job]

# Saves when it is told to end, and is done when it comes again.
RUN = """
import pathlib, signal, sys, time
saved = pathlib.Path({saved!r})
if saved.exists():
    print("resumed", flush=True)
    sys.exit(0)
def save(number, frame):
    time.sleep(0.3)
    saved.touch()
    print("saved", flush=True)
    sys.exit(1)
signal.signal(signal.SIGTERM, save)
print("began", flush=True)
time.sleep(600)
"""
ASK = """
import sys
from gan_zoo_slurm.specs import SubmititSpec
print(SubmititSpec().build(device="cpu", jobs=1).state(sys.argv[1]))
"""


def said(job: Job) -> list[str]:
    return job.log.read_text().splitlines() if job.log.exists() else []


def queue(device: str = "cpu", **options: Any) -> Any:
    return SubmititSpec(**options).build(device=device, jobs=None)


def test_what_the_file_says_reaches_sbatch(slurm: Slurm, job: Make) -> None:
    words = {"partition": "gpu", "minutes": 90, "cpus": 6, "memory": 24}
    extra = {"account": "vision", "exclusive": True}
    executor = queue("cuda", **words, extra=extra, setup=["export KIT_MODULE=cuda"])
    sent = job("import os; print(os.environ['KIT_MODULE'])", threads=None, device="cuda")
    handle = executor.submit(sent)
    lines = slurm.script(handle).splitlines()
    told = {line.removeprefix("#SBATCH --") for line in lines if line.startswith("#SBATCH")}
    assert told >= {
        *("partition=gpu", "time=90", "cpus-per-task=6", "mem=24GB", "gpus-per-node=1"),
        *("account=vision", "exclusive", "job-name=losses-l1-0", "signal=USR2@120"),
        f"output={sent.folder}/slurm/%j_0_log.out",
    }
    assert [line for line in lines if "--cpus-per-task=6" in line and line.startswith("srun ")]
    assert lines.index("export KIT_MODULE=cuda") < len(lines) - 3
    until(lambda: executor.state(handle) == "ended")
    assert said(sent) == ["cuda"]


def test_what_nobody_says_is_the_clusters(slurm: Slurm, job: Make) -> None:
    executor = queue()
    assert (len(executor.places), executor.places[0]) == (100, "slurm:0")
    handle = executor.submit(job(""))
    script = slurm.script(handle)
    assert "#SBATCH --time=240\n" in script
    assert "#SBATCH --cpus-per-task=2\n" in script  # the run's threads
    assert not [word for word in ("--partition", "--mem", "--gpus") if word in script]
    until(lambda: executor.state(handle) == "ended")
    assert len(queue(jobs=3).places) == 3
    assert len(SubmititSpec(jobs=3).build(device="cpu", jobs=2).places) == 2


def test_words_alone_are_pickled(slurm: Slurm, job: Make) -> None:
    executor = queue()
    handle = executor.submit(job("print(1)"))
    until(lambda: executor.state(handle) == "ended")
    (pickled,) = (job("").folder / "slurm").glob("*_submitted.pkl")
    operations = [*pickletools.genops(pickled.read_bytes())]
    texts = [argument for code, argument, _ in operations if "UNICODE" in code.name]
    globals_ = [n for n, (code, _, _) in enumerate(operations) if "GLOBAL" in code.name]
    assert len(globals_) == 2
    assert {"submitit.core.utils", "DelayedSubmission", "Command"} <= set(texts)
    assert "gan_zoo_slurm.command" in texts


def test_a_job_waits_and_another_process_asks_for_it(slurm: Slurm, job: Make) -> None:
    executor, sent = queue(), job("print('done')")
    (slurm.home / "full").touch()
    handle = executor.submit(sent)
    asked = subprocess.run(
        [sys.executable, "-c", ASK, handle], capture_output=True, text=True, check=True
    )
    assert (executor.state(handle), asked.stdout) == ("waiting", "waiting\n")
    (slurm.home / "full").unlink()
    until(lambda: executor.state(handle) == "ended")
    assert said(sent) == ["done"]


def test_a_job_that_waits_is_taken_out(slurm: Slurm, job: Make) -> None:
    executor, sent = queue(), job("print('done')")
    (slurm.home / "full").touch()
    handle = executor.submit(sent)
    executor.cancel(handle)
    until(lambda: executor.state(handle) == "ended")
    assert said(sent) == []


def test_a_job_whose_time_is_up_saves_and_comes_again(
    slurm: Slurm, job: Make, tmp_path: Path
) -> None:
    executor = queue(minutes=5)
    sent = job(RUN.format(saved=str(tmp_path / "saved")))
    handle = executor.submit(sent)
    until(lambda: "began" in said(sent))
    slurm.warn(handle)  # which reaches the run as well, and must not kill it
    until(lambda: "resumed" in said(sent))
    until(lambda: executor.state(handle) == "ended")
    assert said(sent) == ["began", "saved", "resumed"]


def test_a_job_that_is_cancelled_does_not_come_again(
    slurm: Slurm, job: Make, tmp_path: Path
) -> None:
    executor = queue(minutes=5)
    sent = job(RUN.format(saved=str(tmp_path / "saved")))
    handle = executor.submit(sent)
    until(lambda: "began" in said(sent) and executor.state(handle) == "running")
    executor.cancel(handle)
    until(lambda: executor.state(handle) == "ended")
    assert said(sent) == ["began", "saved"]


def test_a_command_that_has_ended_does_not_come_again(tmp_path: Path) -> None:
    for code in (0, 3):
        command = Command((sys.executable, "-c", f"exit({code})"), str(tmp_path / "log"), {})
        assert command.checkpoint() is not None  # it has not begun
        assert command() == code
        assert command.checkpoint() is None


def test_what_sbatch_refuses_is_told(job: Make) -> None:
    with pytest.raises(UserError, match="losses-l1-0: sbatch: error: invalid partition specified"):
        queue(partition="nowhere").submit(job(""))


def test_a_controller_that_does_not_answer_ends_no_job(slurm: Slurm, job: Make) -> None:
    executor = queue()
    (slurm.home / "full").touch()
    handle = executor.submit(job(""))
    (slurm.home / "down").touch()
    assert executor.state(handle) == "waiting"
    assert queue().state(handle) == "waiting"  # nobody knows
    for name in ("down", "full"):
        (slurm.home / name).unlink()
    until(lambda: executor.state(handle) == "ended")


def test_without_slurm_it_says_what_to_do(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    assert len(SubmititSpec().missing()) == 1
    told = r"no sbatch, srun, .* here; start .* --join --executor local`"
    with pytest.raises(UserError, match=told):
        queue()


def test_submitits_own_executor_queues_a_command_again(tmp_path: Path) -> None:
    """Where its CommandFunction would end at the first timeout."""
    log, saved = tmp_path / "log", tmp_path / "saved"
    words = (sys.executable, "-c", RUN.format(saved=str(saved)))
    executor = LocalExecutor(tmp_path / "submitit")
    executor.update_parameters(timeout_min=0.5, signal_delay_s=26)  # the warning comes after 4 s
    handed = executor.submit(Command(words, str(log), {}))
    assert handed.result() == 0
    assert log.read_text().splitlines() == ["began", "saved", "resumed"]


def test_the_readmes_lines_are_an_executor() -> None:
    import yaml

    page = (Path(__file__).parents[1] / "README.md").read_text()
    (box,) = [part.partition("```")[0] for part in page.split("```yaml\n")[1:]]
    told = yaml.safe_load(box)["executor"]
    assert told.pop("use") == "slurm/submitit"
    assert SubmititSpec(**told).minutes == 240
