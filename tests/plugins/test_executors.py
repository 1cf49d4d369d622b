"""Where processes of this machine can be, and what becomes of them when their parent is gone."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from pathlib import Path

import pytest

from gan_zoo.components import Job, UserError
from gan_zoo_executors import places
from gan_zoo_executors.local import Local
from gan_zoo_executors.specs import LocalSpec

LISTED = """\
GPU 0: NVIDIA H100 80GB HBM3 (UUID: GPU-aaaa)
GPU 1: NVIDIA H100 80GB HBM3 (UUID: GPU-bbbb)
GPU 2: NVIDIA H100 80GB HBM3 (UUID: GPU-cccc)
"""
DIVIDED = """\
GPU 0: NVIDIA H100 80GB HBM3 (UUID: GPU-aaaa)
  MIG 3g.40gb     Device  0: (UUID: MIG-1111)
  MIG 3g.40gb     Device  1: (UUID: MIG-2222)
"""
# Starts a child that says what it is, and is killed at once.
PARENT = """
import os, pathlib, signal, sys
from gan_zoo.components import Job
from gan_zoo_executors.specs import LocalSpec
folder = pathlib.Path(sys.argv[1])
executor = LocalSpec().build(device="cpu", jobs=1)
command = (sys.executable, "-c", sys.argv[2])
job = Job("one", command, folder, folder / "log", executor.places[0], "cpu", 1, {})
(folder / "handle").write_text(executor.submit(job))
os.kill(os.getpid(), signal.SIGKILL)
"""


def until(holds: Callable[[], object]) -> None:
    end = time.monotonic() + 60
    while not holds():
        assert time.monotonic() < end
        time.sleep(0.02)


@pytest.fixture
def gpus(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Callable[[str], None]:
    """A driver that lists these GPUs, and no word of which may be seen."""
    monkeypatch.delenv(places.VISIBLE, raising=False)

    def list_these(said: str) -> None:
        program = tmp_path / "nvidia-smi"
        program.write_text(f"#!/bin/sh\ncat <<'END'\n{said}END\n")
        program.chmod(0o755)
        monkeypatch.setenv("PATH", f"{tmp_path}:{os.environ['PATH']}")
        forget()

    yield list_these  # type: ignore[misc]
    forget()


def forget() -> None:
    """What the driver said."""
    places._all_gpus.cache_clear()
    places._listed.cache_clear()


def found(spec: LocalSpec, device: str = "cuda", jobs: int | None = None) -> Mapping[str, str]:
    """Place -> the GPU that a process sees there, as CUDA_VISIBLE_DEVICES calls it."""
    made = places.find_places(device, jobs or spec.jobs, spec.devices)
    assert tuple(made) == spec.build(device=device, jobs=jobs).places
    return {place: told.get(places.VISIBLE, "") for place, told in made.items()}


def test_a_process_a_gpu(gpus: Callable[[str], None]) -> None:
    gpus(LISTED)
    a, b, c = "cuda:GPU-aaaa", "cuda:GPU-bbbb", "cuda:GPU-cccc"
    assert found(LocalSpec()) == {a: "0", b: "1", c: "2"}
    assert found(LocalSpec(devices=(2, 0))) == {c: "2", a: "0"}
    assert found(LocalSpec(jobs=2)) == {a: "0", b: "1"}
    assert found(LocalSpec(jobs=2), jobs=9).keys() == {a, b, c}


def test_two_who_see_others_call_a_gpu_by_one_name(
    gpus: Callable[[str], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    gpus(LISTED.replace("aaaa", "12345678-aaaa-aaaa"))
    monkeypatch.setenv(places.VISIBLE, "2,0,7")
    told = {"cuda:GPU-cccc": "2", "cuda:GPU-12345678": "0", "cuda:7": "7"}
    assert found(LocalSpec()) == told
    monkeypatch.setenv(places.VISIBLE, "GPU-123456,GPU-cccc")
    assert found(LocalSpec()).keys() == {"cuda:GPU-12345678", "cuda:GPU-cccc"}
    gpus(LISTED.splitlines()[2].replace("GPU 2", "GPU 0") + "\n")  # a job that was given the last
    monkeypatch.setenv(places.VISIBLE, "0")
    assert found(LocalSpec()) == {"cuda:GPU-cccc": "0"}


def test_parts_of_a_gpu_are_gpus(gpus: Callable[[str], None]) -> None:
    gpus(DIVIDED)
    assert found(LocalSpec()) == {f"cuda:MIG-{n}": f"MIG-{n}" for n in (1111, 2222)}


@pytest.mark.parametrize(
    ("told", "visible"),
    [
        ("3,1", ["3", "1"]),
        (" 3 , GPU-bbbb", ["3", "GPU-bbbb"]),
        ("2,-1,0", ["2"]),
        ("", []),
        ("-1", []),
    ],
)
def test_what_this_process_may_see_is_what_there_is(
    told: str, visible: list[str], gpus: Callable[[str], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    gpus(LISTED)
    monkeypatch.setenv(places.VISIBLE, told)
    assert places.visible_gpus() == visible
    if visible:
        assert list(found(LocalSpec()).values()) == visible
    else:
        with pytest.raises(UserError, match=f"no GPU .* is '{told}'.*engine.device: cpu"):
            LocalSpec().build(device="cuda", jobs=None)


def test_a_gpu_that_is_not_there(gpus: Callable[[str], None]) -> None:
    gpus(LISTED)
    with pytest.raises(UserError, match=r"executor\.devices: there is no GPU 5; .* are 0, 1, 2$"):
        LocalSpec(devices=(0, 5)).build(device="cuda", jobs=None)


def test_without_the_drivers_program_torch_is_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(places.VISIBLE, raising=False)
    monkeypatch.setenv("PATH", "")
    monkeypatch.setattr(places, "COUNT", "print(2)")
    forget()
    assert places.visible_gpus() == ["0", "1"]
    forget()


def test_processors_are_as_many_as_asked() -> None:
    assert found(LocalSpec(), "cpu", 3).keys() == {"cpu:0", "cpu:1", "cpu:2"}
    assert len(found(LocalSpec(), "cpu")) == len(os.sched_getaffinity(0))
    assert found(LocalSpec(jobs=2), "cpu", 1).keys() == {"cpu:0"}
    assert found(LocalSpec(jobs=2), "mps").keys() == {"mps"}


def job(folder: Path, *command: str, place: str = "cpu:0") -> Job:
    return Job("one", command, folder, folder / "log", place, "cpu", 1, {"KIT": "kit"})


def test_a_child_sees_its_device_alone(tmp_path: Path) -> None:
    executor = Local({"cuda:1": {places.VISIBLE: "GPU-bbbb"}})
    program = f"import os; print(os.environ['KIT'], os.environ['{places.VISIBLE}'])"
    handle = executor.submit(job(tmp_path, sys.executable, "-c", program, place="cuda:1"))
    until(lambda: executor.state(handle) == "ended")
    assert (tmp_path / "log").read_text() == "kit GPU-bbbb\n"


def test_a_child_outlives_its_parent_and_is_found(tmp_path: Path) -> None:
    program = "import time; print('began', flush=True); time.sleep(600)"
    words = [sys.executable, "-c", PARENT, str(tmp_path), program]
    ended = subprocess.run(words, check=False, start_new_session=True)
    assert ended.returncode == -signal.SIGKILL
    handle, executor = (tmp_path / "handle").read_text(), LocalSpec().build(device="cpu", jobs=1)
    until(lambda: (tmp_path / "log").read_text() == "began\n")
    assert executor.state(handle) == "running"
    executor.cancel(handle)
    until(lambda: executor.state(handle) == "ended")


def test_another_process_of_that_number_is_not_it(tmp_path: Path) -> None:
    executor = LocalSpec().build(device="cpu", jobs=1)
    mine = f'{{"pid": {os.getpid()}, "started": "another time"}}'
    assert executor.state(mine) == "ended"
    executor.cancel(mine)  # or this test would end here


def test_what_cannot_be_started_is_told(tmp_path: Path) -> None:
    executor = LocalSpec().build(device="cpu", jobs=1)
    with pytest.raises(UserError, match=r"one cannot be started: .*no-such-program"):
        executor.submit(job(tmp_path, "no-such-program"))
