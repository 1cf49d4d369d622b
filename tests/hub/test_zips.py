"""A zip of a run makes the run's pictures; one that would do anything else is refused whole."""

from __future__ import annotations

import errno
import gc
import lzma
import os
import shutil
import stat
import tempfile
import zipfile
from pathlib import Path

import pytest
import torch

import gan_zoo
from gan_zoo.errors import UserError
from gan_zoo.reporter import Reporter
from gan_zoo.runs import shared, zips
from gan_zoo.runs.folder import RunFolder
from gan_zoo.runs.opening import open_model
from tests.hub.conftest import Typed, same
from tests.inference.conftest import Told, grey, picture
from tests.inference.test_threads import in_threads


def zipped(folder: Path, target: Path, inside: str = "") -> Path:
    """A folder as a zip, at its top or inside a folder there."""
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as packed:
        for file in sorted(folder.rglob("*")):
            packed.write(file, Path(inside) / file.relative_to(folder))
    return target


@pytest.fixture(scope="module")
def zip_(run: RunFolder, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return zipped(run.path, tmp_path_factory.mktemp("zips") / "mine.zip")


@pytest.fixture
def temporary(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where temporary folders are made."""
    folder = tmp_path / "temporary"
    folder.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(folder))
    return folder


@pytest.mark.parametrize("inside", ["", "mine"])
def test_a_zip_makes_the_pictures_of_its_run(run: RunFolder, tmp_path: Path, inside: str) -> None:
    zip_ = zipped(run.path, tmp_path / "a.zip", inside)
    with zipfile.ZipFile(zip_, "a") as packed:
        packed.writestr("__MACOSX/mine/._recipe.yaml", "what macOS adds")
    assert same(run, zip_)
    assert same(run, zip_, weights="best")
    assert not same(run, open_model(zip_, {"inference.weights": "best"}))
    assert [path.name for path in tmp_path.iterdir()] == ["a.zip"]


def test_it_is_unpacked_where_it_goes_with_the_model(zip_: Path, temporary: Path) -> None:
    model = gan_zoo.load(zip_, device="cpu")
    names = {path.name for path in temporary.rglob("*") if path.is_file()}
    assert {"recipe.yaml", "generator.safetensors", "about.json"} <= names
    assert not names & {"tensors.safetensors", "state.json", "log.jsonl", "environment.json"}
    [folder] = temporary.iterdir()
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    del model
    gc.collect()
    assert not list(temporary.iterdir())


def test_a_forked_child_does_not_remove_it(tmp_path: Path) -> None:
    """It lets go of its copy of what holds the folder, which is still the parent's."""
    shared.remove(str(tmp_path), os.getpid() + 1)
    assert tmp_path.is_dir()
    shared.remove(str(tmp_path), os.getpid())
    assert not tmp_path.exists()


def test_threads_share_what_was_handed_on(run: RunFolder, zip_: Path, pushed: Path) -> None:
    given = [picture(height, 64) for height in (64, 60, 48)]
    whole = gan_zoo.load(run, device="cpu")
    alone = [whole(one) for one in given]
    for handed_on in (zip_, pushed):
        model = gan_zoo.load(handed_on, device="cpu")
        answers = in_threads(lambda n, m=model: torch.equal(m(given[n % 3]), alone[n % 3]), 24)
        assert answers == [True] * 24


def test_scores_are_the_runs_and_are_not_kept(run: RunFolder, zip_: Path) -> None:
    before = zip_.read_bytes()
    told = Told()
    scores = gan_zoo.evaluate(zip_, split="val", device="cpu", reporter=told)
    again = gan_zoo.evaluate(run, split="val", device="cpu", reporter=Reporter(quiet=True))
    assert scores.scores == again.scores
    assert scores.measured["l1"].id == again.measured["l1"].id
    assert told.lines() == [f"The scores are not kept: {zip_} is not written to"]
    assert zip_.read_bytes() == before


def test_from_the_command_line(
    zip_: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, typed: Typed
) -> None:
    monkeypatch.chdir(tmp_path)
    grey(picture()).save("one.png")
    code, said = typed(f"translate {zip_} one.png out.png --device cpu")
    assert (code, said.splitlines()[-1]) == (0, "1 picture written to out.png")
    Path("damaged.zip").write_bytes(zip_.read_bytes()[:-300])
    code, said = typed("translate damaged.zip one.png again.png")
    assert (code, said.strip()) == (
        2,
        "damaged.zip is no zip, or is damaged: File is not a zip file",
    )
    code, said = typed("evaluate one.png")
    assert (code, "one.png is no zip, or is damaged" in said) == (2, True)


# ------------------------------------------------------------------------------- hostile


@pytest.mark.parametrize(
    ("name", "mode", "told"),
    [
        ("../evil", 0o644, "leads out of the folder"),
        ("weights/../../evil", 0o644, "leads out of the folder"),
        ("/evil", 0o644, "leads out of the folder"),
        ("C:/evil", 0o644, "leads out of the folder"),
        ("weights\\..\\evil", 0o644, "leads out of the folder"),
        ("weights/latest/link.safetensors", stat.S_IFLNK | 0o777, "is a link"),
        ("recipe.yaml", 0o644, "is in it twice"),
        ("RECIPE.yaml", 0o644, "is in it twice"),
        ("anywhere/recipe.yaml/../../x", 0o644, "leads out of the folder"),
    ],
)
def test_what_no_zip_of_a_run_holds_is_refused_whole(
    zip_: Path, tmp_path: Path, temporary: Path, name: str, mode: int, told: str
) -> None:
    bad = shutil.copy(zip_, tmp_path / "bad.zip")
    with zipfile.ZipFile(bad, "a") as packed, pytest.MonkeyPatch.context() as patch:
        patch.setattr("warnings.warn", lambda *_, **__: None)  # of a name that is there twice
        entry = zipfile.ZipInfo(name)
        entry.external_attr = mode << 16
        packed.writestr(entry, b"/etc/passwd")
    with pytest.raises(UserError, match=told):
        gan_zoo.load(bad, device="cpu")
    assert not list(temporary.iterdir())
    assert {path.name for path in tmp_path.iterdir()} == {"bad.zip", "temporary"}


def test_a_bomb_is_refused_before_it_is_unpacked(
    run: RunFolder, tmp_path: Path, temporary: Path
) -> None:
    bad = tmp_path / "bad.zip"
    with zipfile.ZipFile(bad, "w", zipfile.ZIP_DEFLATED) as packed:
        packed.write(run.path / "recipe.yaml", "recipe.yaml")
        packed.writestr("weights/latest/zeros.safetensors", bytes(40 * 2**20))
    with pytest.raises(UserError, match=r"would unpack to 41,9\d\d,\d{3} bytes, over 100 times"):
        gan_zoo.load(bad, device="cpu")
    with zipfile.ZipFile(tmp_path / "long.zip", "w", zipfile.ZIP_DEFLATED) as packed:
        packed.writestr("recipe.yaml", bytes(zips.TEXT + 1))
    with pytest.raises(UserError, match=r"recipe\.yaml would have 16,777,217 bytes"):
        gan_zoo.load(tmp_path / "long.zip", device="cpu")
    assert not list(temporary.iterdir())


def test_an_entry_that_lies_about_its_size_is_damaged(zip_: Path, tmp_path: Path) -> None:
    """The central directory says one byte; no more than that is unpacked."""
    content = bytearray(zip_.read_bytes())
    with zipfile.ZipFile(zip_) as packed:
        size = packed.getinfo("recipe.yaml").file_size
    at = content.rindex(b"recipe.yaml") - 46
    assert int.from_bytes(content[at + 24 : at + 28], "little") == size
    content[at + 24 : at + 28] = (1).to_bytes(4, "little")
    (tmp_path / "lies.zip").write_bytes(content)
    with pytest.raises(UserError, match=r"is damaged: Bad CRC-32 for file 'recipe\.yaml'"):
        gan_zoo.load(tmp_path / "lies.zip", device="cpu")


def test_encrypted_weights_are_named(zip_: Path, tmp_path: Path) -> None:
    content = bytearray(zip_.read_bytes())
    at = content.rindex(b"recipe.yaml") - 46
    content[at + 8] |= 1
    (tmp_path / "closed.zip").write_bytes(content)
    with pytest.raises(UserError, match=r"recipe\.yaml is encrypted; unpack it"):
        gan_zoo.load(tmp_path / "closed.zip", device="cpu")


@pytest.mark.parametrize(
    ("names", "told"),
    [
        (["readme.txt"], "no folder in it holds a recipe.yaml; zip the folder of a run"),
        (["a/b/recipe.yaml", "a/c/recipe.yaml"], r"holds 2 runs \(a/b, a/c\); unpack it"),
        (["a/recipe.yaml", "b/recipe.yaml"], r"holds 2 runs \(a, b\); unpack it"),
        (["a/myrecipe.yaml"], "no folder in it holds a recipe.yaml"),
        (["m", "m/recipe.yaml"], "m is a file in it and a folder"),
        (["m/", "m", "m/recipe.yaml"], "m is in it twice"),
        (["./recipe.yaml", "recipe.yaml"], "is in it twice"),
        (
            ["recipe.yaml", "weights/latest", "weights/Latest/about.json"],
            "weights/latest is a file in it and a folder",
        ),
        ([".", "a/recipe.yaml"], r"\. is a file in it and a folder"),
    ],
)
def test_a_zip_of_something_else(tmp_path: Path, names: list[str], told: str) -> None:
    with zipfile.ZipFile(tmp_path / "other.zip", "w") as packed:
        for name in names:
            packed.writestr(name, "")
    with pytest.raises(UserError, match=told):
        gan_zoo.load(tmp_path / "other.zip", device="cpu")


def test_a_zip_of_a_deeper_folder_is_taken(tmp_path: Path) -> None:
    """As `zip -r mine.zip runs/mine` packs it, and by the side of what else lies there."""
    with zipfile.ZipFile(tmp_path / "a.zip", "w") as packed:
        for name in ("runs/notes.txt", "runs/mine/recipe.yaml", "runs/mine/weights/latest/x.json"):
            packed.writestr(name, name)
    kept = shared.Shared("a.zip")
    folder = zips.unpack(tmp_path / "a.zip", kept)
    found = {p.relative_to(folder).as_posix(): p.read_text() for p in folder.rglob("*.*")}
    assert found == {
        "recipe.yaml": "runs/mine/recipe.yaml",
        "weights/latest/x.json": "runs/mine/weights/latest/x.json",
    }


@pytest.mark.parametrize(
    ("problem", "told"),
    [
        (OSError(errno.ENOSPC, "No space left on device"), r"unpacked \(No space left on device\)"),
        (OSError(errno.ENAMETOOLONG, "File name too long", "/tmp/x"), r"\(File name too long\)"),
        (lzma.LZMAError("Corrupt input data"), "is no zip, or is damaged: Corrupt input data"),
        (OSError("Invalid data stream"), "is no zip, or is damaged: Invalid data stream"),
    ],
)
def test_what_a_disk_or_a_packer_raises_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, problem: Exception, told: str
) -> None:
    with zipfile.ZipFile(tmp_path / "a.zip", "w") as packed:
        packed.writestr("recipe.yaml", "")

    def fail(*_: object) -> None:
        raise problem

    monkeypatch.setattr(zips, "_write", fail)
    with pytest.raises(UserError, match=told) as caught:
        gan_zoo.load(tmp_path / "a.zip", device="cpu")
    assert str(caught.value).startswith(str(tmp_path / "a.zip"))


def test_a_name_that_no_system_takes_is_told(tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "a.zip", "w") as packed:
        packed.writestr("recipe.yaml", "")
        packed.writestr(f"weights/{'x' * 300}/about.json", "")
    with pytest.raises(UserError, match=r"a\.zip cannot be unpacked \(File name too long\)"):
        gan_zoo.load(tmp_path / "a.zip", device="cpu")


@pytest.mark.parametrize("content", ["5", '"phase"', "null", "[]", "{}"])
def test_weights_that_tell_no_phase_are_damaged(tmp_path: Path, content: str) -> None:
    about = tmp_path / "weights/latest/about.json"
    about.parent.mkdir(parents=True)
    about.write_text(content)
    with pytest.raises(UserError, match=r"about\.json is damaged: it names no phase"):
        RunFolder(tmp_path).weights_phase("latest")


def test_foreign_files_in_a_run_are_errors_for_people(run: RunFolder, tmp_path: Path) -> None:
    shutil.copytree(run.path, tmp_path / "run")
    about = tmp_path / "run/weights/latest/about.json"
    about.write_text("[]")
    with pytest.raises(UserError, match=r"about\.json is damaged: it names no phase"):
        gan_zoo.load(zipped(tmp_path / "run", tmp_path / "bad.zip"), device="cpu")
