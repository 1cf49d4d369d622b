"""`gan-zoo data check` names each seeded fault by its file, and nothing else."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image

from gan_zoo.components.data import DataSpec, Found, Refused, Values
from gan_zoo.components.interfaces import Dataset, Sample
from gan_zoo.components.shapes import Image as Shape
from gan_zoo.data_tools.contact_sheet import draw_contact_sheet
from gan_zoo.data_tools.folder_check import DataReport, check_data
from gan_zoo.data_tools.split_prints import take_prints
from gan_zoo.data_tools.subjects import Subject, open_usual, subject_of_folder
from gan_zoo.data_tools.suspicions import judge_split
from gan_zoo.data_tools.thresholds import THRESHOLDS, threshold
from gan_zoo.errors import DataError, UserError
from gan_zoo.registry.plugins import Plugin
from gan_zoo.registry.zoo import Zoo
from gan_zoo_data.folder_specs import LabelFolderSpec, PairedFolderSpec
from gan_zoo_data.shipped_specs import EmojiSpec, ScenesSpec
from tests.cli.conftest import Command
from tests.data_tools.conftest import change, copy_pair, names, recipe
from tests.plugins.data.making import SHARED

HOW_TO = Path(__file__).parents[2] / "docs/how-to/check-your-data.md"


def shifted(root: Path) -> set[tuple[str, str]]:
    chosen = names("train")[3:35:8]
    for name in chosen:
        change(root / f"B/train/{name}.png", lambda p: np.roll(p, (-4, 7), (0, 1)))
    return {("shifted", f"train/{name}") for name in chosen}


def duplicate(root: Path) -> set[tuple[str, str]]:
    copy_pair(root, f"train/{names('train')[5]}", "val/twin")
    return {("duplicate", "val/twin")}


def recompressed(root: Path) -> set[tuple[str, str]]:
    for number, (name, gain) in enumerate(zip(names("train")[9:12], (1, 0.85, 1), strict=True)):
        for path in copy_pair(root, f"train/{name}", f"val/like{number}"):
            change(path, lambda pixels, gain=gain: pixels * gain)
            with Image.open(path) as opened:
                opened.convert("RGB").save(path.with_suffix(".jpg"), quality=80)
            path.unlink()
    return {("near-duplicate", f"val/like{number}") for number in range(3)}


def constant(root: Path) -> set[tuple[str, str]]:
    name = names("val")[2]
    change(root / f"B/val/{name}.png", lambda pixels: np.full_like(pixels, 255))
    return {("constant", f"val/{name}")}


def leaked(root: Path) -> set[tuple[str, str]]:
    same, like = names("train")[7:9]
    (root / f"A/train/{same}.png").write_bytes((root / f"B/train/{same}.png").read_bytes())
    (root / f"A/train/{like}.png").unlink()
    with Image.open(root / f"B/train/{like}.png") as opened:
        opened.save(root / f"A/train/{like}.jpg", quality=90)
    return {("leak", f"train/{same}"), ("leak", f"train/{like}")}


def dark(root: Path) -> set[tuple[str, str]]:
    name = names("train")[1]
    change(root / f"A/train/{name}.png", lambda pixels: pixels * 0.05)
    return {("dark", f"train/{name}")}


def sized(root: Path) -> set[tuple[str, str]]:
    name = names("train")[20]
    for side in "AB":
        change(root / f"{side}/train/{name}.png", lambda pixels: pixels[:32])
    return {("size", f"train/{name}")}


def swapped(root: Path) -> set[tuple[str, str]]:
    chosen = names("train")[2:40:12]
    for name in chosen:
        a, b = (root / f"{side}/train/{name}.png" for side in "AB")
        a_bytes = a.read_bytes()
        a.write_bytes(b.read_bytes())
        b.write_bytes(a_bytes)
    return {("swapped", f"train/{name}") for name in chosen}


def nothing(root: Path) -> set[tuple[str, str]]:
    return set()


FAULTS = [shifted, duplicate, recompressed, constant, leaked, dark, swapped, sized, nothing]


@pytest.mark.parametrize("fault", FAULTS, ids=lambda fault: fault.__name__)
def test_a_suspicious_sample_is_named(
    fault: Callable[[Path], set[tuple[str, str]]], pairs: Path, zoo: Command
) -> None:
    wrong = fault(pairs)
    said = zoo("data", "check", recipe(pairs), "--json")
    assert said.code == 0, said.out + said.err
    report = said.data()
    found = {
        (one["kind"], f"{one['at']['split']}/{one['at']['sample']}"): one["files"]
        for one in report["suspicions"]
    }
    assert found.keys() == wrong
    for (_, name), files in found.items():
        assert [Path(file).stem for file in files] == [Path(name).name] * 2
    assert report["mistakes"] == []


def truncated(root: Path) -> str:
    path = root / f"B/train/{names('train')[4]}.png"
    path.write_bytes(path.read_bytes()[:-400])
    return str(path)


def unreadable(root: Path) -> str:
    path = root / f"A/val/{names('val')[4]}.png"
    path.write_bytes(b"no picture at all")
    return str(path)


def without_partner(root: Path) -> str:
    path = root / f"A/train/{names('train')[6]}.png"
    path.unlink()
    return str(root / f"B/train/{names('train')[6]}.png")


@pytest.mark.parametrize(
    "fault", [truncated, unreadable, without_partner], ids=lambda fault: fault.__name__
)
def test_what_training_would_fail_on_is_named(
    fault: Callable[[Path], str], pairs: Path, zoo: Command
) -> None:
    path = fault(pairs)
    said = zoo("data", "check", recipe(pairs), "--json")
    assert said.code == 2
    [mistake] = said.data()["mistakes"]
    assert path in mistake
    assert not said.data()["suspicions"]
    plain = zoo("data", "check", pairs / "recipe.yaml")
    assert plain.code == 2
    assert "Training would fail" in plain.out


def test_a_class_that_never_occurs_is_named(tmp_path: Path, zoo: Command) -> None:
    scenes = ScenesSpec(theme="street", size=(32, 32), samples=(6, 2, 2))
    splits = open_usual(scenes)
    written = {
        name: [each.read(n, None) for n in range(len(each))] for name, each in splits.items()
    }
    LabelFolderSpec.write(written, tmp_path, scenes)
    labels = tmp_path / "labels.yaml"
    labels.write_text(f"extends: scenes\ndata: {{use: label_folder, root: {tmp_path}, classes: 9}}")
    said = zoo("data", "check", labels, "--json")
    assert said.code == 0, said.err
    report = said.data()
    [remark] = report["suspicions"]
    assert (remark["kind"], remark["at"]["split"]) == ("remark", "train")
    assert remark["told"] == "no pixel of the class 8 in label"
    assert report["maps"]["label"] == "ids of 9 classes"
    assert report["pairs"] == {"train": 6, "val": 2, "test": 2}


def looked(spec: DataSpec) -> DataReport:
    return check_data(Subject("these", spec, "a test", open_usual(spec)))


def told(report: DataReport) -> set[str]:
    return {f"{one.kind} {one.at}" for one in report.suspicions}


def test_nothing_false_is_named_of_what_ships() -> None:
    """Three emoji are drawn elsewhere than their line art, by 6 to 8 of 64 pixels: true."""
    assert told(looked(EmojiSpec())) == {
        "shifted train/zzz",
        "shifted train/speaker-low-volume",
        "shifted test/pig-nose",
    }
    for theme in ("facade", "street"):
        scenes = ScenesSpec(theme=theme, samples=(80, 20, 20))
        assert told(looked(scenes)) == set()


REAL: dict[str, tuple[type[DataSpec], dict[str, Any], set[str]]] = {
    "facades_inst_ab": (PairedFolderSpec, {}, set()),
    "facades_inst_hd": (LabelFolderSpec, {"classes": 11}, set()),
    "nuclei_inst_hd": (LabelFolderSpec, {"classes": 2}, set()),
    "earth_relief_ab": (PairedFolderSpec, {}, set()),
    "emoji_fluent_ab": (  # drawn elsewhere than their line art, by 12 to 32 of 256 pixels
        PairedFolderSpec,
        {},
        {
            "shifted train/zzz",
            "shifted train/speaker-low-volume",
            "shifted test/pig-nose",
            "shifted val/world-map",
        },
    ),
}


@pytest.mark.parametrize("name", REAL)
def test_nothing_false_is_named_of_real_sets(name: str) -> None:
    if not (SHARED / name).is_dir():
        pytest.skip(f"no real data at hand: {SHARED / name} is not there")
    kind, options, true = REAL[name]
    report = looked(kind.model_validate({"root": str(SHARED / name), **options}))
    assert told(report) == true
    assert report.mistakes == []
    assert len(report.sizes["train"]) == 1


# ---------------------------------------------------------------------------------- the parts


class Drawn:
    """Samples of numbers, as a stranger's data gives them."""

    def __init__(self, maps: list[dict[str, torch.Tensor]]) -> None:
        self.maps = maps

    def __len__(self) -> int:
        return len(self.maps)

    def read(self, index: int, draw: np.random.Generator | None) -> Sample:
        if not self.maps[index]:
            raise DataError(f"sample {index} is broken")
        return Sample(f"s{index}", (f"sample {index}",), self.maps[index])

    def describe(self) -> str:
        return "numbers"


def blobs(seed: int, height: int, width: int, channels: int = 3) -> torch.Tensor:
    """Smooth shapes in [-1, 1], which every float picture is."""
    noise = torch.randn(1, channels, 9, 7, generator=torch.Generator().manual_seed(seed))
    wide = torch.nn.functional.interpolate(noise, (height, width), mode="bicubic")
    return (wide[0] * 3).clamp(-1, 1)


@pytest.mark.parametrize(("height", "width"), [(64, 64), (150, 200), (37, 300), (256, 128)])
@pytest.mark.parametrize("channels", [1, 3, 5])
def test_a_shift_of_all_pairs_is_measured_in_pixels(height: int, width: int, channels: int) -> None:
    dx, dy = round(0.11 * width), -round(0.08 * height)
    maps = []
    for seed in range(6):
        source = blobs(seed, height, width, 1)
        target = torch.cat([source * 0.9**n * (-1) ** n for n in range(channels)])
        maps.append({"source": source, "target": torch.roll(target, (dy, dx), (1, 2))})
    shapes = {"source": Shape(1), "target": Shape(channels)}
    look = take_prints("train", Drawn(maps), shapes, paired=True)
    together = look.pools["source"].shared()
    assert together is not None
    grid = max(height, width) / 128 + 1
    assert abs(together.right - dx) <= grid
    assert abs(together.down - dy) <= grid
    [first, *others] = judge_split(look)
    assert first.at.sample == ""
    assert {one.at.sample for one in others} <= {f"s{n}" for n in range(6)}
    assert len(others) >= 5


def test_a_target_among_the_channels_of_an_input_is_a_leak() -> None:
    maps = []
    for seed in range(4):
        source, target = blobs(seed, 40, 48, 5), blobs(seed + 50, 40, 48, 2)
        if seed == 2:
            source[3], source[1] = target[0], target[1]
        maps.append({"source": source, "target": target})
    look = take_prints("train", Drawn(maps), {"source": Shape(5), "target": Shape(2)}, paired=True)
    [leak] = judge_split(look)
    assert (leak.kind, leak.at.sample) == ("leak", "s2")
    assert leak.told.startswith("source contains the target")


def test_what_cannot_be_read_is_left_out_and_said() -> None:
    maps = [{"target": blobs(0, 32, 32)}, {}, {"target": blobs(1, 32, 32)}]
    look = take_prints("train", Drawn(maps), {"target": Shape(3)}, paired=True)
    assert [one.name for one in look.samples] == ["s0", "s2"]
    assert look.unread == ["sample 1 is broken"]


@pytest.mark.parametrize("size", [(1, 1), (2, 3), (5, 400), (300, 7), (129, 131)])
def test_pictures_of_any_size_and_numbers_are_judged(size: tuple[int, int]) -> None:
    made = []
    for seed in range(5):
        target = torch.rand(3, *size, generator=torch.Generator().manual_seed(seed)) * 2 - 1
        target[:, 0, 0] = torch.nan  # a pixel that shows nothing
        label = (target[:1].nan_to_num() > 0).int()
        made.append({"label": label, "source": target[:1] * 0.3, "target": target})
    shapes = {"label": Shape(1, classes=2), "source": Shape(1), "target": Shape(3)}
    prints = take_prints("train", Drawn(made), shapes, paired=True)
    assert [one.prints["target"].size for one in prints.samples] == [size] * 5
    assert {one.kind for one in judge_split(prints)} <= {"constant"}


class OfStrangerSpec(DataSpec, name="of_stranger"):
    """Numbers in memory, of a folder that only this plugin knows."""

    def maps(self, size: object = None) -> dict[str, Shape]:
        return {"source": Shape(2, 40, 48), "target": Shape(3, 40, 48)}

    def values(self, name: str) -> Values:
        return Values("float32", 0.0, 10.0)

    def open(self, split: str, size: object = None) -> Dataset:
        maps = [{"source": blobs(n, 40, 48, 2), "target": blobs(n, 40, 48, 3)} for n in range(5)]
        if split == "val":
            return Drawn([maps[2], {}])
        return Drawn(maps)

    def inputs(self, path: object, *, pairs: bool = False, maps: object = None) -> Dataset:
        raise DataError("none")

    @classmethod
    def recognize(cls, folder: Path) -> Found | Refused | None:
        if (folder / "refused").exists():
            return Refused("it holds what this plugin never reads")
        if not (folder / "numbers").exists():
            return None
        return Found(
            cls(), "there is a file numbers", {"train": 5, "val": 2}, ("odd.bin was skipped",)
        )


def test_a_strangers_folder_is_looked_at_as_ours_are(tmp_path: Path) -> None:
    zoo = Zoo([Plugin("mine", "gan-zoo-mine", "1", (OfStrangerSpec,))])
    with pytest.raises(UserError, match="no data knows this layout"):
        subject_of_folder(tmp_path, zoo)
    (tmp_path / "numbers").touch()
    report = check_data(subject_of_folder(tmp_path, zoo))
    assert report.layout == "mine/of_stranger: there is a file numbers"
    assert report.maps["source"] == "2 channels, float32 from 0 to 10"
    assert report.pairs == {"train": 5, "val": 2}
    assert report.sizes == {"train": {"40x48": 5}, "val": {"40x48": 1}}
    assert report.notes == ["odd.bin was skipped"]
    assert report.mistakes == ["sample 1 is broken"]
    [twin] = report.suspicions
    assert (twin.kind, str(twin.at), str(twin.other)) == ("duplicate", "val/s0", "train/s2")
    (tmp_path / "refused").touch()
    with pytest.raises(UserError, match=r"of_stranger: it holds what this plugin never reads"):
        subject_of_folder(tmp_path, zoo)


def test_the_sheet_shows_what_is_odd_and_a_few_others(pairs: Path, zoo: Command) -> None:
    constant(pairs)
    duplicate(pairs)
    sheet = pairs / "deep" / "sheet.png"
    said = zoo("data", "check", recipe(pairs), "--sheet", sheet)
    assert f"Drawn: {sheet}" in said.out
    with Image.open(sheet) as drawn:  # the odd one, the twins, three usual ones
        assert drawn.height == 16 + 4 + 6 * (16 + 128 + 4)
    spec = PairedFolderSpec(root=str(pairs))
    assert draw_contact_sheet([], {"train": Drawn([])}, spec) is None


def test_it_says_layout_pairs_sizes_modes_an_example_and_lines_to_copy(
    pairs: Path, zoo: Command
) -> None:
    said = zoo("data", "check", recipe(pairs, source="rgb"))
    name = names("train")[0]
    for line in (
        "is read by paired_folder: the recipe says data.use: paired_folder",
        "40 pairs",
        "read as 40 of 64x64 (height x width)",
        "source  3 channels (rgb)",
        f"for example {name}: {pairs}/A/train/{name}.png, {pairs}/B/train/{name}.png",
        "use: paired_folder",
        f"root: {pairs}",
        "nothing",
    ):
        assert line in said.out, line
    assert "split 'test'" in said.out  # the recipe does not read it, and it is not there
    assert zoo("data", "check", pairs, "--data", pairs).code == 2


def test_the_page_has_the_table_of_the_thresholds() -> None:
    rows = re.findall(r"^\| `(\w+\.\w+)` \| ([\d.]+) \| (.+) \|$", HOW_TO.read_text(), re.M)
    assert rows == [(name, f"{one.value:g}", one.meaning) for name, one in THRESHOLDS.items()]
    assert threshold("leak.difference") == THRESHOLDS["leak.difference"].value
