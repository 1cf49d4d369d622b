"""What TensorBoard reads after a run was killed and resumed: one line a tag."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from PIL import Image
from tensorboard.backend.event_processing import plugin_event_accumulator
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator
from tensorboard.backend.event_processing.event_file_loader import EventFileLoader

import gan_zoo
from gan_zoo_trackers import TensorBoardSpec

TRACKER = {"tensorboard": {"use": "trackers/tensorboard", "every": 1}}
KILLED_AT = 8  # three steps after the checkpoint of step 5
KILLED = """
import os, signal, sys
import gan_zoo
from gan_zoo_trackers.event_files import EventFiles

sent = EventFiles.send_scalars

def send(self, values, step):
    sent(self, values, step)
    if step == {step}:
        self.flush()
        os.kill(os.getpid(), signal.SIGKILL)

EventFiles.send_scalars = send
gan_zoo.train(gan_zoo.Recipe.load(sys.argv[1]), sys.argv[2])
"""


def read(run: Path) -> Any:
    """All that TensorBoard keeps of a run's event files."""
    everything = dict.fromkeys(("scalars", "images", "tensors"), 0)
    return EventAccumulator(str(run / "tensorboard"), size_guidance=everything).Reload()


def lines(run: Path) -> dict[str, list[tuple[int, float]]]:
    """Tag -> (step, value), in the order in which a chart draws them."""
    found = read(run)
    points = {tag: found.Scalars(tag) for tag in found.Tags()["scalars"]}
    return {
        tag: [(point.step, point.value) for point in line] for tag, line in points.items() if line
    }


def pictures(run: Path) -> dict[str, list[int]]:
    """Tag -> steps of its pictures."""
    found = read(run)
    shown = {tag: found.Images(tag) for tag in found.Tags()["images"]}
    return {tag: [picture.step for picture in line] for tag, line in shown.items() if line}


def written(run: Path, tag: str) -> list[int]:
    """The steps of a tag in all event files, void ones included."""
    return [
        event.step
        for path in sorted((run / "tensorboard").iterdir())
        for event in EventFileLoader(str(path)).Load()
        if any(value.tag == tag for value in event.summary.value)
    ]


@pytest.mark.parametrize("every", [1, 2])
def test_a_killed_and_resumed_run_is_one_line(
    every: int, tmp_path: Path, tiny: Any, logged: Any
) -> None:
    recipe, run = tmp_path / "recipe.yaml", tmp_path / "run"
    tracker = {"use": "trackers/tensorboard", "every": every}
    recipe.write_text(json.dumps(tiny(tensorboard=tracker).dump()))
    script = KILLED.format(step=KILLED_AT)
    killed = subprocess.run([sys.executable, "-c", script, recipe, run], check=False)
    assert killed.returncode == -9
    sent, resent = [*range(every, 9, every)], [*range(6 if every == 2 else 5, 13, every)]
    assert [step for step, _ in lines(run)["losses/G_GAN"]] == sent

    gan_zoo.resume(run)
    expected, found = logged(run), lines(run)
    assert written(run, "losses/G_GAN") == sent + resent  # some of them twice
    assert set(found) == set(expected)
    for tag, line in expected.items():
        steps, values = zip(*found[tag], strict=True)
        assert steps == tuple(range(every, 13, every))
        np.testing.assert_array_equal(values, np.float32([x for _, x in line[every - 1 :: every]]))
    assert pictures(run) == {"previews/main": [12]}
    page = plugin_event_accumulator.EventAccumulator(str(run / "tensorboard")).Reload()
    for tag in expected:  # what the program itself reads with
        assert [point.step for point in page.Tensors(tag)] == [*range(every, 13, every)]


def test_one_killed_before_its_first_checkpoint_begins_anew(
    tmp_path: Path, tiny: Any, logged: Any
) -> None:
    recipe, run = tmp_path / "recipe.yaml", tmp_path / "run"
    recipe.write_text(json.dumps(tiny(**TRACKER).dump()))
    script = KILLED.format(step=3)
    assert subprocess.run([sys.executable, "-c", script, recipe, run], check=False).returncode == -9
    gan_zoo.resume(run)
    found = lines(run)
    assert {tag: [step for step, _ in line] for tag, line in found.items()} == {
        tag: [step for step, _ in line] for tag, line in logged(run).items()
    }
    assert len(read(run).Tensors("recipe/text_summary")) == 1


def test_what_is_looked_at_again_is_there_once(tmp_path: Path, tiny: Any) -> None:
    """The end of a phase is looked at after every resume from there."""
    run = tmp_path / "run"
    gan_zoo.train(tiny(**TRACKER), run)
    before = lines(run)
    for _ in range(2):
        gan_zoo.resume(run)
    assert written(run, "previews/main") == [12, 12, 12]
    assert pictures(run) == {"previews/main": [12]}
    assert lines(run) == before


def test_a_step_to_which_is_gone_back_has_what_its_checkpoint_knew(
    tmp_path: Path, stand_in: SimpleNamespace
) -> None:
    """Losses of the step stay, scores and pictures that came after the checkpoint come again."""
    spec = TensorBoardSpec(every=2)
    first, preview = spec.build(), stand_in.folder / "previews" / "main-000004.png"
    Image.new("RGB", (6, 4), (255, 0, 0)).save(preview)
    first.on_run_start(stand_in)
    for step in (1, 2, 3, 4):
        stand_in.position.step = step
        first.on_losses(step, {"G/L1": step / 8, **({"D": 0.5} if step == 3 else {})})
    before, seen = first.state(), lines(stand_in.folder)  # flushed, as a kill may come
    assert seen == {"losses/G/L1": [(2, 0.25), (4, 0.5)], "losses/D": [(4, 0.5)]}
    first.on_scores(stand_in, {"l1": 0.75, "segmentation.mean_iou": 0.25})
    first.on_preview(stand_in, preview)
    after = first.state()
    first.on_run_end(stand_in)

    for state, scores in ((before, {}), (after, {"scores/l1": [(4, 0.75)]})):
        there = SimpleNamespace(
            **{**vars(stand_in), "folder": tmp_path / f"gone back {len(scores)}"}
        )
        shutil.copytree(stand_in.folder, there.folder)
        second = spec.build()
        second.restore(state)
        second.on_run_start(there)
        assert second.state() == state
        found = lines(there.folder)
        iou = {"scores/segmentation.mean_iou": [(4, 0.25)]} if scores else {}
        assert found == {**seen, **scores, **iou}
        assert pictures(there.folder) == ({"previews/main": [4]} if scores else {})
        second.on_scores(there, {"l1": 0.75, "segmentation.mean_iou": 0.25})
        second.on_preview(there, there.folder / "previews" / preview.name)
        second.on_run_end(there)
        assert lines(there.folder)["scores/l1"] == [(4, 0.75)]
        assert pictures(there.folder) == {"previews/main": [4]}
    assert not [line for line in stand_in.said if "failed" in line]


def test_the_picture_and_the_recipe_are_what_they_were(stand_in: SimpleNamespace) -> None:
    tracker = TensorBoardSpec().build()
    tracker.on_run_start(stand_in)
    stand_in.position.step = 40
    path = stand_in.folder / "previews" / "main-000040-average.png"
    pixels = np.random.default_rng(0).integers(0, 256, (6, 4, 3), np.uint8)
    Image.fromarray(pixels).save(path)
    tracker.on_preview(stand_in, path)
    tracker.on_run_end(stand_in)
    found = read(stand_in.folder)
    shown = stand_in.folder / "shown.png"
    shown.write_bytes(found.Images("previews/main-average")[0].encoded_image_string)
    with Image.open(shown) as made:
        np.testing.assert_array_equal(np.asarray(made), pixels)
    text = found.Tensors("recipe/text_summary")[0].tensor_proto.string_val[0].decode()
    assert text == "    generator: {use: unet, width: 8}\n    seed: 1"
    assert stand_in.said == [
        f"tensorboard: tensorboard --logdir {stand_in.folder / 'tensorboard'} shows the run"
    ]


@pytest.mark.parametrize("previews", [True, False])
def test_pictures_can_be_left_out(previews: bool, stand_in: SimpleNamespace) -> None:
    tracker = TensorBoardSpec(previews=previews).build()
    tracker.on_run_start(stand_in)
    path = stand_in.folder / "previews" / "main-000000.png"
    Image.new("L", (6, 4)).save(path)
    tracker.on_preview(stand_in, path)
    tracker.on_run_end(stand_in)
    assert pictures(stand_in.folder) == ({"previews/main": [0]} if previews else {})
