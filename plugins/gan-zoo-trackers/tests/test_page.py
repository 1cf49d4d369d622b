"""The page docs/how-to/track-a-run.md: its recipe trains, and what it names is there."""

from __future__ import annotations

import json
import re
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

import gan_zoo
from gan_zoo import Recipe
from gan_zoo_trackers import MLflowSpec, TensorBoardSpec, WandbSpec

PAGE = Path(__file__).parents[3] / "docs" / "how-to" / "track-a-run.md"
SPECS = {"tensorboard": TensorBoardSpec, "wandb": WandbSpec, "mlflow": MLflowSpec}
SMALL = {
    "data.workers": 0,
    "generator": {"width": 2, "depth": 3},
    "discriminator.width": 2,
    "engine": {"device": "cpu", "checkpoint_every": 20},
}


def recipe(set: dict[str, Any]) -> Recipe:
    """The recipe of the page, with small networks."""
    (quoted,) = re.findall(r"^```yaml\n(.*?)^```$", PAGE.read_text(), re.M | re.S)
    (extends, rest) = quoted.split("\n", 1)
    assert extends == "extends: quickstart"
    name, said = re.findall(r"^  (\w+): \{use: (\S+)\}$", rest, re.M)[0]
    return Recipe.load("quickstart", set={**SMALL, f"callbacks.{name}": {"use": said}, **set})


def steps(run: Path, tag: str) -> list[int]:
    """The steps of a curve."""
    found = EventAccumulator(str(run / "tensorboard"), size_guidance={"scalars": 0}).Reload()
    return [point.step for point in found.Scalars(tag)]


def test_the_recipe_of_the_page_trains(tmp_path: Path) -> None:
    main = {"epochs": None, "steps": 60, "schedule": None}
    gan_zoo.train(recipe({"phases.main": main, "validation": None}), tmp_path / "run")
    assert steps(tmp_path / "run", "losses/G_GAN") == [20, 40, 60]


def test_every_option_and_callback_that_the_page_names_is_there() -> None:
    text = PAGE.read_text()
    for name in re.findall(r"`trackers/(\w+)`", text):
        assert name in SPECS
    for option, value in re.findall(r"`(\w+): (\w+)`", text):
        assert any(option in spec.model_fields for spec in SPECS.values()), option
        assert value in {"false", "online", "trackio"}
    assert TensorBoardSpec().every == 20
    assert Recipe.load("quickstart").engine.log_every == 20


@pytest.mark.slow
def test_a_run_that_is_stopped_again_and_again_is_one_line(tmp_path: Path) -> None:
    """Ctrl-C at any moment, previews and validations among them."""
    out, log = tmp_path / "run", tmp_path / "run" / "log.txt"
    made = recipe({"phases.main": {"epochs": 2, "schedule": None}, "validation.every": 1})
    path = tmp_path / "recipe.yaml"
    path.write_text(json.dumps(made.dump()))
    command = [sys.executable, "-m", "gan_zoo", "run", str(path), "--out", str(out)]
    for wait in (1.0, 2.0, 0.2, None):
        process = subprocess.Popen(command)
        if wait is not None:
            lines = log.read_text().count("\n") if log.exists() else 0
            while not log.exists() or log.read_text().count("\n") < lines + 4:
                time.sleep(0.1)
            time.sleep(wait)
            process.send_signal(signal.SIGINT)
        assert process.wait() in (0, 1)
        command = [sys.executable, "-m", "gan_zoo", "resume", str(out)]
    assert "failed" not in log.read_text()
    assert len([*(out / "tensorboard").iterdir()]) > 1
    assert steps(out, "losses/G_GAN") == list(range(20, 281, 20))
