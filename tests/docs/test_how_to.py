"""What the how-to pages tell to type works, and says what the pages quote."""

from __future__ import annotations

import re
import shlex
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import yaml
from PIL import Image

import gan_zoo
from gan_zoo.ablation.file import read_ablation
from gan_zoo.cli import main
from gan_zoo.components.data import DataSpec
from gan_zoo.components.user_cache import VARIABLE
from gan_zoo.components.watching import MetricSpec
from gan_zoo.errors import DataError
from gan_zoo.registry.zoo import Zoo
from gan_zoo_data.augment_specs import Augmentation
from gan_zoo_methods.specs import PairedSpec

PAGES = Path(__file__).parents[2] / "docs" / "how-to"
BOX = re.compile(r"^```(bash|text|python)( fails)?\n(.*?)^```$", re.MULTILINE | re.DOTALL)
ROW = re.compile(r"^\| `(.+?)` \|", re.MULTILINE)


def picture(path: Path, height: int = 80, width: int = 80, mode: str = "RGB") -> None:
    """A file of noise, the same every time."""
    path.parent.mkdir(parents=True, exist_ok=True)
    shape = (height, width, 3) if mode == "RGB" else (height, width)
    values = np.random.default_rng(len(path.name)).integers(0, 256, shape)
    Image.fromarray(values.astype(np.uint8)).save(path)


def pairs(root: Path, count: int = 2) -> None:
    """The second layout of the page, with 80 x 80 pictures."""
    for split in ("train", "val", "test"):
        for number in range(count):
            picture(root / "A" / split / f"{number:03}.png")
            picture(root / "B" / split / f"{number:03}.jpg")


def typed(line: str, capfd: pytest.CaptureFixture[str]) -> tuple[int, str]:
    """Exit code and words of one command, in this process if it is ours."""
    line = re.sub(r"^python ", f"{sys.executable} ", line)
    if not line.startswith("gan-zoo "):
        done = subprocess.run(
            ["bash", "-euo", "pipefail", "-c", line], capture_output=True, text=True, check=False
        )
        return done.returncode, done.stdout + done.stderr
    capfd.readouterr()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(sys, "argv", shlex.split(line, comments=True))
        code = 0
        try:
            main()
        except SystemExit as end:
            code = end.code if isinstance(end.code, int) else 0
    return code, "".join(capfd.readouterr())


def lines(box: str) -> list[str]:
    """The commands of a box; one with a here-document, which spans lines, is one."""
    found, end = [], ""
    for line in box.strip().splitlines():
        if end:
            found[-1] += f"\n{line}"
            end = "" if line == end else end
            continue
        found.append(line)
        _, _, word = line.partition("<<")
        end = word.strip("'")
    return found


def follow(page: str, capfd: pytest.CaptureFixture[str], *, python: bool = False) -> int:
    """Type every box of a page in its order, and look for what it says.

    Args:
        page: A file.
        capfd: Hears what is said.
        python: Whether boxes of Python are programs; else they show a part of one.

    Returns:
        How many commands and programs there were.
    """
    said, count = "", 0
    for language, fails, text in BOX.findall((PAGES / page).read_text()):
        if language == "text":
            missing = [line for line in text.splitlines() if line.strip() not in said]
            assert not missing, f"{missing} is not in:\n{said}"
            continue
        if language == "python":
            if python:
                exec(compile(text, page, "exec"), {})
                count += 1
            continue
        for line in lines(text):
            if line.startswith("pip install 'gan-zoo["):  # it is installed
                continue
            code, said = typed(line, capfd)
            assert code == (2 if fails else 0), f"{line}\n{said}"
            count += 1
    return count


def test_bring_your_own_pairs(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    pairs(tmp_path / "my_pairs")
    picture(tmp_path / "new_pictures" / "one.png", 50, 70)
    picture(tmp_path / "new_pictures" / "two.png", 64, 64)
    monkeypatch.chdir(tmp_path)
    assert follow("bring-your-own-pairs.md", capfd) == 8
    with Image.open("out/one.png") as made:
        assert (made.height, made.width) == (50, 70)


def drawings(root: Path) -> None:
    """The pairs of `pairs`, with two colors on the first side."""
    pairs(root)
    for path in (root / "A").rglob("*.png"):
        Image.fromarray(np.tri(80, dtype=np.uint8)).point([0, 200] * 128).convert("RGB").save(path)


def test_start_from_a_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    drawings(tmp_path / "my_pairs")
    monkeypatch.chdir(tmp_path)
    assert follow("start-from-a-folder.md", capfd) == 6


def labels(root: Path) -> None:
    """Four classes and an ignored id, with instances and photos, 80 x 80."""
    blocks = np.arange(100).reshape(10, 10) % 4
    ids = np.kron(blocks, np.ones((8, 8), int))
    ids[:8] = 255
    for split in ("train", "val", "test"):
        for number in range(2):
            name = f"{number:03}.png"
            picture(root / f"{split}_img" / name)
            for kind, values in (("label", ids.astype(np.uint8)), ("inst", ids.astype(np.uint16))):
                (root / f"{split}_{kind}").mkdir(exist_ok=True)
                Image.fromarray(values).save(root / f"{split}_{kind}" / name)


def test_bring_labels_and_instances(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    labels(tmp_path / "my_labels")
    monkeypatch.chdir(tmp_path)
    assert follow("bring-labels-and-instances.md", capfd) == 14
    assert sorted(path.name for path in Path("out").iterdir()) == ["000.png", "001.png"]


def test_augment_and_cache(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    pairs(tmp_path / "my_pairs")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv(VARIABLE, str(tmp_path / "cache"))
    assert follow("augment-and-cache.md", capfd) == 5
    [kept] = (tmp_path / "cache" / "maps").iterdir()
    assert kept.stat().st_size > 2 * 2 * 3 * 72 * 72  # of two pairs
    words = ROW.findall((PAGES / "augment-and-cache.md").read_text())
    of_discriminator = PairedSpec.model_fields["augment"].examples
    told = {word for row in words for word in row.split("`, `")}
    assert of_discriminator
    assert told == {*Augmentation.model_fields, *of_discriminator[0]}


def test_find_where_time_goes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    assert follow("find-where-time-goes.md", capfd) == 2
    page = (PAGES / "find-where-time-goes.md").read_text()
    made = Path("runs/profiled/profile/table.md").read_text()
    rows = re.findall(r"^\| (\w[\w ]*?) +\|", made, re.MULTILINE)
    told = {word for row in ROW.findall(page) for word in row.split("`, `")}
    assert {*rows} - {"for", "all"} <= told


def test_mix_components(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    assert follow("mix-components.md", capfd) == 17


def test_run_an_ablation(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    """Its file, with networks so small and runs so short and few that they take no time."""
    page = (PAGES / "run-an-ablation.md").read_text()
    file, grid = map(yaml.safe_load, re.findall(r"^```yaml\n(.*?)^```$", page, re.M | re.S))
    small = {"generator.width": 4, "generator.depth": 4, "discriminator.width": 4}
    quick = {
        "budget": {"steps": 2},
        "seeds": [0],
        "set": {**small, "data.workers": 0, "callbacks": None},
    }
    monkeypatch.chdir(tmp_path)
    Path("losses.yaml").write_text(yaml.safe_dump({**file, **quick}, sort_keys=False))
    assert follow("run-an-ablation.md", capfd) == 4
    rows = ROW.findall(page)
    made = [path.name for path in Path("ablations/losses").iterdir()]
    for name in ("table.md", "ablation.yaml", "plan.json"):
        assert any(name in row for row in rows)
        assert name in made
    grid["reference"] = "unet.l1_cgan"
    told = {key: value for key, value in {**file, **quick, **grid}.items() if key != "vary"}
    asked = read_ablation(_written(Path("grid.yaml"), told))
    names = [one.name for one in asked.candidates]
    assert names == ["unet.l1", "unet.l1_cgan", "no_skips.l1_cgan"]
    assert ", ".join(f"`{name}`" for name in names[:2]) in page


def _written(path: Path, told: Any) -> Path:
    path.write_text(yaml.safe_dump(told, sort_keys=False))
    return path


def test_choose_a_metric(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    for seed, name in enumerate(("mine", "other")):
        changes = {"phases.main": {"epochs": None, "steps": 1}, "data.workers": 0, "seed": seed}
        gan_zoo.train(gan_zoo.Recipe.load("quickstart", set=changes), Path("runs") / name)
    assert follow("choose-a-metric.md", capfd) == 4
    page = (PAGES / "choose-a-metric.md").read_text()
    [box] = re.findall(r"^```yaml\n(.*?)^```$", page, re.MULTILINE | re.DOTALL)
    metrics = yaml.safe_load(box)["validation"]["metrics"]
    made = [Zoo.installed().resolve(MetricSpec, value, {}) for value in metrics.values()]
    assert [spec.name for spec in made] == [value["use"] for value in metrics.values()]


# ---------------------------------------------------------------------------------- refusals

A = "A/train/000.png"


def moved(root: Path) -> None:
    root.rename(root.with_name("elsewhere"))


def other_split(root: Path) -> None:
    for side in "AB":
        (root / side / "train").rename(root / side / "learning")


def turned(root: Path) -> None:
    with Image.open(root / A) as upright:
        exif = upright.getexif()
        exif[0x0112] = 6
        upright.save(root / A, exif=exif)


def deep(root: Path) -> None:
    (root / A).unlink()
    (root / A).with_suffix(".ppm").write_bytes(b"P6\n1 1\n65535\n" + bytes(6))


def deep_grey(root: Path) -> None:
    Image.fromarray(np.arange(6400, dtype=np.uint16).reshape(80, 80)).save(root / A)


def odd(root: Path) -> None:
    shutil.rmtree(root)
    picture(root / "train" / "000.png", 8, 17)


def side_by_side(root: Path) -> None:
    shutil.rmtree(root)
    picture(root / "train" / "000.png", 64, 128)


def whole(root: Path) -> None:
    shutil.rmtree(root)
    picture(root / "train" / "000.png", 64, 64)


def couples(root: Path) -> None:
    shutil.rmtree(root)
    for side in "AB":
        picture(root / "train" / f"000_{side}.png", 64, 64)


def twins(root: Path) -> None:
    shutil.rmtree(root)
    for side in ("one", "two"):
        picture(root / "train" / side / "000.png", 64, 64)


def renamed(root: Path, name: str) -> None:
    for number, path in enumerate(sorted((root / "A/train").iterdir())):
        path.rename(path.with_name(f"{name.format(number)}.png"))


def small(root: Path) -> None:
    for side, suffix in (("A", "png"), ("B", "jpg")):
        picture(root / side / "train" / f"000.{suffix}", 9, 9)


REFUSED: dict[str, Callable[[Path], object]] = {  # what the page quotes -> what provokes it
    "there is no folder": moved,
    "has no split 'train'": other_split,
    "more than once": lambda root: (root / "train").mkdir(),
    "look like whole pictures": whole,
    "come in couples": couples,
    "folders with equal names": twins,
    "has no partner": lambda root: (root / A).unlink(),
    "have no name in common": lambda root: renamed(root, "shot {:03}"),
    "differ in leading zeros": lambda root: renamed(root, "{}"),
    "is not a picture": lambda root: (root / "A/train/notes.txt").write_text("notes"),
    "is empty (0 bytes)": lambda root: (root / A).write_bytes(b""),
    "is damaged or cut short": lambda root: (root / A).write_bytes((root / A).read_bytes()[:999]),
    "the recipe says source": lambda root: picture(root / A, mode="L"),
    "The numbers go from": deep_grey,
    "more than 8 bits a channel": deep,
    "turned by its EXIF orientation": turned,
    "make the two sizes equal": lambda root: picture(root / A, 81, 80),
    "make the width even": odd,
    "smaller than crop": small,
    "holds pairs side by side": side_by_side,
    "is the folder of targets": lambda root: None,
}


def complaint(data: DataSpec, root: Path) -> str:
    """The first refusal on the way of the page: before training, while training, translating."""
    if found := data.missing() + data.inspect("train"):
        return "\n".join(found)
    try:
        data.open("train").read(0, None)
        data.inputs(root / ("train" if (root / "train").is_dir() else "B/train"))
    except DataError as problem:
        return str(problem)
    return ""


def suffixed(root: Path) -> None:
    for path in [*(root / "train_label").iterdir()]:
        path.rename(path.with_name(f"{path.stem}_seg.png"))


def twice(root: Path) -> None:
    for kind in ("label", "instance", "image"):
        (root / kind / "train").mkdir(parents=True)


def masks(root: Path) -> None:
    for path in (root / "train_label").iterdir():
        Image.fromarray(np.tri(80, dtype=np.uint8) * 255).save(path)


LABELS_REFUSED: dict[str, Callable[[Path], object]] = {
    "has no split 'train'": lambda root: [p.rename(f"{p}s") for p in root.glob("train_*")],
    "more than once": twice,
    "have no name in common": suffixed,
    "has no label map": lambda root: (root / "train_label/000.png").unlink(),
    "holds the id": lambda root: Image.new("L", (80, 80), 4).save(root / "train_label/000.png"),
    "as a mask of 0 and 255": masks,
    "different ids": lambda root: Image.fromarray(
        np.arange(6400, dtype=np.uint16).reshape(80, 80)
    ).save(root / "train_inst/000.png"),
}


@pytest.mark.parametrize(
    ("page", "quoted"),
    [("bring-your-own-pairs.md", REFUSED), ("bring-labels-and-instances.md", LABELS_REFUSED)],
)
def test_the_page_quotes_every_refusal_that_is_provoked_here(
    page: str, quoted: dict[str, Callable[[Path], object]]
) -> None:
    _, _, table = (PAGES / page).read_text().partition("## What a refusal means")
    assert ROW.findall(table) == list(quoted)


@pytest.mark.parametrize("quoted", LABELS_REFUSED)
def test_a_refusal_of_labels_is_worded_as_quoted(quoted: str, tmp_path: Path) -> None:
    labels(tmp_path)
    LABELS_REFUSED[quoted](tmp_path)
    spec: Any = Zoo.installed().get("data", "label_folder")
    ignore = () if quoted == "as a mask of 0 and 255" else (255,)
    found = spec(root=str(tmp_path), classes=4, ignore=ignore).decode("train")
    assert quoted in "\n".join(found)


@pytest.mark.parametrize("quoted", REFUSED)
def test_a_refusal_is_worded_as_quoted(quoted: str, tmp_path: Path) -> None:
    root = tmp_path / "my_pairs"
    pairs(root)
    REFUSED[quoted](root)
    spec: Any = Zoo.installed().get("data", "paired_folder")
    assert quoted in complaint(spec(root=str(root), crop=(64, 64)), root)
