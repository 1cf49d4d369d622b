"""Folders that the system does not let be read: told once, and before anything starts."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from gan_zoo.checks.data_at_hand import data_mistakes
from gan_zoo.components import Refused
from gan_zoo.errors import unreadable
from gan_zoo.recipe.recipe import Recipe
from gan_zoo.recipe.wired import WiredRecipe
from gan_zoo.registry.recognition import recognize
from gan_zoo_data.folder_specs import PairedFolderSpec
from tests.cli.conftest import Command

NOBODY = 65534
RECIPE = """
extends: quickstart
data: {use: paired_folder, root: ROOT, load: null, crop: null, batch: 1, workers: 0}
generator: {depth: 2, width: 4}
discriminator: {layers: 1, width: 4}
phases: {main: {epochs: null, steps: 1, schedule: null}}
validation: null
callbacks: null
"""
COMMANDS = {
    "data check DIR": ["data", "check", "DIR"],
    "data check RECIPE": ["data", "check", "RECIPE"],
    "init": ["init", "DIR", "--out", "OUT"],
    "check": ["check", "RECIPE"],
    "run": ["run", "RECIPE", "--out", "OUT"],
}


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """Pairs of two splits, and a recipe beside them."""
    for split, count in (("train", 4), ("val", 2)):
        for number in range(count):
            for side in "AB":
                path = tmp_path / "mine" / side / split / f"{number}.png"
                path.parent.mkdir(parents=True, exist_ok=True)
                noise = np.random.default_rng([number, ord(side)]).integers(0, 255, (32, 32, 3))
                Image.fromarray(noise.astype(np.uint8)).save(path)
    (tmp_path / "recipe.yaml").write_text(RECIPE.replace("ROOT", str(tmp_path / "mine")))
    return tmp_path / "mine"


@contextmanager
def closed(folder: Path, mode: int) -> Iterator[None]:
    """A folder that this process may not read; the superuser, who may, is nobody for a while."""
    superuser = os.geteuid() == 0
    leading = [*folder.parents][: -1 - len(Path("/tmp").parents)] if superuser else []
    before = {path: path.stat().st_mode for path in (folder, *leading)}
    try:
        for around in leading:  # which the owner alone may enter
            around.chmod(0o755)
        folder.chmod(mode)
        if superuser:
            os.seteuid(NOBODY)
        yield
    finally:
        if superuser:
            os.seteuid(0)
        for path, mode_before in before.items():
            path.chmod(mode_before)


def words(command: str, root: Path) -> list[str]:
    """A command line."""
    out = root.parent / "out"
    meant = {"DIR": str(root), "RECIPE": str(root.parent / "recipe.yaml"), "OUT": str(out)}
    return [meant.get(word, word) for word in COMMANDS[command]]


@pytest.mark.parametrize("command", COMMANDS)
def test_a_root_that_may_not_be_read_is_told_once(command: str, root: Path, zoo: Command) -> None:
    zoo(*words(command, root))  # modules are imported by who may read them
    shutil.rmtree(root.parent / "out", ignore_errors=True)
    (root.parent / "out").unlink(missing_ok=True)
    for mode in (0o000, 0o111, 0o444):
        with closed(root, mode):
            said = zoo(*words(command, root))
        assert said.code == 2
        told = said.out + said.err
        assert told.count("Permission denied") == 1
        assert f"{root} cannot be read (Permission denied); if it is yours, chmod -R" in told
        assert "checkpoint" not in told
        assert not (root.parent / "out").exists()


@pytest.mark.parametrize("mode", [0o000, 0o444])
def test_the_walk_over_folders_goes_on_past_a_closed_one(
    mode: int, root: Path, zoo: Command
) -> None:
    around = root.parent / "around"
    around.mkdir()
    root.rename(around / "zz_pairs")
    lost = around / "lost+found"
    (lost / "deep").mkdir(parents=True)
    zoo("data", "check", around)
    behind = f"not looked into: {lost} cannot be read (Permission denied); if it is yours, chmod -R"
    with closed(lost, mode):
        said = zoo("data", "check", around)
    assert said.code == 2
    assert f"{around} holds data and is none itself; name {around}/zz_pairs\n{behind}" in said.err
    (around / "zz_pairs").rename(root)
    with closed(lost, mode):
        said = zoo("data", "check", around)
    assert f"{around}: no data knows this layout; " in said.err
    assert f"gan-zoo show data manifest\n{behind}" in said.err


@pytest.mark.parametrize("inside", ["A/val", "B/val", "A/val/deep"])
def test_a_split_that_may_not_be_listed_is_a_mistake(inside: str, root: Path, zoo: Command) -> None:
    (root / inside).mkdir(exist_ok=True)
    zoo("data", "check", root)
    with closed(root / inside, 0o000):
        said = zoo("data", "check", root, "--json")
    assert said.code == 2
    report = said.data()
    assert report["pairs"] == {"train": 4}
    [mistake] = report["mistakes"]
    assert mistake.startswith(f"{root / inside} cannot be read (Permission denied); ")


def test_a_split_whose_files_make_no_pair_is_a_mistake(root: Path, zoo: Command) -> None:
    for path in (root / "B/val").iterdir():
        path.rename(path.with_name(f"other_{path.name}"))
    said = zoo("data", "check", root, "--json")
    assert said.code == 2
    [mistake] = said.data()["mistakes"]
    assert mistake.startswith(f"{root}/A/val and {root}/B/val have no name in common: 0, ... and ")


def test_half_a_split_and_an_empty_one_are_notes(root: Path, zoo: Command) -> None:
    """But of the split of training: nobody may mean to look at them."""
    (root / "A/test").mkdir()
    for path in (*(root / "A/val").iterdir(), *(root / "B/val").iterdir()):
        path.unlink()
    said = zoo("data", "check", root, "--json")
    assert (said.code, said.data()["mistakes"]) == (0, [])
    told = "put the partners there, with the same names"
    notes = [note.partition(": ") for note in said.data()["notes"]]
    assert [(at, note) for at, _, note in notes if at in ("val", "test")] == [
        ("test", f"{root}/A/test has no {root}/B/test beside it; {told}"),
        ("val", "nothing in it"),
    ]


@pytest.mark.parametrize("sides", ["", "A"])
def test_an_empty_split_of_training_is_a_mistake(sides: str, root: Path, zoo: Command) -> None:
    """With pictures of no side, or of one."""
    for side in {*"AB"} - {*sides}:
        for path in (root / side / "train").iterdir():
            path.unlink()
    said = zoo("data", "check", root, "--json")
    assert said.code == 2
    assert said.data()["layout"].startswith("paired_folder: A/val/ and B/val/ hold partners")
    assert said.data()["pairs"] == {"val": 2}
    assert f"{root}/B/train has no pictures in it" in said.data()["mistakes"][0 if sides else 1]


def test_a_closed_split_beside_an_empty_one_of_training(root: Path, zoo: Command) -> None:
    for path in (root / "B/train").iterdir():
        path.unlink()
    shutil.copytree(root / "A/val", root / "A/test")
    shutil.copytree(root / "B/val", root / "B/test")
    zoo("data", "check", root)
    with closed(root / "B/val", 0o000):
        said = zoo("data", "check", root, "--json")
    assert said.code == 2
    assert said.data()["pairs"] == {"test": 2}
    mistakes = "\n".join(said.data()["mistakes"])
    assert f"{root}/B/train has no pictures in it" in mistakes
    assert f"{root}/B/val cannot be read (Permission denied); " in mistakes


def test_half_a_split_of_training_is_a_mistake(root: Path, zoo: Command) -> None:
    shutil.rmtree(root / "B/train")
    said = zoo("data", "check", root, "--json")
    assert said.code == 2
    [mistake] = said.data()["mistakes"]
    told = "put the partners there, with the same names"
    assert mistake == f"{root}/A/train has no {root}/B/train beside it; {told}"
    shutil.rmtree(root / "B")
    said = zoo("data", "check", root)
    assert (said.code, said.err) == (2, f"paired_folder: {mistake}\n")


def test_a_table_of_a_split_that_is_none_is_a_mistake(root: Path, zoo: Command) -> None:
    lines = [f"A/train/{n}.png,B/train/{n}.png" for n in range(4)]
    (root / "train.csv").write_text("\n".join(["source,target", *lines]))
    (root / "val.csv").write_bytes(b"\x1f\x8b not unpacked")
    for folder in "AB":
        (root / folder / "val").rename(root / folder / "later")
    (root / "A").rename(root / "X")
    (root / "train.csv").write_text((root / "train.csv").read_text().replace("A/", "X/"))
    said = zoo("data", "check", root, "--json")
    assert said.data()["layout"].startswith("manifest: ")
    assert said.data()["mistakes"] == [f"{root}/val.csv is compressed by gzip; unpack it"]
    assert said.code == 2


def test_what_the_system_refuses_to_any_data_is_a_mistake(
    root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object) -> None:
        raise OSError(5, "Input/output error", str(root / "A"))

    wired = WiredRecipe(Recipe.load(str(root.parent / "recipe.yaml")))
    monkeypatch.setattr(PairedFolderSpec, "inspect", refuse)
    assert data_mistakes(wired) == [f"{root}/A cannot be read (Input/output error)"]


def test_a_file_in_a_closed_folder_names_the_folder(root: Path) -> None:
    root.parent.chmod(0o700)
    modes = [path.stat().st_mode for path in (root, *root.parents)]
    with closed(root, 0o444):
        problem = PermissionError(13, "Permission denied", str(root / "A/train/0.png"))
        assert unreadable(problem).startswith(f"{root} cannot be read (Permission denied); ")
    assert unreadable(problem).startswith(f"{root}/A/train/0.png cannot be read (")
    assert modes == [path.stat().st_mode for path in (root, *root.parents)]


@pytest.mark.parametrize(
    ("problem", "told"),
    [
        (OSError("disk gone"), "disk gone"),
        (OSError(5, "Input/output error"), "[Errno 5] Input/output error"),
        (PermissionError(13, "Permission denied"), "[Errno 13] Permission denied"),
        (OSError(5, "Input/output error", "/a"), "/a cannot be read (Input/output error)"),
    ],
)
def test_a_problem_that_names_no_file_says_itself(
    problem: OSError, told: str, root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object) -> None:
        raise problem

    assert unreadable(problem) == told
    monkeypatch.setattr(PairedFolderSpec, "recognize", fail)
    [said] = [said for name, said in recognize(root) if name == "paired_folder"]
    assert isinstance(said, Refused)
    assert said.why.endswith(told if problem.filename else f" failed to look at it ({told})")
    assert said.why.startswith("data (") != bool(problem.filename)  # which plugin


def test_the_cure_of_a_closed_folder_is_that_of_the_system(monkeypatch: pytest.MonkeyPatch) -> None:
    problem = PermissionError(13, "Permission denied", "/a")
    told = "/a cannot be read (Permission denied)"
    assert unreadable(problem) == f"{told}; if it is yours, chmod -R u+rX /a lets you in"
    with monkeypatch.context() as patch:
        patch.setattr("os.name", "other")
        said = unreadable(problem)
    assert said == told
