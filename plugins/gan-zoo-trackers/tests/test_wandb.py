"""wandb and trackio: what they keep on this machine, and what is asked of wandb to send it."""

from __future__ import annotations

import json
import os
import struct
import subprocess
import sys
import time
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import Any

import pytest

import gan_zoo
from gan_zoo_trackers import WandbSpec

needs_wandb = pytest.mark.skipif(
    find_spec("wandb") is None,
    reason="wandb is not installed: pip install 'gan-zoo-trackers[wandb]'",
)
needs_trackio = pytest.mark.skipif(
    find_spec("trackio") is None,
    reason="trackio is not installed: pip install 'gan-zoo-trackers[trackio]'",
)
LABELS = ["D_fake", "D_real", "G_GAN", "G_L1"]

# ---------------------------------------------------------------------------------- wandb itself


def records(run: Path) -> list[Any]:
    """What wandb keeps of a run that is finished; another process writes the end of it."""
    began = time.monotonic()
    while time.monotonic() < began + 20:
        found = list(parsed(run))
        if found and found[-1].HasField("exit"):
            return found
        time.sleep(0.1)
    raise AssertionError(f"{run} has no end")


def parsed(run: Path) -> Iterator[Any]:
    """The .wandb file: a log of LevelDB's format, behind 7 bytes."""
    from wandb.proto.wandb_internal_pb2 import Record

    (path,) = run.glob("*.wandb")
    data, at, held = path.read_bytes(), 7, b""
    while at + 7 <= len(data):
        if 32768 - at % 32768 < 7:  # a block's rest, too small for a record
            at += 32768 - at % 32768
            continue
        _, length, kind = struct.unpack_from("<IHB", data, at)
        held += data[at + 7 : at + 7 + length]
        at += 7 + length
        if kind in (1, 4):  # whole, or the last piece
            yield Record.FromString(held)
            held = b""


def history(run: Path) -> dict[str, list[tuple[int, Any]]]:
    """Tag -> (step, value) of an offline run."""
    found: dict[str, list[tuple[int, Any]]] = {}
    for record in records(run):
        if record.WhichOneof("record_type") == "history":
            items = record.history.item
            values = {i.key or ".".join(i.nested_key): json.loads(i.value_json) for i in items}
            for tag, value in values.items():
                if not tag.startswith("_"):
                    found.setdefault(tag, []).append((values["_step"], value))
    return found


@needs_wandb
def test_offline_a_resume_is_a_new_run_of_the_same_group(
    tmp_path: Path, tiny: Any, logged: Any
) -> None:
    run = tmp_path / "mine"
    gan_zoo.train(tiny(wandb={"use": "trackers/wandb", "every": 1}), run, steps=6)
    gan_zoo.resume(run, steps="all")
    assert "failed" not in (run / "log.txt").read_text()
    first, second = sorted((run / "wandb").glob("offline-run-*"), key=lambda p: p.stat().st_ctime)
    about = [next(r.run for r in records(kept) if r.HasField("run")) for kept in (first, second)]
    assert [(a.display_name, a.run_group) for a in about] == [
        ("mine", "mine"),
        ("mine from 6", "mine"),
    ]
    assert about[0].run_id != about[1].run_id
    config = {item.key: json.loads(item.value_json) for item in about[0].config.update}
    assert config["generator"]["width"] == 2
    expected = logged(run)
    for label in LABELS:
        tag = f"losses/{label}"
        line = expected[tag]
        assert history(first)[tag] == line[:6]
        assert history(second)[tag] == line[5:]  # it begins with the checkpoint's own step
    assert history(second)["previews/main._type"] == [(12, "image-file")]
    assert len([*second.rglob("previews/*.png")]) == 1


# ---------------------------------------------------------------------------------- a stand-in


@pytest.fixture
def wandb(monkeypatch: pytest.MonkeyPatch) -> SimpleNamespace:
    """A wandb that notes how it is called, and knows ten steps of any run that is resumed."""
    calls = SimpleNamespace(init=[], login=[], log=[], key=True)

    def login(**how: Any) -> bool:
        calls.login.append(how)
        return bool(calls.key)

    def init(**how: Any) -> SimpleNamespace:
        calls.init.append(how)
        return SimpleNamespace(
            id=how["id"] or "a1b2c3d4",
            url="https://wandb.example/run",
            dir=str(how["dir"] / "wandb" / "run-1" / "files"),
            step=11 if how["resume"] else 0,
            log=lambda values, step: calls.log.append((step, values)),
            finish=lambda: calls.log.append("finished"),
        )

    made: Any = ModuleType("wandb")
    made.login, made.init, made.Settings = login, init, dict
    monkeypatch.setitem(sys.modules, "wandb", made)
    return calls


def test_online_a_resume_goes_on_with_the_same_run(
    wandb: SimpleNamespace, stand_in: SimpleNamespace
) -> None:
    spec = WandbSpec(mode="online", project="mine", every=1)
    first = spec.build()
    first.on_run_start(stand_in)
    stand_in.position.step = 8
    first.on_losses(8, {"G": 1.0})
    state = first.state()
    assert state["id"] == "a1b2c3d4"

    second = spec.build()
    second.restore(state)
    second.on_run_start(stand_in)
    for step in (9, 10, 11):
        stand_in.position.step = step
        second.on_losses(step, {"G": float(step)})
    second.on_run_end(stand_in)
    assert [call["id"] for call in wandb.init] == [None, "a1b2c3d4"]
    assert [call["resume"] for call in wandb.init] == [None, "allow"]
    assert {(c["project"], c["group"], c["name"], c["mode"]) for c in wandb.init} == {
        ("mine", "stand-in", "stand-in", "online")
    }
    # what wandb had already, up to step 10, is not sent again
    assert wandb.log == [(8, {"losses/G": 1.0}), (11, {"losses/G": 11.0}), "finished"]
    assert wandb.login == [{"prompt": False, "verify": False}] * 2
    assert stand_in.said == ["wandb: https://wandb.example/run shows the run"] * 2


def test_without_a_key_nobody_is_asked_for_one(
    wandb: SimpleNamespace, stand_in: SimpleNamespace
) -> None:
    wandb.key = False
    tracker = WandbSpec(mode="online").build()
    tracker.on_run_start(stand_in)
    tracker.on_scores(stand_in, {"l1": 1.0})
    assert wandb.init == []
    (told,) = stand_in.said
    assert "wandb failed at step 0 (RuntimeError: wandb has no key: `wandb login` takes one" in told


def test_offline_it_does_not_log_in_and_tells_how_to_send(
    wandb: SimpleNamespace, stand_in: SimpleNamespace
) -> None:
    tracker = WandbSpec().build()
    tracker.on_run_start(stand_in)
    assert wandb.login == []
    assert wandb.init[0]["mode"] == "offline"
    assert wandb.init[0]["config"] == {"generator": {"use": "unet", "width": 8}, "seed": 1}
    assert "id" not in tracker.state()  # wandb cannot go on with it
    kept = stand_in.folder / "wandb" / "run-1"
    assert stand_in.said == [f"wandb: kept offline; wandb sync {kept} sends it"]


# ---------------------------------------------------------------------------------- trackio

TRACKED = """
import json, sys
import gan_zoo
from trackio.sqlite_storage import SQLiteStorage

gan_zoo.train(gan_zoo.Recipe.load(sys.argv[1]), sys.argv[2], steps=6)
gan_zoo.resume(sys.argv[2], steps="all")
kept = {name: SQLiteStorage.get_logs("gan-zoo", name) for name in SQLiteStorage.get_runs("gan-zoo")}
print("KEPT" + json.dumps(kept) + "KEPT")
"""


@needs_trackio
def test_trackio_keeps_it_in_its_own_folder(tmp_path: Path, tiny: Any, logged: Any) -> None:
    recipe, run = tmp_path / "recipe.yaml", tmp_path / "mine"
    tracker = {"use": "trackers/wandb", "package": "trackio", "every": 1}
    recipe.write_text(json.dumps(tiny(trackio=tracker).dump()))
    done = subprocess.run(
        [sys.executable, "-c", TRACKED, recipe, run],
        env={**os.environ, "TRACKIO_DIR": str(tmp_path / "kept")},
        capture_output=True,
        text=True,
        check=True,
    )
    said, kept, rest = done.stdout.split("KEPT")
    assert "failed" not in said
    assert said.count("trackio: trackio show --project gan-zoo shows the run") == 2
    assert "Trackio" not in said + rest
    found = json.loads(kept)
    assert set(found) == {"mine", "mine from 6"}
    expected = logged(run)
    for label in LABELS:
        lines = [
            [
                (log["step"], log[f"losses/{label}"])
                for log in found[name]
                if f"losses/{label}" in log
            ]
            for name in ("mine", "mine from 6")
        ]
        assert lines == [expected[f"losses/{label}"][:6], expected[f"losses/{label}"][5:]]
    assert len([*(tmp_path / "kept").rglob("*.png")]) == 2
