"""Measurements through everything: trained on, looked at, scored, and written as they are."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import tifffile
import torch
from PIL import Image as PIL

import gan_zoo
from gan_zoo.components import Values
from gan_zoo.engine.assembly import assemble
from gan_zoo.errors import UserError
from gan_zoo.inference.files import translate_files
from gan_zoo.inference.input_tags import InputTags, read_input_tags
from gan_zoo.inference.picture_files import as_file, choose_suffix
from gan_zoo.inference.ranges import in_file_numbers
from gan_zoo.runs.folder import RunFolder
from gan_zoo.testing import rehearse
from tests.inference import measured

GEO = [  # a grid of 10 m with its corner at 500000, 4600000 in UTM 33 north
    (33550, "d", 3, (10.0, 10.0, 0.0), True),
    (33922, "d", 6, (0.0, 0.0, 0.0, 500000.0, 4600000.0, 0.0), True),
    (34735, "H", 8, (1, 1, 0, 1, 3072, 0, 1, 32633), True),
    (34737, "s", 0, "WGS 84 / UTM zone 33N|", True),
]


@pytest.fixture(autouse=True)
def joined(monkeypatch: pytest.MonkeyPatch) -> None:
    measured.join(monkeypatch)


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> RunFolder:
    with pytest.MonkeyPatch.context() as patch:
        measured.join(patch)
        looking = {
            "callbacks": {"previews": {"count": 2}, "health": {}},
            "validation": {"metrics": {"l1": {"use": "l1"}, "psnr": {"use": "psnr"}}},
            "method.pool": 2,
        }
        return measured.trained(tmp_path_factory.mktemp("measured") / "run", looking)


def write(path: Path, pixels: np.ndarray, **how: Any) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    tifffile.imwrite(path, pixels, metadata=None, **how)
    return path


def test_a_run_learns_previews_and_scores_them(run: RunFolder) -> None:
    with PIL.open(run.previews / "previews/000002/sample-0.png") as shown:
        assert (shown.mode, shown.size) == ("L", (32, 32))
    (score,) = (run.path / "scores").glob("*.json")
    kept = json.loads(score.read_text())["scores"]["l1"]
    assert kept["protocol"]["values"] == "0..10000 as 8 bits"
    assert kept["protocol"]["bits"] == 8
    dataset, model = run.recipe().data.open("val"), gan_zoo.load(run, device="cpu")
    sample = dataset.read(0, None)
    made = model.output({"source": sample.maps["source"]})
    eight = [((x + 1) * 127.5).round().clamp(0, 255) for x in (made, sample.maps["target"])]
    assert kept["values"][0] == pytest.approx(float((eight[0] - eight[1]).abs().mean()), abs=1e-6)


def test_the_pool_holds_measurements_as_they_are(run: RunFolder) -> None:
    recipe = run.recipe()
    for dtype, exact in (("uint16", True), ("uint8", False)):
        data = recipe.data.model_copy(update={"dtype": dtype, "high": 255.0})
        assembly = assemble(recipe.model_copy(update={"data": data}), weights=False)
        assert assembly.method.history.pool.exact == exact
    [found] = rehearse(recipe)
    eight = recipe.data.model_copy(update={"dtype": "uint8", "high": 255.0})
    [less] = rehearse(recipe.model_copy(update={"data": eight}))
    assert found.peak_bytes > less.peak_bytes  # three bytes more a number of a batch


def test_baselines_are_of_8_bits_too(run: RunFolder) -> None:
    scores = gan_zoo.evaluate(run, split="val", metrics=["l1"], baseline="median", device="cpu")
    train, val = (run.recipe().data.open(split) for split in ("train", "val"))
    targets = [train.read(n, None).maps["target"] for n in range(8)]
    eight = [((t + 1) * 127.5).round().numpy() for t in targets]
    middle = np.median(np.stack(eight), axis=0).round()
    real = ((val.read(0, None).maps["target"] + 1) * 127.5).round().numpy()
    assert scores.baseline["median"]["l1"].values[0] == pytest.approx(
        np.abs(middle - real).mean(), abs=1e-5
    )


def test_files_come_in_the_target_s_type_and_range(run: RunFolder, tmp_path: Path) -> None:
    given = measured.numbers()
    write(tmp_path / "in/a.tif", given)
    write(tmp_path / "in/deep/b.tif", measured.numbers(24, 16))
    assert translate_files(run, tmp_path / "in", tmp_path / "out", device="cpu") == 2
    with PIL.open(tmp_path / "out/a.png") as file:
        assert file.mode == "I;16"
        pixels = np.asarray(file)
    model = gan_zoo.load(run, device="cpu")
    made = model(tmp_path / "in/a.tif")
    assert (made.dtype, made.shape) == (np.float32, (20, 30))
    assert np.array_equal(pixels, made.round().clip(0, 10_000).astype(np.uint16))
    assert pixels.std() > 100
    for same in (given, given.astype(np.float32), given.astype(np.float64), PIL.fromarray(given)):
        assert np.allclose(model(same), made, atol=0.01)
    tensor = model(torch.from_numpy(given.astype(np.float32))[None])
    assert tensor.shape == (1, 20, 30)
    assert np.allclose(tensor[0], made, atol=0.01)
    assert np.allclose(model(given / np.float32(2000) - 1, range=(-1, 1)), made, atol=0.01)
    assert model(np.stack([given, given])[..., None]).shape == (2, 20, 30, 1)
    beyond = given.copy()
    beyond[given == given.max()] = 60_000  # clipped, as files are read
    assert np.allclose(model(beyond), model(np.where(beyond > 4000, 4000, given)), atol=0.01)
    for odd, told in (
        (given / np.float32(2000) - 1, r"files hold 0\.\.4000; give these, .* range=\(-1, 1\)"),
        (np.full((16, 16), np.nan), "floats from nan to nan came"),
        (np.full((16, 16), 5000, np.int32), r"all of it lies beyond 0\.\.4000"),
    ):
        with pytest.raises(UserError, match=told):
            model(odd)
    with pytest.raises(UserError, match=r"uint8 came, but its files hold uint16 of 0\.\.4000"):
        model(given.astype(np.uint8))


def test_a_georeference_and_a_resolution_stay(
    run: RunFolder, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    how = {"resolution": (118.11, 118.11), "resolutionunit": 3, "extratags": GEO}
    path = write(tmp_path / "a.tif", measured.numbers(), **how)
    assert translate_files(run, path, tmp_path / "made.tif", device="cpu") == 1
    with tifffile.TiffFile(tmp_path / "made.tif") as file:
        tags = file.pages[0].tags
        assert file.asarray().dtype == np.uint16
        for code, _, _, value, _ in GEO:
            assert tags[code].value == value
        assert tags[282].value[0] / tags[282].value[1] == pytest.approx(118.11)
        assert int(tags[296].value) == 3
        assert 42113 not in tags
    capsys.readouterr()
    assert translate_files(run, path, tmp_path / "made.png", device="cpu") == 1
    assert "1 with a georeference, which PNG does not hold; --format tiff does" in (
        capsys.readouterr().out
    )
    with PIL.open(tmp_path / "made.png") as file:
        assert file.info["dpi"] == pytest.approx((300, 300), abs=0.1)


def test_what_is_kept_of_a_file(tmp_path: Path) -> None:
    how = {"photometric": "minisblack", "planarconfig": "contig", "extratags": GEO}
    big = write(tmp_path / "big.tif", np.zeros((8, 6, 7), np.float32), bigtiff=True, **how)
    assert [*read_input_tags(big, 8, 6).georeference] == [33550, 33922, 34735, 34737]
    assert not read_input_tags(big, 8, 3).georeference  # half of it lies elsewhere
    PIL.new("RGB", (4, 4)).save(tmp_path / "a.jpg", dpi=(72, 72))
    assert read_input_tags(tmp_path / "a.jpg", 4, 4) == InputTags((72, 72))
    cut = tmp_path / "cut.tif"
    cut.write_bytes(big.read_bytes()[:6])
    for nothing in (tmp_path / "absent.tif", cut):
        assert read_input_tags(nothing, 4, 4) == InputTags()


@pytest.mark.parametrize(
    ("values", "channels", "suffix"),
    [
        (Values(), 1, ".png"),
        (Values(), 2, ".png"),
        (Values(), 3, ".png"),
        (Values(), 4, ".png"),
        (Values("uint8", 10, 200), 3, ".png"),
        (Values("uint16", 0, 65535), 1, ".png"),
        (Values("uint16", 0, 10_000), 3, ".tif"),
        (Values(), 7, ".tif"),
        (Values(colors="cmyk"), 4, ".tif"),
        (Values("int16", -500, 9000, nodata=-9999), 1, ".tif"),
        (Values("float32", 250.5, 320, nodata=float("nan")), 1, ".tif"),
        (Values("uint16", 0, 4095, colors="rgba"), 4, ".tif"),
        (Values("float64", -1, 1), 2, ".tif"),
    ],
    ids=str,
)
def test_every_type_is_written_and_read_back(values: Values, channels: int, suffix: str) -> None:
    draw = torch.Generator().manual_seed(0)
    made = torch.rand((channels, 5, 6), generator=draw) * 4 - 2
    expected = in_file_numbers(made, values).numpy()
    for wanted in ("auto", "tiff"):
        ending = choose_suffix(values, channels, wanted)
        assert ending == (suffix if wanted == "auto" else ".tif")
        content = as_file(made, values, ending, InputTags((90.0, 90.0)))
        if ending == ".png":
            with PIL.open(_file(content)) as file:
                pixels, dpi = np.asarray(file), file.info["dpi"]
                assert dpi == pytest.approx((90, 90), abs=0.1)
        else:
            with tifffile.TiffFile(_file(content)) as file:
                pixels, page = file.asarray(), file.pages[0]
                nodata = page.tags.get(42113)
                assert (nodata is None) == (values.nodata is None)
                if nodata is not None:
                    assert np.array_equal(float(nodata.value), values.nodata, equal_nan=True)
                if values.colors == "cmyk":
                    assert page.photometric == 5
                    with PIL.open(_file(content)) as file:
                        assert file.mode == "CMYK"
        pixels = pixels[..., None] if channels == 1 else pixels
        assert pixels.dtype == np.dtype(values.dtype)
        assert pixels.shape == (5, 6, channels)
        kind = pixels.dtype.kind
        assert np.allclose(np.moveaxis(pixels, -1, 0), expected, atol=0 if kind in "iu" else 1e-4)
        if kind in "iu":
            assert (pixels.min(), pixels.max()) == (values.low, values.high)


def _file(content: bytes) -> Any:
    import io

    return io.BytesIO(content)


def test_what_png_does_not_hold(monkeypatch: pytest.MonkeyPatch) -> None:
    for values, channels, told in (
        (Values("float32", 0, 1), 1, "1 channel of float32, which PNG does not hold"),
        (Values(), 5, "5 channels of uint8"),
        (Values(colors="cmyk"), 4, "4 inks of uint8"),
    ):
        with pytest.raises(UserError, match=told):
            choose_suffix(values, channels, "png")
    monkeypatch.setitem(__import__("sys").modules, "tifffile", None)
    with pytest.raises(UserError, match=r"pip install 'gan-zoo\[tiff\]'"):
        choose_suffix(Values("float32", 0, 1), 1)
    assert choose_suffix(Values(), 3, "tiff") == ".tif"  # Pillow writes it


@pytest.mark.parametrize(("channels", "bands"), [(7, 5), (2, 2)])
def test_any_number_of_channels_is_shown(channels: int, bands: int, tmp_path: Path) -> None:
    looking = {"callbacks": {"previews": {"count": 1}}}
    run = measured.trained(tmp_path / "run", looking, channels=channels, bands=bands)
    modes = set()
    for path in (run.previews / "previews").rglob("*.png"):
        with PIL.open(path) as file:
            modes.add(file.mode)
    assert modes == ({"RGB"} if channels == 7 else {"L"})
    shown = "the first three as red, green, blue" if channels == 7 else "the first as grey"
    log = (run.path / "log.txt").read_text()
    assert log.count(f"previews: of the {channels} channels of target shows {shown}") == 1
    model = gan_zoo.load(run, device="cpu")
    given = np.stack([measured.numbers(16, 16)] * bands, axis=-1)
    assert model(given).shape == (16, 16, channels)
