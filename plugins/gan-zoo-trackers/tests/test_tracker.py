"""What holds for every tracker: it moves nothing, stops nothing, and what is absent is said."""

from __future__ import annotations

import errno
import importlib.util
import os
import random
from collections.abc import Mapping
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
import torch
from pydantic import ValidationError
from safetensors.torch import load_file

import gan_zoo
from gan_zoo import UserError
from gan_zoo.testing import saved_state
from gan_zoo_trackers import MLflowSpec, TensorBoardSpec, WandbSpec
from gan_zoo_trackers.event_files import EventFiles
from gan_zoo_trackers.tracker import Tracker

PLAIN = {"use": "trackers/tensorboard", "every": 1}


def weights(run: Path) -> dict[str, torch.Tensor]:
    files = sorted((run / "weights" / "latest").rglob("*.safetensors"))
    assert len(files) == 2
    return {f"{file.stem}.{key}": t for file in files for key, t in load_file(file).items()}


def test_weights_are_equal_to_the_bit_with_it_and_without(tmp_path: Path, tiny: Any) -> None:
    gan_zoo.train(tiny(), tmp_path / "alone")
    gan_zoo.train(tiny(tensorboard=PLAIN), tmp_path / "tracked")
    alone, tracked = weights(tmp_path / "alone"), weights(tmp_path / "tracked")
    assert alone.keys() == tracked.keys()
    assert all(torch.equal(alone[key], tracked[key]) for key in alone)
    drawn = [saved_state(tmp_path / name)["generators"]["cpu"] for name in ("alone", "tracked")]
    assert torch.equal(*drawn)


def test_a_full_disk_is_told_once_and_stops_nothing(
    tmp_path: Path, tiny: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    sent, tried = EventFiles.send_scalars, []

    def send(self: EventFiles, values: Mapping[str, float], step: int) -> None:
        tried.append(step)
        if step >= 3:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        sent(self, values, step)

    monkeypatch.setattr(EventFiles, "send_scalars", send)
    run = tmp_path / "run"
    gan_zoo.train(tiny(tensorboard=PLAIN), run)
    told = [line for line in (run / "log.txt").read_text().splitlines() if "failed" in line]
    assert len(told) == 1
    assert "tensorboard failed at step 3 (OSError: [Errno 28] No space left on device)" in told[0]
    assert tried == [1, 2, 3]
    assert "Done after 12 steps" in (run / "log.txt").read_text()


def test_one_that_cannot_begin_is_told_once_and_begins_after_a_resume(
    tmp_path: Path, tiny: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(self: EventFiles, about: object) -> str:
        raise ConnectionError("nobody answers\nand more")

    run = tmp_path / "run"
    with monkeypatch.context() as patch:
        patch.setattr(EventFiles, "open", refuse)
        gan_zoo.train(tiny(tensorboard=PLAIN), run, steps=6)
    said = (run / "log.txt").read_text()
    assert said.count("tensorboard failed at step 0 (ConnectionError: nobody answers)") == 1
    gan_zoo.resume(run, steps="all")
    assert (run / "log.txt").read_text().count("failed") == 1
    assert len([*(run / "tensorboard").iterdir()]) == 1


class Drawer:
    """A backend that draws, as packages do for names and ids; keeps what it is sent."""

    name = "drawer"
    kept_id = "made-up"

    def __init__(self) -> None:
        self.sent: list[tuple[str, int]] = []
        self.about: Any = None

    def open(self, about: object) -> str:
        self.about = about
        return f"{random.random():.1g} shows the run"

    def latest(self, tag: str) -> int:
        return 3 if tag == "losses/G" else -1

    def send_scalars(self, values: Mapping[str, float], step: int) -> None:
        random.shuffle(list(range(9)))
        self.sent += [(tag, step) for tag in values]

    def send_picture(self, tag: str, path: Path, step: int) -> None:
        self.sent.append((tag, step))

    def flush(self) -> None:
        random.random()

    def close(self) -> None:
        self.sent.append(("closed", 0))


def test_generators_are_left_alone(stand_in: SimpleNamespace) -> None:
    tracker = Tracker(Drawer(), every=1, previews=True)
    before = random.getstate(), np.random.get_state(legacy=False), torch.get_rng_state()
    tracker.on_run_start(stand_in)
    tracker.on_losses(1, {"G": 1.0})
    tracker.state()
    assert random.getstate() == before[0]
    np.testing.assert_equal(np.random.get_state(legacy=False), before[1])
    assert torch.equal(torch.get_rng_state(), before[2])


def test_what_a_backend_has_already_is_not_sent_again(stand_in: SimpleNamespace) -> None:
    backend = Drawer()
    tracker = Tracker(backend, every=1, previews=True)
    tracker.restore({"step": 2, "scalars": {"losses%2FG": 0.5, "losses%2FD": 0.5}, "id": "x1"})
    stand_in.position.step = 2
    tracker.on_run_start(stand_in)
    assert (backend.about.step, backend.about.kept_id) == (2, "x1")
    assert backend.about.name == "stand-in from 2"
    assert backend.about.options == {"generator.use": "unet", "generator.width": "8", "seed": "1"}
    for step in (3, 4):
        stand_in.position.step = step
        tracker.on_losses(step, {"G": 1.0, "D": 1.0})
    tracker.on_run_end(stand_in)
    assert backend.sent == [
        *[("losses/D", 2), ("losses/D", 3), ("losses/G", 4), ("losses/D", 4), ("closed", 0)]
    ]
    assert tracker.state()["id"] == "made-up"


@pytest.mark.parametrize(
    ("name", "tag"),
    [
        ("previews/main-000400.png", "previews/main"),
        ("previews/main-000400-average.png", "previews/main-average"),
        ("previews/previews/000400/0000007.png", "previews/previews/0000007"),
        ("previews/000400-000400.png", "previews/000400"),
        ("elsewhere.png", "previews/elsewhere"),
    ],
)
def test_a_picture_s_name_has_no_step(name: str, tag: str, stand_in: SimpleNamespace) -> None:
    backend, path = Drawer(), stand_in.folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.touch()
    tracker = Tracker(backend, every=1, previews=True)
    tracker.on_run_start(stand_in)
    stand_in.position.step = 400
    tracker.on_preview(stand_in, path)
    tracker.on_preview(stand_in, path)
    assert backend.sent == [(tag, 400)]


@pytest.mark.parametrize(
    ("spec", "absent", "line"),
    [
        (TensorBoardSpec(), "tensorboard", "tensorboard is not installed: pip install"),
        (WandbSpec(), "wandb", "gan-zoo-trackers[wandb]"),
        (WandbSpec(package="trackio"), "trackio", "gan-zoo-trackers[trackio]"),
        (MLflowSpec(), "mlflow sqlalchemy alembic", "mlflow, sqlalchemy, alembic are not"),
    ],
)
def test_an_absent_package_is_said_before_the_first_step(
    spec: Any, absent: str, line: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, tiny: Any
) -> None:
    found = importlib.util.find_spec

    def find(name: str, *rest: Any) -> Any:
        return None if name in absent.split() else found(name, *rest)

    monkeypatch.setattr("gan_zoo_trackers.specs.find_spec", find)
    (said,) = spec.missing()
    assert line in said
    recipe = tiny().model_copy(update={"callbacks": {"tracker": spec}})
    with pytest.raises(UserError, match=r"callbacks\.tracker: .*pip install 'gan-zoo-trackers\["):
        gan_zoo.train(recipe, tmp_path / "run")
    assert not (tmp_path / "run").exists()


def test_trackio_does_not_send() -> None:
    with pytest.raises(ValidationError, match="use mode offline, and `trackio sync`"):
        WandbSpec(package="trackio", mode="online")
