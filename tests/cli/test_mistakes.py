"""Typical mistakes: what came, what was expected, the cure, exit code 2 and never a traceback."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from tests.cli.conftest import TINY, Command, Said


def refused(said: Said, *told: object) -> None:
    assert said.code == 2
    for words in told:
        assert str(words) in said.err
    assert "Traceback" not in said.err + said.out


@pytest.fixture
def pictures(tmp_path: Path) -> Path:
    folder = tmp_path / "pictures"
    folder.mkdir()
    Image.fromarray(np.zeros((8, 8), np.uint8)).save(folder / "a.png")
    return folder


# ------------------------------------------------------------------ words


@pytest.mark.parametrize(
    ("words", "told"),
    [
        ("list losss", "unknown kind 'losss'; did you mean loss?"),
        ("list recipe", "unknown kind 'recipe'; did you mean recipes?"),
        ("list zebra", "unknown kind 'zebra'; there are data, generator"),
        ("show generator unett", "unknown generator 'unett'; did you mean unet?"),
        ("show genrator unet", "unknown kind 'genrator'; did you mean generator?"),
        ("show generator", "generator is a kind; to show one: gan-zoo show generator NAME"),
        ("show unet", "unet is a component; to show it: gan-zoo show generator unet"),
        ("show generator unet --origins", "--set, --origins and --json are for recipes"),
        ("show quickstart --origins --json", "--origins and --json exclude each other"),
        ("show pix2pixx", "did you mean pix2pix"),
        ("check nowhere.yaml", "nowhere.yaml"),
        ("check quickstart --set generator.wdith=3", "did you mean width?"),
        ("check quickstart --set generator.width", "as generator.width=32"),
        ("check quickstart --set generator.width=wide", "a whole number"),
        ("check pix2pix --data a --set data.root=b", "which say the same; give one of them"),
        ("check quickstart --data a", "root"),
        ("check quickstart --set generator={use:unet}", "a space behind the colon: use: unet"),
        ("check pix2pix --set data.source=gray", "did you mean grey?"),
        ("check pix2pix --set data.target=RGB", "did you mean rgb?"),
        ("check pix2pix --set data.target=0", "a mode is rgb, grey, rgba, cmyk, or the number of"),
        ("check pix2pixhd --set data.ignore=255", "255 came, but a list is expected; did you mean"),
        (
            "check pix2pix --set data.use=manifest --set data.file=t.xlsx",
            "a .jsonl or .json file of objects",
        ),
        ("check pix2pix --set losses.gan.form=wgan", "wasserstein is {use: adversarial, form: was"),
        ("check pix2pix --set discriminator.norm=spectral", "option `spectral: true`, beside any"),
        ("check pix2pix --set engine.recompute=true", "is engine.recompute, a list: [generator]"),
        (
            "check pix2pix --set data.use=label_folder --set data.root=a "
            "--set data.classes=2 --set data.instance=false",
            "the data has no map 'source'; there are label, target; use {use: one_hot, map: label}",
        ),
        ("run quickstart --steps 0", "Invalid value for '--steps': "),
        ("run pix2pix", "there is no folder datasets/facades; name yours with --data DIR"),
        ("run quickstart --set generator.depth=7", "use"),
        ("resume nothing", "nothing is not a run: no such folder"),
        ("translate nothing a b", "nothing is not a run: no such folder"),
        ("evaluate nothing", "nothing is not a run: no such folder"),
        ("evaluate x --baseline mean", "--baseline: mean came; median or classes was expected"),
        ("run", "Missing argument 'RECIPE'"),
        ("run quickstart --device cpu", "No such option"),
        ("rnu quickstart", "No such command"),
    ],
)
def test_words(
    zoo: Command, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, words: str, told: str
) -> None:
    monkeypatch.chdir(tmp_path)
    said = zoo(*words.split())
    assert said.code == 2
    assert told.lower() in said.err.lower()
    assert "Traceback" not in said.err
    assert not said.out
    assert not list(tmp_path.iterdir())  # a command that is refused leaves nothing behind


def test_all_mistakes_come_at_once(zoo: Command) -> None:
    wrong = ("--set", "generator.wdith=3", "--set", "losses.l1.weigth=2")
    refused(zoo("run", "quickstart", *wrong), "did you mean width?", "did you mean weight?")


# ------------------------------------------------------------------ runs


def test_run_into_an_existing_folder(zoo: Command, trained: Path) -> None:
    said = zoo("run", "quickstart", *TINY, "--out", trained)
    refused(said, f"{trained} exists", f"gan-zoo resume {trained}")


def test_a_folder_that_is_no_run(zoo: Command, pictures: Path, tmp_path: Path) -> None:
    for words in (("resume",), ("translate", pictures, tmp_path / "out"), ("evaluate",)):
        said = zoo(words[0], pictures, *words[1:])
        refused(said, f"{pictures} is not a run: it holds no recipe.yaml")


def test_weights_that_are_not_there(zoo: Command, trained: Path, pictures: Path) -> None:
    said = zoo("translate", trained, pictures, pictures.parent / "out", "--weights", "best")
    refused(said, f"{trained}/weights/best is not there: the run keeps weights latest")


def test_a_device_that_does_not_exist(zoo: Command, trained: Path, pictures: Path) -> None:
    said = zoo("translate", trained, pictures, pictures.parent / "out", "--device", "gpu")
    refused(said, "device: gpu came; auto, cpu, cuda, cuda:N or mps was expected")


def test_scores_that_nobody_knows(zoo: Command, trained: Path) -> None:
    refused(zoo("evaluate", trained, "--metrics", "l1,psmr"), "did you mean psnr?")
    refused(zoo("evaluate", trained, "--split", "tset"), "has no split 'tset'")
    refused(zoo("evaluate", trained, "--data", "x"), "emoji has no root that could be changed")


# ------------------------------------------------------------------ pictures


def translated(zoo: Command, trained: Path, given: Path, out: str = "out") -> Said:
    return zoo("translate", trained, given, given.parent / out, "--device", "cpu")


def test_colors_for_a_model_of_grey(zoo: Command, trained: Path, pictures: Path) -> None:
    Image.fromarray(np.zeros((8, 8, 3), np.uint8)).save(pictures / "b.png")
    refused(translated(zoo, trained, pictures), f"{pictures / 'b.png'} is color (RGB)", "grey")


def test_the_others_are_done_unless_it_is_strict(
    zoo: Command, trained: Path, pictures: Path
) -> None:
    Image.fromarray(np.zeros((8, 8, 3), np.uint8)).save(pictures / "0.png")
    said = zoo("translate", trained, pictures, pictures.parent / "strict", "--strict")
    refused(said, f"{pictures / '0.png'} is color (RGB)")
    assert not (pictures.parent / "strict").exists()
    count = len([*pictures.glob("*.png")])
    told = f"1 of {count} inputs could not be translated and were left out: 0; {count - 1} written"
    refused(translated(zoo, trained, pictures), f"{pictures / '0.png'} is color (RGB)", told)
    refused(zoo("translate", trained, pictures, "x", "--format", "gif"), "auto, png or tiff")


def test_a_text_file_among_pictures(zoo: Command, trained: Path, pictures: Path) -> None:
    (pictures / "notes.txt").write_text("hello")
    refused(translated(zoo, trained, pictures), f"{pictures / 'notes.txt'} is not a picture")


def test_text_in_a_picture_s_clothes(zoo: Command, trained: Path, pictures: Path) -> None:
    (pictures / "b.png").write_text("hello")
    refused(translated(zoo, trained, pictures), f"{pictures / 'b.png'} is not a picture")


def test_an_empty_folder(zoo: Command, trained: Path, tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    said = translated(zoo, trained, tmp_path / "empty")
    refused(said, f"{tmp_path / 'empty'} has no pictures in it")


def test_an_output_that_cannot_be_written(zoo: Command, trained: Path, pictures: Path) -> None:
    (pictures.parent / "file").touch()
    said = translated(zoo, trained, pictures, "file/out")
    refused(said, f"{pictures.parent}/file/out/a.png cannot be written: Not a directory")


def test_an_output_that_would_lose_pixels(zoo: Command, trained: Path, pictures: Path) -> None:
    said = zoo("translate", trained, pictures / "a.png", pictures.parent / "b.jpg")
    refused(said, "b.jpg: translations are PNG or TIFF files, which keep every pixel")


# ------------------------------------------------------------------ as a process


def test_a_process_ends_with_the_code_and_without_a_trace(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "gan_zoo", "resume", "nothing"],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 2
    assert done.stderr == "nothing is not a run: no such folder\n"


def test_a_reader_that_has_gone_is_no_error() -> None:
    line = f"{sys.executable} -m gan_zoo schema | head -c 10"
    done = subprocess.run(["sh", "-c", line], capture_output=True, text=True, check=False)
    assert done.stderr == ""


def test_import_takes_the_data_as_run_does(zoo: Command, tmp_path: Path) -> None:
    words = ("import", tmp_path, "--recipe", "pix2pix", "--out", tmp_path / "run", "--data", "a")
    refused(zoo(*words, "--set", "data.root=b"), "--data and --set data.root came")
    refused(zoo(*words), f"{tmp_path} holds no checkpoint")
