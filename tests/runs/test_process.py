"""What the command line's own process has, and that `import gan_zoo` sets nothing."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from gan_zoo.runs.environment import describe_changes, describe_environment
from gan_zoo.runs.process import GIVEN_BACK, SET, SPINS, VARIABLES, describe_process
from gan_zoo.runs.processor_share import count_threads, quota

GLIBC = sys.platform == "linux" and "CS_GNU_LIBC_VERSION" in os.confstr_names
KEPT = "kept by gan-zoo" if GLIBC else f"{GIVEN_BACK}: no glibc"
OURS = {"GOMP_SPINCOUNT": f"{SPINS} by gan-zoo"}
UNSET = dict.fromkeys(VARIABLES, "unset")

# Where glibc puts megabytes: among what is kept, or in a mapping of its own, which is given back.
LOOK = """
import ctypes, json, os, sys
from gan_zoo.runs.process import describe_process

def kept(size):
    malloc = ctypes.CDLL(None).malloc
    malloc.restype = ctypes.c_void_p
    at = malloc(size * 2**20)
    heaps = [line.split()[0].split("-") for line in open("/proc/self/maps") if "[heap]" in line]
    return any(int(low, 16) <= at < int(high, 16) for low, high in heaps)

def look(size=8, **more):
    told = {**describe_process(), "heap": sys.platform == "linux" and kept(size), **more}
    print(json.dumps(told), flush=True)
"""
MODULE = "import runpy; runpy.run_module('gan_zoo', run_name='__main__')"
SCRIPT = """
from importlib import metadata
[script] = metadata.entry_points(group="console_scripts", name="gan-zoo")
script.load()()
"""


def fresh(code: str, **variables: str) -> list[dict[str, Any]]:
    """What a new interpreter tells of itself; the environment names no setting but these."""
    others = {k: v for k, v in os.environ.items() if k not in (*VARIABLES, SET)}
    told = subprocess.run(
        [sys.executable, "-c", LOOK + code],
        env={**others, **variables},
        capture_output=True,
        text=True,
        check=False,
    )
    assert told.returncode == 0, told.stderr
    return [json.loads(line) for line in told.stdout.splitlines()]


def prepared(**variables: str) -> dict[str, Any]:
    """What a prepared process tells of itself."""
    code = "from gan_zoo.runs.process import prepare_process as prepare\nprepare()\nlook()"
    [told] = fresh(code, **variables)
    return told


@pytest.mark.parametrize("code", [MODULE, SCRIPT], ids=["python -m gan_zoo", "gan-zoo"])
def test_the_command_line_has_its_settings(code: str) -> None:
    commands = "import gan_zoo.cli; gan_zoo.cli.app = lambda **_: look()\n"
    [told] = fresh(commands + code)
    heap = told.pop("heap")
    assert told == {**UNSET, **OURS, "memory": KEPT, "OMP_NUM_THREADS": told["OMP_NUM_THREADS"]}
    assert told["OMP_NUM_THREADS"] == (f"{n} by gan-zoo" if (n := count_threads()) else "unset")
    assert heap is GLIBC


def test_an_import_sets_nothing() -> None:
    code = """
before = dict(os.environ)
import gan_zoo, gan_zoo.cli
gan_zoo.Recipe, gan_zoo.train, gan_zoo.load, gan_zoo.evaluate
look(torch="torch" in sys.modules, changed=sorted(before.items() ^ os.environ.items()))
"""
    [told] = fresh(code)
    assert {name: told[name] for name in VARIABLES} == UNSET
    assert (told["torch"], told["changed"], told["memory"]) == (True, [], GIVEN_BACK)
    assert not told["heap"]


@pytest.mark.parametrize(
    ("variable", "value", "ours"),
    [
        ("GOMP_SPINCOUNT", "7", {}),
        ("OMP_WAIT_POLICY", "passive", {}),
        ("KMP_BLOCKTIME", "0", OURS),
        ("OMP_NUM_THREADS", "3", OURS),
        ("MKL_NUM_THREADS", "3", OURS),
    ],
)
def test_what_the_user_set_wins(variable: str, value: str, ours: dict[str, str]) -> None:
    told = prepared(**{variable: value})
    assert told[variable] == f"{value} by the user"
    assert told["GOMP_SPINCOUNT"] in (*ours.values(), told[variable], "unset")
    assert {name: told[name] for name in OURS if told[name] == OURS[name]} == ours
    if variable == "MKL_NUM_THREADS":  # whatever the container's share
        assert told["OMP_NUM_THREADS"] == "unset"


@pytest.mark.skipif(not GLIBC, reason="no glibc")
@pytest.mark.parametrize(
    ("variable", "value", "kept"),
    [
        ("MALLOC_MMAP_THRESHOLD_", "65536", False),
        ("MALLOC_ARENA_MAX", "1", False),
        ("GLIBC_TUNABLES", "glibc.malloc.mmap_threshold=65536", False),
        ("GLIBC_TUNABLES", "glibc.pthread.rseq=1", True),
        (
            "LD_PRELOAD",
            "libtcmalloc-that-is-not-there.so",
            False,
        ),  # the loader says so, and goes on
    ],
)
def test_the_memory_of_who_has_chosen_is_left_alone(variable: str, value: str, kept: bool) -> None:
    told = prepared(**{variable: value})
    assert told["memory"] == (KEPT if kept else f"left to {variable} by the user")
    assert told["heap"] is kept


def test_nothing_is_set_where_torch_was_loaded_before() -> None:
    code = """
import types
from gan_zoo.runs.process import prepare_process
sys.modules["torch"] = types.ModuleType("torch")
prepare_process()
look()
"""
    [told] = fresh(code)
    assert {name: told[name] for name in VARIABLES} == UNSET
    assert told["memory"] == f"{GIVEN_BACK}: torch was loaded before"
    assert not told["heap"]


def test_a_gan_zoo_that_was_started_by_one_chooses_for_itself() -> None:
    """Its environment is not the user's; what was changed on the way is."""
    inherited = {"GOMP_SPINCOUNT": "5", "OMP_NUM_THREADS": "96"}
    mark = " ".join(f"{name}={value}" for name, value in inherited.items())
    told = prepared(**inherited, **{SET: mark})
    assert told["GOMP_SPINCOUNT"] == f"{SPINS} by gan-zoo"
    assert not told["OMP_NUM_THREADS"].startswith("96")
    told = prepared(**{**inherited, "GOMP_SPINCOUNT": "0", SET: mark})
    assert told["GOMP_SPINCOUNT"] == "0 by the user"


@pytest.mark.skipif(not GLIBC, reason="no glibc")
def test_a_forked_reader_keeps_none_and_holds_no_copies() -> None:
    """What lies free in the parent is given back before a reader would share it."""
    code = """
from gan_zoo.runs.process import prepare_process
prepare_process()
here = lambda: int(open("/proc/self/statm").read().split()[1]) * os.sysconf("SC_PAGE_SIZE")
libc = ctypes.CDLL(None)
libc.malloc.restype, libc.free.argtypes = ctypes.c_void_p, [ctypes.c_void_p]
block = libc.malloc(64 * 2**20)
last = libc.malloc(2**20)  # so that the block is no end that could be cut off
ctypes.memset(block, 1, 64 * 2**20)
libc.free(block)
before = here()
given_back = (child := os.fork()) and before - here()
if child:
    os.waitpid(child, 0)
look(size=128, given_back=given_back)
"""
    child, parent = fresh(code)
    assert (child["memory"], child["heap"]) == (GIVEN_BACK, False)
    assert (parent["memory"], parent["heap"]) == (KEPT, True)
    assert parent["given_back"] > 60 * 2**20


def test_openmp_hears_it() -> None:
    """Torch's own, which tells at loading what it has read."""
    code = "from gan_zoo.runs.process import prepare_process as prepare; prepare(); import torch"
    others = {k: v for k, v in os.environ.items() if k not in (*VARIABLES, SET)}
    done = subprocess.run(
        [sys.executable, "-c", code],
        env={**others, "OMP_DISPLAY_ENV": "verbose"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    if "GOMP_SPINCOUNT" not in done.stderr:
        pytest.skip("torch's OpenMP is not libgomp")
    assert f"GOMP_SPINCOUNT = '{SPINS}'" in done.stderr


def test_a_run_remembers_it_and_a_resume_says_what_changed(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in VARIABLES:
        monkeypatch.delenv(name, raising=False)
    before = describe_environment()
    assert before["process"] == describe_process()
    monkeypatch.setenv("OMP_WAIT_POLICY", "passive")
    now = describe_environment()
    assert describe_changes(before, now) == ["OMP_WAIT_POLICY unset -> passive by the user"]
    del before["process"]  # a run of an earlier version
    assert describe_changes(before, now) == []


# ---------------------------------------------------------------------------------- the share

V2 = "30 1 0:26 {top} /sys/fs/cgroup rw,nosuid - cgroup2 cgroup rw,nsdelegate"
V1 = "33 32 0:29 {top} /sys/fs/cgroup/cpu,cpuacct rw - cgroup cgroup rw,cpu,cpuacct"
OTHER = (
    "34 32 0:30 / /sys/fs/cgroup/memory rw - cgroup cgroup rw,memory\n22 1 8:1 / / rw - ext4 x rw"
)


def machine(root: Path, groups: str, mounts: str, files: dict[str, str]) -> Path:
    """A machine of these control groups."""
    files = {"proc/self/cgroup": groups, "proc/self/mountinfo": f"{OTHER}\n{mounts}\n", **files}
    for name, content in files.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(f"{content}\n")
    return root


CPU = "sys/fs/cgroup/cpu,cpuacct/"
SHARES: dict[str, tuple[str, str, dict[str, str], float | None]] = {
    "2, a container": ("0::/", "/", {"cpu.max": "150000 100000"}, 1.5),
    "2, no limit": ("0::/", "/", {"cpu.max": "max 100000"}, None),
    "2, the top of a machine": ("0::/user.slice", "/", {}, None),
    "2, the group above is tighter": (
        "0::/a/b",
        "/",
        {"a/cpu.max": "200000 100000", "a/b/cpu.max": "800000 100000"},
        2,
    ),
    "2, the group is tighter": (
        "0::/a/b",
        "/",
        {"a/cpu.max": "max 100000", "a/b/cpu.max": "50000 100000"},
        0.5,
    ),
    "2, seen from inside": ("0::/docker/1f", "/docker/1f", {"cpu.max": "300000 100000"}, 3),
    "2, a group beside the mount": ("0::/../x", "/docker/1f", {"cpu.max": "300000 100000"}, 3),
    "1, a container": (
        "4:memory:/\n3:cpuacct,cpu:/docker/1f",
        "/docker/1f",
        {"cpu.cfs_quota_us": "250000", "cpu.cfs_period_us": "100000"},
        2.5,
    ),
    "1, no limit": (
        "3:cpu,cpuacct:/",
        "/",
        {"cpu.cfs_quota_us": "-1", "cpu.cfs_period_us": "100000"},
        None,
    ),
    "1, a group": (
        "3:cpu,cpuacct:/jobs/7",
        "/",
        {"jobs/7/cpu.cfs_quota_us": "400000", "jobs/7/cpu.cfs_period_us": "50000"},
        8,
    ),
    "2, written by hand": ("0::/", "/", {"cpu.max": "plenty"}, None),
}


@pytest.mark.parametrize("name", SHARES)
def test_the_share_is_read_from_the_groups(name: str, tmp_path: Path) -> None:
    groups, top, files, expected = SHARES[name]
    mount, base = (V2, "sys/fs/cgroup/") if name.startswith("2") else (V1, CPU)
    placed = {base + file: content for file, content in files.items()}
    assert quota(machine(tmp_path, groups, mount.format(top=top), placed)) == expected


def test_without_groups_there_is_no_share(tmp_path: Path) -> None:
    assert quota(tmp_path) is None


@pytest.mark.skipif(not hasattr(os, "sched_getaffinity"), reason="not on this system")
@pytest.mark.parametrize(
    ("processors", "siblings", "share", "expected"),
    [
        (8, False, "max", None),
        (8, False, "800000", None),
        (8, False, "710000", None),  # 8 of 8: torch's own
        (8, False, "700000", 7),
        (8, False, "150000", 2),
        (8, False, "10000", 1),
        (1, False, "50000", None),
        (8, True, "400000", None),  # 4 cores, which torch takes
        (8, True, "290000", 3),
    ],
)
def test_threads_are_as_many_as_the_share_has_work_for(
    processors: int,
    siblings: bool,
    share: str,
    expected: int | None,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    files = {"sys/fs/cgroup/cpu.max": f"{share} 100000"}
    if siblings:
        folder = "sys/devices/system/cpu/cpu{}/topology/thread_siblings_list"
        files |= {folder.format(n): f"{n % 4},{n % 4 + 4}" for n in range(8)}
    monkeypatch.setattr(os, "sched_getaffinity", lambda _: set(range(processors)))
    assert count_threads(machine(tmp_path, "0::/", V2.format(top="/"), files)) == expected
