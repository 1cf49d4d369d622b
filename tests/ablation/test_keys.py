"""Runs of one key come to the same numbers; what can change them, and nothing else, is in it."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image
from torch import Tensor

from gan_zoo.ablation.file import Score
from gan_zoo.ablation.keys import UNCOUNTED, by_content, fingerprint, key_of
from gan_zoo.components.learning import LossSpec
from gan_zoo.recipe.recipe import Recipe
from gan_zoo.recipe.wired import WiredRecipe
from gan_zoo.registry.plugins import Plugin
from gan_zoo.registry.zoo import Zoo

METRICS = {"l1": {"use": "l1"}, "sharp": {"use": "sharpness"}}
PHASED = {"phases": {"main": {"steps": 3}, "late": {"steps": 2, "set": {"data.batch": 1}}}}

Key = Callable[..., str]


@pytest.fixture
def key(small: Callable[..., Path], pairs: Path) -> Key:
    """The key of a run of the small recipe, with changes."""

    def make(
        changes: Mapping[str, Any] | None = None,
        root: Path = pairs,
        *,
        seed: int = 0,
        device: str = "cpu",
        threads: int | None = 1,
        zoo: Zoo | None = None,
        score: Mapping[str, Any] | None = None,
    ) -> str:
        base = small(root).with_name("base.yaml")
        recipe = Recipe.load(base, set=changes or {}, zoo=zoo).with_absolute_paths(zoo)
        wired = WiredRecipe(recipe, zoo)
        scored = Score.model_validate({"metrics": METRICS, **(score or {})})
        data = fingerprint(wired, scored.split)
        told: dict[str, Any] = {"device": device, "threads": threads, "score": scored}
        return key_of(wired, seed, data=data, **told)

    return make


def test_a_key_is_sixteen_digits_and_stays(key: Key) -> None:
    assert key() == key()
    assert len(key()) == 16
    assert int(key(), 16) >= 0


@pytest.mark.parametrize(
    "changes",
    [
        {"data.workers": 3},
        {"data.cache": "memory", "data.cache_size": "1KB"},
        {"engine.read_late": 0},
        {"engine.log_every": 7, "engine.checkpoint_every": 9},
        {"engine.device": "cuda:1"},
        {"seed": 5},  # the run's own takes its place
        {"generator.depth": 3, "generator.width": 2},
    ],
    ids=str,
)
def test_what_changes_no_number_is_not_counted(key: Key, changes: dict[str, Any]) -> None:
    assert key(changes) == key()


def test_what_is_not_counted_is_said_of_options_that_there_are(key: Key) -> None:
    tree = Recipe.load("quickstart", set={"data": {"use": "paired_folder", "root": "."}}).dump()
    for path in UNCOUNTED:
        section, option = path.split(".")
        assert option in tree[section]


def test_in_phases_too(key: Key) -> None:
    quiet = {"phases.late.set": {"data.batch": 1, "engine.read_late": 0}}
    loud = {"phases.late.set": {"data.batch": 3}}
    assert key({**PHASED, **quiet}) == key(PHASED)
    assert key({**PHASED, **loud}) != key(PHASED)
    assert key({**PHASED, "seed": 5}) == key(PHASED) != key(PHASED, seed=5)


@pytest.mark.parametrize(
    "changes",
    [
        {"losses.l1.weight": 99},
        {"losses.gan": None, "discriminator": None, "optimizers.discriminator": None},
        {"optimizers.generator.lr": 3e-3},
        {"phases.main.steps": 9},
        {"data.flip": 0.0},
        {"data.batch": 3},
        {"engine.precision": "bfloat16"},
        {"callbacks": {"previews": {"use": "previews", "split": "val"}}},
        {"conditions": {"more": {"use": "image"}}},
        PHASED,
    ],
    ids=str,
)
def test_what_changes_numbers_is(key: Key, changes: dict[str, Any]) -> None:
    assert key(changes) != key()


def test_the_order_of_what_is_put_together_counts(key: Key) -> None:
    one = {"conditions": {"a": {"use": "image"}, "b": {"use": "image", "map": "target"}}}
    other = {"conditions": dict(reversed(one["conditions"].items()))}
    assert key({"conditions": None, **one}) != key({"conditions": None, **other})


def test_seed_device_threads_and_scores_count(key: Key) -> None:
    where = [{}, {"threads": 2}, {"device": "cuda"}, {"device": "mps"}, {"seed": 1}]
    scores: list[dict[str, Any]] = [
        {"split": "val"},
        {"weights": "latest"},
        {"metrics": {"l1": {"use": "l1"}}},
        {"metrics": {**METRICS, "sharp": {"use": "sharpness", "where": "borders"}}},
    ]
    found = {key(**one) for one in where} | {key(score=one) for one in scores}
    assert len(found) == len(where) + len(scores)
    assert key(device="cuda", threads=2) == key(device="cuda", threads=None)
    turned = dict(reversed(METRICS.items()))
    assert key(score={"metrics": turned}) == key()


def test_the_samples_count_and_not_where_they_lie(key: Key, pairs: Path, tmp_path: Path) -> None:
    copy = tmp_path / "copy"
    shutil.copytree(pairs, copy)
    assert key(root=copy) == key()
    picture = copy / "train" / "00.png"
    for split in ("train", "test"):  # of val nothing is read here
        shutil.copytree(pairs, moved := tmp_path / f"moved-{split}")
        (moved / split / "00.png").rename(moved / split / "77.png")
        assert key(root=moved) != key()
    Image.fromarray(np.zeros((24, 48, 3), np.uint8)).save(picture)
    assert key(root=copy) != key()


def test_data_that_cannot_tell_its_samples_counts_by_its_options(
    key: Key, pairs: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shutil.copytree(pairs, copy := tmp_path / "copy")
    monkeypatch.setattr("gan_zoo_data.samples.Samples.identity", None)
    assert key(root=copy) != key()


def test_versions_of_guests_count_where_they_are_used(key: Key) -> None:
    class Mine(LossSpec, name="mine"):
        def needs(self) -> Mapping[str, frozenset[str]]:
            return {"generator": frozenset()}

        def build(self) -> Callable[..., Tensor]:
            raise AssertionError("a key takes no more than what its spec says")

    def with_guest(version: str) -> Zoo:
        guest = Plugin("hello", "gan-zoo-hello", version, components=(Mine,))
        return Zoo([*Zoo.installed().plugins, guest])

    used = {"losses.mine": {"use": "hello/mine"}}
    assert key(used, zoo=with_guest("1.0")) != key(used, zoo=with_guest("1.1"))
    assert key(zoo=with_guest("1.0")) == key(zoo=with_guest("1.1")) == key()


def test_files_count_by_what_they_hold(key: Key, tmp_path: Path) -> None:
    files = [tmp_path / name for name in ("a.pth", "b.pth", "c.pth")]
    for path, content in zip(files, ("same", "same", "other"), strict=True):
        path.write_text(content)
    said = [{"losses.look": {"use": "perceptual", "weights": str(path)}} for path in files]
    same, again, other = map(key, said)
    assert same == again
    assert same != other
    absent = {"losses.look": {"use": "perceptual", "weights": "none"}}
    assert key(absent) not in {same, other, key()}


def test_files_of_networks_count_too(
    key: Key, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    encoder = tmp_path / "encoder.pth"
    encoder.write_text("old")
    timm = {"use": "unet_timm", "levels": 3, "width": 2, "backbone": "test_byobnet"}
    said = {"generator": {**timm, "weights": "encoder.pth"}}
    old = key(said)
    assert key({"generator": {**timm, "weights": str(encoder)}}) == old
    encoder.write_text("newer")
    assert key(said) != old


def test_a_large_file_counts_by_all_of_it(tmp_path: Path) -> None:
    paths = [tmp_path / name / "net.pth" for name in ("a", "b")]
    for path, last in zip(paths, (b"a", b"b"), strict=True):
        path.parent.mkdir()
        with path.open("wb") as file:
            file.truncate(70 * 2**20)
            file.seek(70 * 2**20 - 1)
            file.write(last)
    one, other = (by_content({"weights": [str(path)], "word": "net.pth"}) for path in paths)
    assert one["word"] == "net.pth"
    assert one["weights"][0].keys() == other["weights"][0].keys() == {"sha256"}
    assert one != other
