"""Names that look alike, clutter between pictures, links, and what is given to translate."""

from __future__ import annotations

import unicodedata
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gan_zoo.errors import DataError
from gan_zoo_data.folders.listing import list_pictures
from gan_zoo_data.folders.names import call_alike, find_endings, zeros_differ
from tests.plugins.data.making import picture, save, side_by_side, spec

BOTH = side_by_side(picture(value=1), picture(value=2))


def sides(root: Path, a: str, b: str, value: int = 0) -> None:
    save(root / f"A/train/{a}", picture(value=value))
    save(root / f"B/train/{b}", picture(value=value + 100))


ALIKE = {
    "Unicode form": [
        (unicodedata.normalize("NFC", name), unicodedata.normalize("NFD", name))
        for name in ("Köln", "학점")
    ],
    "letter case": [("IMG_1", "img_1"), ("IMG_2", "Img_2")],
    "a doubled suffix": [("x", "x.png"), ("y.jpg", "y")],
}


@pytest.mark.parametrize("form", ALIKE)
def test_names_that_look_alike_are_matched(tmp_path: Path, form: str) -> None:
    for number, (a, b) in enumerate(ALIKE[form]):
        sides(tmp_path, f"{a}.png", f"{b}.png", number)
    sides(tmp_path, "same.png", "same.png", 50)
    data = spec(tmp_path).open("train")
    read = [data.read(index, None) for index in range(len(data))]
    assert {s.name: int(s.maps["target"][2, 0, 0]) for s in read} == {
        **{a: 100 + number for number, (a, _) in enumerate(ALIKE[form])},
        "same": 150,
    }
    assert f"; 2 names matched in spite of {form} (" in data.describe()


def test_names_are_matched_only_where_one_can_be_meant(tmp_path: Path) -> None:
    for name in ("x", "X"):
        save(tmp_path / f"B/train/{name}{name}.png")
    save(tmp_path / "A/train/Xx.png")
    sides(tmp_path, "y.png", "y.png")
    told = spec(tmp_path).inspect("train")
    assert [line.partition(" has no partner ")[0] for line in told] == [
        f"{tmp_path}/{name}.png" for name in ("A/train/Xx", "B/train/XX", "B/train/xx")
    ]


@given(st.lists(st.text("abäöAB가1_.", min_size=1, max_size=6), max_size=8, unique=True))
def test_every_file_keeps_one_name(names: list[str]) -> None:
    forms = {unicodedata.normalize("NFD", name): Path(name) for name in names}
    called = call_alike(names, forms).files
    assert sorted(called.values()) == sorted(forms.values())
    plain = {unicodedata.normalize("NFC", name) for name in names}
    if len(plain) == len(names) == len(forms):  # then every partner is found
        assert {*called} == {*names}


@given(st.lists(st.text("abcdefgh", min_size=1, max_size=9), min_size=2, max_size=9, unique=True))
def test_the_example_is_the_first_of_the_partners(names: list[str]) -> None:
    said = call_alike(names, {name.upper(): Path(name) for name in names}).said
    assert said.endswith(f" matched in spite of letter case ({names[0]} and {names[0].upper()})")


@pytest.mark.parametrize("ends", [("_A", "_B"), ("_input", "_target"), ("-label", "-photo")])
def test_usual_endings_are_matched_and_said(tmp_path: Path, ends: tuple[str, str]) -> None:
    for number in range(3):
        sides(tmp_path, f"{number:03}{ends[0]}.png", f"{number:03}{ends[1]}.png", number)
    data = spec(tmp_path).open("train")
    assert [data.read(n, None).name for n in range(3)] == ["000", "001", "002"]
    assert f"matched by name without the endings {ends[0]} and {ends[1]}: " in data.describe()


def test_other_endings_are_told_with_their_line(tmp_path: Path) -> None:
    for number in range(3):
        sides(tmp_path, f"{number}_noisy01.png", f"{number}_gtX.png")
    (tmp_path / "B/train/readme.txt").write_text("hello")
    a, b = tmp_path / "A/train", tmp_path / "B/train"
    lines = {"a": "_noisy01", "b": "_gtX"}
    assert spec(tmp_path).inspect("train")[-1] == (
        f"{a} and {b} have no name in common: 0_noisy01, ... and 0_gtX, ...; say `suffixes: "
        "{a: _noisy01, b: _gtX}`, rename one side, or name the pairs in a table (`use: manifest`)"
    )
    data = spec(tmp_path, suffixes=lines).open("train")
    assert len(data) == 3
    assert data.describe().endswith("; left alone 1 file whose names end otherwise")
    [told] = spec(tmp_path, suffixes={"a": "_clean"}).inspect("train")
    assert told == (
        f"no name in {a} ends in _clean, as `suffixes` says of a: 0_noisy01.png, ...; correct "
        "`suffixes`"
    )


def test_leading_zeros_are_told_once(tmp_path: Path) -> None:
    for number in range(12):
        sides(tmp_path, f"{number}.png", f"{number:02}.png")
    assert spec(tmp_path).inspect("train") == [
        f"{tmp_path}/A/train and {tmp_path}/B/train: 10 names differ in leading zeros, as 0.png "
        "and 00.png; rename one side, or name the pairs in a table (`use: manifest`)"
    ]
    assert zeros_differ(["1", "2"], ["a", "b"]) is None
    assert find_endings([], ["x"]) is None


# ---------------------------------------------------------------------------------- clutter, links


def test_clutter_of_systems_is_passed_over_and_said(tmp_path: Path) -> None:
    save(tmp_path / "train/x.png", BOTH)
    thumb = "SYNOPHOTO_THUMB_M.jpg"
    folders = ["@eaDir/x.png", ".AppleDouble", "lost+found", "__MACOSX", ".@__thumb", ".thumbnails"]
    folders += [".ipynb_checkpoints", "$RECYCLE.BIN", "System Volume Information", ".Trash-1000"]
    folders += [".git", "deep/@eaDir"]
    for folder in folders:
        save(tmp_path / "train" / folder / thumb, BOTH)
    for file in (".DS_Store", "Thumbs.db", "desktop.ini", "._x.png", ".directory"):
        (tmp_path / "train" / file).write_text("clutter")
    data = spec(tmp_path).open("train")
    assert len(data) == 1
    told = data.describe().partition("; ")[2]
    assert told.startswith("skipped 5 files and 12 folders of the system ($RECYCLE.BIN/, ")
    assert spec(tmp_path).inspect("train") == []


def test_links_that_lead_back_end(tmp_path: Path) -> None:
    save(tmp_path / "train/0.png", BOTH)
    for link in ("a", "b"):
        (tmp_path / "train" / link).symlink_to(".")
    data = spec(tmp_path).open("train")
    assert len(data) == 1
    told = "links back to a folder around it, a loop, and was not entered"
    assert data.describe().endswith(f"; {tmp_path}/train/a {told}; {tmp_path}/train/b {told}")


def test_a_folder_reached_twice_counts_once_by_its_own_name(tmp_path: Path) -> None:
    save(tmp_path / "train/z/0.png", BOTH)
    save(tmp_path / "elsewhere/1.png", BOTH)
    for link, place in (("a", "z"), ("m", "../elsewhere"), ("n", "../elsewhere")):
        (tmp_path / "train" / link).symlink_to(place)
    (tmp_path / "train/z/copy.png").symlink_to("0.png")  # a file may have two names
    found = list_pictures(tmp_path / "train")
    assert [*found.files] == ["m/1", "z/0", "z/copy"]
    assert found.links == [
        f"{tmp_path}/train/a is the folder z once more, and counted once",
        f"{tmp_path}/train/n is the folder m once more, and counted once",
    ]


def test_control_codes_in_names_never_reach_a_terminal(tmp_path: Path) -> None:
    sides(tmp_path, "x.png", "x.png")
    for name in ("a\x1b[31mred", "two\nlines", "bell\x07"):
        save(tmp_path / f"A/train/{name}.png")
    told = spec(tmp_path).inspect("train")
    assert told == [
        f"{tmp_path}/A/train/{name} has the control code{code} in its name; rename it"
        for name, code in (
            (r"a\x1b[31mred.png", r" \x1b"),
            (r"bell\x07.png", r" \x07"),
            (r"two\nlines.png", r" \n"),
        )
    ]


def test_names_as_long_as_a_disk_takes(tmp_path: Path) -> None:
    name = "n" * 251
    sides(tmp_path, f"{name}.png", f"{name}.bmp")
    assert spec(tmp_path).open("train").read(0, None).name == name


# ---------------------------------------------------------------------------------- translation

LAYOUTS = ["A/{}|B/{}", "{}A|{}B", "{}_A|{}_B", "{}/A|{}/B", "input/{}|target/{}"]


@pytest.mark.parametrize("layout", LAYOUTS)
@pytest.mark.parametrize("direction", ["a_to_b", "b_to_a"])
def test_roots_and_targets_are_no_inputs(tmp_path: Path, layout: str, direction: str) -> None:
    own = tmp_path / "data"
    folders = layout.split("|")
    for split in ("train", "test"):
        for side in folders:
            save(own / side.format(split) / "x.png")
    recipe = spec(own, direction=direction)
    source, target = folders if direction == "a_to_b" else folders[::-1]
    good = own / source.format("test")
    assert len(recipe.inputs(good)) == 1
    assert len(recipe.inputs(good / "x.png")) == 1
    with pytest.raises(DataError) as caught:
        recipe.inputs(own)
    assert str(caught.value) == f"{own} holds the splits of the data; name one, as {good}"
    for path in (own / target.format("test"), own / target.format("test") / "x.png"):
        with pytest.raises(DataError) as caught:
            recipe.inputs(path)
        kind = "is the folder" if path.is_dir() else "lies in the folder"
        assert str(caught.value) == (
            f"{path} {kind} of targets, but the model reads sources; name {good}"
        )
    elsewhere = spec(tmp_path / "gone", direction=direction)  # the training data is not here
    if "input" not in layout:
        with pytest.raises(DataError, match="of targets, but the model reads sources; name"):
            elsewhere.inputs(own / target.format("test"))
        with pytest.raises(DataError, match="holds the splits of the data"):
            elsewhere.inputs(own)
    assert len(elsewhere.inputs(good)) == 1
    save(tmp_path / "mine/x.png")
    assert len(recipe.inputs(tmp_path / "mine")) == 1


def test_all_targets_are_the_folder_of_targets(tmp_path: Path) -> None:
    for side in "AB":
        save(tmp_path / side / "test/x.png")
    with pytest.raises(DataError, match=r"B is the folder of targets, .*; name .*/A/test$"):
        spec(tmp_path).inputs(tmp_path / "B")
    with pytest.raises(DataError, match=r"A holds the splits of the data; name one, as .*/A/test$"):
        spec(tmp_path).inputs(tmp_path / "A")


def test_an_error_is_printable() -> None:
    assert str(DataError("a\x1b[31m\n\tb\x07\x9b")) == "a\\x1b[31m\n\tb\\x07\\x9b"
