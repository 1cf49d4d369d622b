"""Translation: any input, any size, the same pictures as the previews of the run."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

import gan_zoo
from gan_zoo.components.norms import InstanceNorm
from gan_zoo.components.sheets import GAP, SMALLEST, TITLE
from gan_zoo.errors import UserError
from gan_zoo.inference.files import translate_files
from gan_zoo.inference.networks import pad_by_reflection, to_8bit
from gan_zoo.inference.translator import Translator
from gan_zoo.recipe.model import Inference
from gan_zoo.recipe.recipe import Recipe
from gan_zoo.recipe.wired import WiredPhase
from gan_zoo.reporter import Reporter
from gan_zoo.runs.folder import RunFolder
from gan_zoo.training.run import train
from tests.inference.conftest import grey, picture, pixels, trained

# ------------------------------------------------------------------ one code path


def test_previews_show_what_translate_writes(run: RunFolder, tmp_path: Path) -> None:
    dataset = run.recipe().data.open("val")
    count = run.recipe().callbacks["previews"].count  # type: ignore[attr-defined]
    (sheet,) = run.previews.glob("*.png")
    shown = pixels(sheet)
    left, factor = GAP + 2 * (SMALLEST + GAP), SMALLEST // 64  # the third column, enlarged
    for row in range(count):
        sample = dataset.read(row * len(dataset) // count, None)
        assert translate_files(run, sample.files[0], tmp_path, device="cpu") == 1
        top = TITLE + GAP + row * (SMALLEST + GAP)
        tile = shown[top : top + SMALLEST : factor, left : left + SMALLEST : factor]
        assert tile.std() > 1
        assert np.array_equal(tile, pixels(tmp_path / f"{sample.name}.png"))


def test_a_picture_is_made_with_the_norms_of_training(tmp_path: Path) -> None:
    engine = {"engine.precision": "bfloat16", "engine.device": "cpu"}
    run = trained(tmp_path / "run", **engine, **{"generator.norm": "instance"})
    translator = gan_zoo.load(run, device="cpu")
    layers = translator.cast.networks["generator"].modules()
    assert {one.in_half for one in layers if isinstance(one, InstanceNorm)} == {True}
    test_previews_show_what_translate_writes(run, tmp_path)


def test_previews_change_nothing_in_training(tmp_path: Path) -> None:
    phases = {"main": None, "one": {"steps": 2}, "two": {"steps": 2}}
    watched = trained(tmp_path / "watched", phases=phases)
    alone = trained(tmp_path / "alone", phases=phases, callbacks=None)
    assert len(list(watched.previews.glob("*.png"))) == 2
    for network in ("generator", "discriminator"):
        expected = alone.load_weights("latest", network)
        for name, tensor in watched.load_weights("latest", network).items():
            assert torch.equal(tensor, expected[name]), name


def test_translation_leaves_the_networks_and_the_generators_alone(translator: Translator) -> None:
    generator = translator.cast.networks["generator"].train()
    norms = [m for m in generator.modules() if isinstance(m, torch.nn.BatchNorm2d)]
    tracked = [norm.track_running_stats for norm in norms]
    before = {name: tensor.clone() for name, tensor in generator.state_dict().items()}
    numbers = torch.get_rng_state()
    for norm in ("picture", "running"):
        with_norm(translator, norm).picture({"source": picture()})
    assert all(module.training for module in generator.modules())
    assert [norm.track_running_stats for norm in norms] == tracked
    assert all(torch.equal(t, before[name]) for name, t in generator.state_dict().items())
    assert torch.equal(torch.get_rng_state(), numbers)


def with_norm(translator: Translator, norm: Any, *, dropout: bool = False) -> Translator:
    inference = Inference(norm=norm, dropout=dropout)
    recipe = translator.recipe.model_copy(update={"inference": inference})
    return Translator(WiredPhase(translator.phase, recipe), translator.cast, translator.method)


def test_statistics_are_the_learned_ones_or_the_picture_s_own(translator: Translator) -> None:
    generator = translator.cast.networks["generator"]
    given = picture()
    condition = given[None].float() / 127.5 - 1
    with torch.no_grad():
        learned = generator.eval()(condition)[0]
        for module in generator.modules():
            if isinstance(module, torch.nn.BatchNorm2d):
                module.train()
                module.momentum = 0.0  # the statistics of the batch, and nothing is learned
        own = generator(condition)[0]
    generator.train()
    assert not torch.equal(learned, own)
    assert torch.equal(with_norm(translator, "running").output({"source": given}), learned)
    assert torch.equal(with_norm(translator, "picture").output({"source": given}), own)


def test_dropout_is_seeded_by_the_input_and_the_seed(translator: Translator) -> None:
    one, other = {"source": picture()}, {"source": picture(64, 128)}
    noisy = with_norm(translator, "running", dropout=True)
    first = noisy.output(one, seed=1)
    assert torch.equal(first, noisy.output(one, seed=1))
    assert not torch.equal(first, noisy.output(one, seed=2))
    batch = noisy([one["source"], other["source"]], seed=1)
    assert torch.equal(batch[0], to_8bit(first))
    silent = with_norm(translator, "running")
    assert torch.equal(silent.output(one, seed=1), silent.output(one, seed=2))


def test_the_words_of_inference_are_stored_with_the_run(tmp_path: Path) -> None:
    words = {"inference.norm": "running", "inference.dropout": False}
    run = trained(tmp_path / "run", **words)
    loaded = gan_zoo.load(run, device="cpu")
    assert loaded.recipe.inference == Inference(norm="running", dropout=False)
    one = loaded(picture(), seed=1)
    assert torch.equal(one, loaded(picture(), seed=2))


# ------------------------------------------------------------------ sizes


@pytest.mark.parametrize("size", [(1000, 700), (37, 53), (1, 1), (1, 70), (64, 64)], ids=str)
def test_the_output_is_as_large_as_the_input(translator: Translator, size: tuple[int, int]) -> None:
    made = translator(picture(*size))
    assert made.shape == (3, *size)
    assert made.dtype == torch.uint8


def test_padding_reflects_and_repeats() -> None:
    row = torch.tensor([1, 2, 3])[None, None, None]
    assert pad_by_reflection(row, (8, 8))[0, 0, 0].tolist() == [1, 2, 3, 2, 1, 2, 3, 2]
    assert pad_by_reflection(row, (8, 8)).shape == (1, 1, 8, 8)
    assert torch.equal(
        pad_by_reflection(row[..., :1], (4, 4)), torch.ones(1, 1, 4, 4, dtype=row.dtype)
    )
    square = torch.arange(16.0).view(1, 1, 4, 4)
    reflected = torch.nn.functional.pad(square, (0, 1, 0, 1), mode="reflect")
    assert torch.equal(pad_by_reflection(square, (5, 5)), reflected)


# ------------------------------------------------------------------ types


def test_every_type_gives_the_same_picture(translator: Translator, tmp_path: Path) -> None:
    given = picture(40, 50)
    path = tmp_path / "one.png"
    grey(given).save(path)
    wanted = translator.picture({"source": given})
    seen = wanted.movedim(0, -1).numpy()

    for answer in (translator(path), translator(str(path)), translator(grey(given))):
        assert answer.mode == "RGB"
        assert np.array_equal(np.asarray(answer), seen)
    array = given[0].numpy()
    for answer in (translator(array), translator(array[..., None])):
        assert answer.dtype == np.uint8
        assert np.array_equal(answer, seen)
    assert torch.equal(translator(given), wanted)
    assert torch.equal(translator({"source": given}), wanted)
    assert np.array_equal(np.asarray(translator({"source": path})), seen)


def test_floats_come_back_as_floats_that_nobody_rounded(translator: Translator) -> None:
    given = picture()
    floats = given.float() / 127.5 - 1
    made = translator(floats)
    assert made.dtype == torch.float32
    assert torch.equal(made, translator.output({"source": given}))  # the same noise too
    assert not torch.equal(made, translator(given).float() / 127.5 - 1)
    assert torch.equal(to_8bit(made), translator(given))
    array = translator(floats[0].numpy())
    assert array.dtype == np.float32
    assert np.array_equal(array, made.movedim(0, -1).numpy())
    assert translator(floats.double()).dtype == torch.float64
    made.requires_grad_()  # an ordinary tensor, fit for what the caller does next
    (made * 2).sum().backward()


def test_batches_come_back_as_batches(translator: Translator) -> None:
    one, other = picture(), picture().flip(-1)
    expected = torch.stack([translator(one), translator(other)])
    both = torch.stack([one, other])
    assert torch.equal(translator(both), expected)
    assert torch.equal(translator({"source": both}), expected)
    arrays = both.movedim(1, -1).numpy()
    assert np.array_equal(translator(arrays), expected.movedim(1, -1).numpy())
    for listed in (translator([one, other]), translator({"source": [one, other]})):
        assert isinstance(listed, list)
        assert torch.equal(torch.stack(listed), expected)


@pytest.mark.parametrize(
    ("given", "told"),
    [
        (picture(channels=3), "[3, 64, 64] (channels, height, width) came; the model takes 1 ch"),
        (picture()[:, :0], "[1, 0, 64]"),
        (picture().long(), "torch.int64 came; uint8, or floats in [-1, 1], is expected"),
        (picture().float(), "x / 127.5 - 1"),
        (torch.full((1, 4, 4), torch.nan), "floats from nan to nan came"),
        (grey(picture()).convert("RGB"), "mode RGB came, the model takes L; picture.convert('L')"),
        (grey(picture()).convert("P"), "mode P came"),
        (np.zeros(5), "[5] came"),
        (None, "nothing came; call the model with its maps"),
        ([], None),
        (torch.zeros(0, 1, 4, 4), "an empty batch came"),
        ({"sauce": picture()}, "the maps sauce came; this model takes source"),
        ({"source": picture(), "target": picture()}, "the maps source, target came"),
    ],
    ids=lambda value: value if isinstance(value, str) else type(value).__name__,
)
def test_what_the_model_cannot_take_is_refused(
    translator: Translator, given: Any, told: str | None
) -> None:
    if told is None:
        assert translator(given) == []
        return
    with pytest.raises(UserError) as caught:
        translator(given)
    assert told in str(caught.value)


def test_a_picture_on_its_side_is_refused(translator: Translator) -> None:
    turned = grey(picture())
    turned.getexif()[0x0112] = 6
    with pytest.raises(UserError, match="exif_transpose"):
        translator(turned)


def test_a_folder_is_no_picture(translator: Translator, tmp_path: Path) -> None:
    for name in ("a", "b"):
        grey(picture()).save(tmp_path / f"{name}.png")
    with pytest.raises(UserError, match="holds 2 pictures"):
        translator(tmp_path)


def test_a_run_that_cannot_be_opened(run: RunFolder, tmp_path: Path) -> None:
    with pytest.raises(UserError, match="is not a run: no such folder"):
        gan_zoo.load(tmp_path / "nothing")
    with pytest.raises(UserError, match=r"is not a run: it holds no recipe\.yaml"):
        gan_zoo.load(tmp_path)
    with pytest.raises(UserError, match="weights/best is not there: the run keeps weights latest"):
        gan_zoo.load(run, weights="best")
    with pytest.raises(UserError, match="device: gpu came; auto, cpu, cuda, cuda:N or mps"):
        gan_zoo.load(run, device="gpu")


def grown(changes: dict[str, Any], folder: Path) -> Translator:
    """A run of one step of another generator."""
    few = {"phases.main.epochs": None, "phases.main.schedule": None, "phases.main.steps": 1}
    shown = {"callbacks": None, "validation": None, "engine.device": "cpu"}
    recipe = Recipe.load("quickstart", set={**few, **shown, **changes})
    return Translator.load(train(recipe, folder, reporter=Reporter(quiet=True)), device="cpu")


def test_a_picture_too_small_for_reflection_is_padded_further(tmp_path: Path) -> None:
    resnet = {"use": "resnet", "width": 4, "blocks": 1}
    translator = grown({"generator": resnet}, tmp_path / "run")
    assert translator.fitting_size(64, 61) == (64, 64)
    assert translator.fitting_size(3, 3) == (8, 8)  # 4 would leave blocks one pixel to reflect
    assert translator(picture()[:, :3, :3]).shape == (3, 3, 3)


def test_a_batch_norm_of_one_value_says_the_cure(tmp_path: Path) -> None:
    deep = {"generator.depth": 6, "generator.norm": "batch", "generator.width": 4}
    translator = grown({**deep, "inference.norm": "picture"}, tmp_path / "run")
    assert translator(picture()).shape == (3, 64, 64)
    backbone = {"use": "unet_timm", "levels": 5, "width": 4, "norm": "batch"}
    translator = grown({"generator": backbone, "inference.norm": "picture"}, tmp_path / "other")
    with pytest.raises(UserError, match=r"use inference\.norm: running, larger pictures"):
        translator(picture()[:, :32, :32])


def test_a_trained_run_can_change_how_pictures_are_made(run: RunFolder) -> None:
    changed = gan_zoo.load(run, device="cpu", set={"inference.norm": "picture"})
    assert changed.recipe.inference.norm == "picture"


def test_weights_of_double_precision_are_loaded_as_they_are(tmp_path: Path) -> None:
    run = trained(tmp_path / "run", engine={"precision": "float64", "device": "cpu"})
    kept = run.load_weights("latest", "generator")
    loaded = gan_zoo.load(run, device="cpu").cast.networks["generator"].state_dict()
    learned = [name for name, tensor in kept.items() if tensor.dtype == torch.float64]
    assert learned
    assert all(torch.equal(loaded[name], kept[name]) for name in learned)
    assert any((kept[name] != kept[name].float().double()).any() for name in learned)
