"""Training on data with a fault: the command names the file, exits with 2 and leaves no folder."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from tests.cli.conftest import Command, Said

RECIPE = """
extends: quickstart
data: {use: paired_folder, root: ROOT, batch: 1, workers: 0}
generator: {depth: 2, width: 4}
discriminator: {layers: 1, width: 4}
phases: {main: {epochs: null, steps: 4, schedule: null}}
validation: null
callbacks: null
engine: {checkpoint_every: 1, log_every: 1}
"""


def picture(path: Path, height: int = 16, width: int = 32) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    values = np.random.default_rng(len(path.name)).integers(0, 255, (height, width, 3), np.uint8)
    Image.fromarray(values).save(path, quality=90)
    return path


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """Two good pairs, side by side."""
    for name in ("a.jpg", "bb.jpg"):
        picture(tmp_path / "pairs" / "train" / name)
    return tmp_path / "pairs"


def trained(zoo: Command, root: Path, *words: object) -> Said:
    recipe = root.parent / "mine.yaml"
    recipe.write_text(RECIPE.replace("ROOT", str(root)))
    return zoo("run", recipe, "--out", root.parent / "run", *words)


def test_good_pairs_train(zoo: Command, root: Path) -> None:
    said = trained(zoo, root)
    assert said.code == 0, said.err
    assert len((root.parent / "run/log.jsonl").read_text().splitlines()) == 4


def missing_partner(root: Path) -> str:
    for side, names in (("A", "ab"), ("B", "a")):
        for name in names:
            picture(root / side / "train" / f"{name}.png", width=16)
    for old in (root / "train").iterdir():
        old.unlink()
    (root / "train").rmdir()
    return f"{root}/A/train/b.png has no partner {root}/B/train/b.*"


def two_sizes(root: Path) -> str:
    odd = picture(root / "train" / "ccc.jpg", width=33)
    return f"{odd} is 33 wide, which makes halves of 16 and 17: two sizes in a pair"


def no_bytes(root: Path) -> str:
    (root / "train" / "z.jpg").write_bytes(b"")
    return f"{root}/train/z.jpg is empty"


def text_file(root: Path) -> str:
    (root / "train" / "notes.txt").write_text("hello")
    return f"{root}/train/notes.txt is not a picture"


def empty_folder(root: Path) -> str:
    for old in (root / "train").iterdir():
        old.unlink()
    return f"{root}/train has no pictures in it"


def no_such_split(root: Path) -> str:
    (root / "train").rename(root / "learning")
    return f"{root} has no split 'train'"


def other_mode(root: Path) -> str:
    path = root / "train" / "a.jpg"
    Image.open(path).convert("L").save(path)
    return f"{path} is grey (L)"


@pytest.mark.parametrize(
    "fault",
    [missing_partner, two_sizes, no_bytes, text_file, empty_folder, no_such_split, other_mode],
)
def test_a_fault_is_named_before_the_first_step(
    zoo: Command, root: Path, fault: Callable[[Path], str]
) -> None:
    told = fault(root)
    said = trained(zoo, root)
    assert said.code == 2
    assert told in said.err
    assert "Traceback" not in said.err
    assert not (root.parent / "run").exists()


def odd_sides(root: Path) -> tuple[str, ...]:
    for old in (root / "train").iterdir():
        picture(old, height=18, width=36)
    return (
        f"{root}/train/a.jpg is 18x18 in training (height x width): depth 2 halves the picture "
        "2 times, so its sides must be multiples of 4; the height is 18. Use height 16 or 20, "
        "or depth <= 1; crop or load fits it: data.crop=[16, 16]",
    )


def scaled(root: Path) -> tuple[str, ...]:
    picture(root / "train" / "c.jpg", height=18, width=32)
    return (
        f"{root}/train/c.jpg is 18x16 in training (height x width): depth 2 halves the picture "
        "2 times, so its sides must be multiples of 4; the height is 18. Use height 16 or 20, "
        "or depth <= 1; crop or load fits it: data.crop=[16, 16]",
        "--set",
        "data.scale_width=16",
    )


def several_sizes(root: Path) -> tuple[str, ...]:
    picture(root / "train" / "c.jpg", height=24, width=64)
    return (
        f"{root}/train/a.jpg is 16x16 in training (height x width) and {root}/train/c.jpg is "
        "24x32, but a batch of 2 needs one size; crop or load fits it: data.crop=[16, 16], "
        "or data.batch=1",
        "--set",
        "data.batch=2",
    )


@pytest.mark.parametrize("fault", [odd_sides, scaled, several_sizes])
@pytest.mark.parametrize("command", ["run", "check"])
def test_no_step_is_lost_to_a_size(
    zoo: Command, root: Path, fault: Callable[[Path], tuple[str, ...]], command: str
) -> None:
    told, *words = fault(root)
    recipe = root.parent / "mine.yaml"
    recipe.write_text(RECIPE.replace("ROOT", str(root)))
    out = ["--out", root.parent / "run"] if command == "run" else []
    said = zoo(command, recipe, *out, *words)
    assert said.code == 2
    assert told in (said.err if command == "run" else said.out)
    assert "Traceback" not in said.err
    assert not (root.parent / "run").exists()
    assert trained(zoo, root, *words, "--set", "data.crop=[16, 16]").code == 0


def test_a_split_that_is_not_there_is_told_with_who_reads_it(zoo: Command, root: Path) -> None:
    asking = (
        "validation={metrics: {l1: {use: l1}}}",
        "callbacks={previews: {use: previews, split: val}, late: {use: previews, split: late}}",
    )
    words = [word for change in asking for word in ("--set", change)]
    said = trained(zoo, root, *words)
    assert said.code == 2
    ending = "; its splits: train. Name another folder with --data DIR, arrange the files in one of"
    lines = said.err.splitlines()
    assert all(ending in line for line in lines)
    assert [line.partition("b: 'OTHER/{split}'}`")[2] for line in lines] == [
        " (the split 'val' is read by validation and callbacks.previews)",
        " (the split 'late' is read by callbacks.late)",
    ]


@pytest.mark.parametrize("name", ["z.jpg", "z.png"])
def test_check_reads_every_pixel(zoo: Command, root: Path, name: str) -> None:
    """Headers are sound, so a run starts; check tells what the run would find."""
    path = picture(root / "train" / name)
    whole = path.read_bytes()
    path.write_bytes(whole[: len(whole) * 3 // 4])
    recipe = root.parent / "mine.yaml"
    recipe.write_text(RECIPE.replace("ROOT", str(root)))
    said = zoo("check", recipe)
    assert said.code == 2
    assert f"Mistakes in the data\n  {path} is damaged or cut short (" in said.out
    path.write_bytes(whole)
    assert zoo("check", recipe).code == 0


def test_a_folder_named_by_hand_is_meant_to_be_there(zoo: Command, root: Path) -> None:
    """A recipe's own absent data is no mistake until a run."""
    recipe = root.parent / "mine.yaml"
    recipe.write_text(RECIPE.replace("ROOT", str(root.parent / "nowhere")))
    assert zoo("check", recipe).code == 0
    said = zoo("check", recipe, "--data", "nowhere")
    assert said.code == 2
    told = "there is no folder nowhere; name yours with --data DIR\n"
    assert said.err == f"--data nowhere: {told}"
    assert "Phase main" in said.out
    file = root / "train" / "a.jpg"
    said = zoo("check", recipe, "--data", file)
    assert said.code == 2
    told = f"{file} is a file; name the folder that holds the splits with --data DIR\n"
    assert said.err == f"--data {file}: {told}"
    said = zoo("run", recipe, "--data", file, "--out", root.parent / "run")
    assert (said.code, said.err) == (2, f"data: {told}")


def test_batch_norm_beside_a_penalty_is_said(zoo: Command, root: Path) -> None:
    """No refusal: with a batch of 1 there is nobody to mix with."""
    recipe = root.parent / "mine.yaml"
    recipe.write_text(RECIPE.replace("ROOT", str(root)))
    told = (
        "losses.slope: it takes the slope at each sample by itself, but batch norm in "
        "discriminator makes it depend on the whole batch; use another norm there"
    )
    penalty = ("--set", "losses.slope={use: gradient_penalty}")
    one = zoo("check", recipe, *penalty)
    assert one.code == 0
    assert f"{told}, or stay with a batch of 1\n" in one.out
    penalty = ("--set", "losses.slope={use: r1}", "--set")
    assert f"{told}\n" in zoo("check", recipe, *penalty, "data.batch=2").out
    assert "batch norm" not in zoo("check", recipe, *penalty, "discriminator.norm=instance").out


def test_several_sizes_train_one_by_one(zoo: Command, root: Path) -> None:
    picture(root / "train" / "c.jpg", height=24, width=64)
    assert trained(zoo, root).code == 0


def test_the_data_of_every_phase_is_looked_at(zoo: Command, root: Path) -> None:
    """A root, a batch or a crop that only one phase sets."""
    picture(root / "train" / "c.jpg", height=24, width=64)
    said = trained(zoo, root, "--set", "phases.late={steps: 1, set: {data.batch: 2}}")
    assert (said.code, "a batch of 2 needs one size" in said.err) == (2, True)
    said = trained(zoo, root, "--set", "phases.late={steps: 1, set: {data.crop: [20, 20]}}")
    assert (said.code, f"{root}/train/a.jpg, " in said.err) == (2, True)
    assert "each is 16x16 (height x width), smaller than crop [20, 20]" in said.err
    said = trained(zoo, root, "--set", "phases.late={steps: 1, set: {data.root: nowhere}}")
    assert said.code == 2
    assert said.err == ("phases.late.set: there is no folder nowhere; name yours with --data DIR\n")


def test_pixels_that_break_off_are_named_and_cost_no_step(zoo: Command, root: Path) -> None:
    """Only decoding finds them. What was learned before is kept, and resume goes on once cured."""
    path = picture(root / "train" / "bb.jpg", height=64, width=128)
    whole = path.read_bytes()
    path.write_bytes(whole[: len(whole) * 3 // 4])
    said = trained(zoo, root)
    run = root.parent / "run"
    assert said.code == 2
    assert f"{path} is damaged or cut short" in said.err
    assert "Traceback" not in said.err
    path.write_bytes(whole)
    assert zoo("resume", run).code == 0
    assert len((run / "log.jsonl").read_text().splitlines()) == 4


def test_a_folder_that_cannot_be_written(zoo: Command, root: Path) -> None:
    (root.parent / "file").touch()
    said = trained(zoo, root, "--out", root.parent / "file" / "run")
    assert said.code == 2
    assert f"{root.parent}/file/run cannot be written: Not a directory" in said.err


def test_a_full_disk(zoo: Command, root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The third checkpoint does not fit: exit 1, the file is named, the second one is whole."""
    from gan_zoo.errors import naming_file
    from gan_zoo.runs import checkpoint

    write, count = checkpoint.write_file, iter(range(100))

    def full(path: Path, content: bytes | str) -> None:
        if path.name == checkpoint.TENSORS and next(count) == 2:
            with naming_file(path):
                raise OSError(28, "No space left on device")
        write(path, content)

    monkeypatch.setattr(checkpoint, "write_file", full)
    said = trained(zoo, root)
    run = root.parent / "run"
    assert said.code == 1
    assert "No space left on device" in said.err
    assert checkpoint.TENSORS in said.err
    position, _ = checkpoint.load(checkpoint.saved(run / "state")[0])
    assert position.step == 2
    assert zoo("resume", run).code == 0
    assert checkpoint.load(checkpoint.saved(run / "state")[0])[0].step == 4
