"""Texts that tell of a machine are refused, whoever wrote the path into them, and however."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

import gan_zoo
from gan_zoo.errors import UserError
from gan_zoo.hub.neutral import refuse_private, shortened
from gan_zoo.recipe.neutral import shorten_paths
from gan_zoo.runs.folder import RunFolder

RUN = Path("/runs/mine")


def found(root: str) -> list[str]:
    """What is shortened in a recipe of this root."""
    tree = {"data": {"root": root, "size": 8}, "list": ["hf://a/b", "x"]}
    return shortened(tree, shorten_paths(tree, {}))


@pytest.mark.parametrize(
    ("root", "said"),
    [
        ("/mnt/nas/patients/mueller", "in /mnt/nas/patients/mueller."),
        ("/data/patients/mueller/", "[x](/data/patients/mueller)"),
        ("/data/patients/mueller", "`/data/patients/meier`"),
        ("/photos", "all of /photos"),
        ("~/ada/photos", "(~/ada/photos/list.txt)"),
        ("nas:/export/ada/x", "nas:/export/ada/x"),
        ("nas:/export/ada/x", "on /export/ada"),
        ("s3://clinic/mueller", "s3://clinic/mueller"),
        ("s3://clinic/mueller", "in clinic/mueller"),
        ("smb://srv/ada", "smb://srv/ada"),
        ("file:///export/ada/x", "<file:///export/ada/x>"),
        ("D:\\ada\\old\\x", "D:\\ada\\old\\x"),
        ("D:\\ada\\old\\x", json.dumps({"of": "D:\\ada\\old\\y"})),
        ("\\\\srv\\ada\\x", "\\\\srv\\ada"),
    ],
)
def test_shortened_paths_and_their_folders_are_refused_in_all_texts(root: str, said: str) -> None:
    private = found(root)
    assert private == [root]
    with pytest.raises(UserError, match=r"nothing was:\nabout\.json:1: "):
        refuse_private({"about.json": said}, RUN, private)


@pytest.mark.parametrize("root", ["/", "/a", "~", "/data/patients/mueller", "s3://clinic"])
def test_other_words_are_not(root: str) -> None:
    for said in ("mueller and patients", "https://example.org/a/b", "hf://a/b", "1/2 or a-b/ c/d"):
        refuse_private({"about.json": said}, RUN, found(root))


@pytest.mark.parametrize(
    "said",
    [
        *("file:///home/ada/photos", "[x](FILE:photos)", "nas:/home/ada/x", "C:/Users/Ada/x"),
        *("[x](/srv/a)", "/mnt/nas/patients"),
    ],
)
def test_paths_of_machines_are_refused_that_no_recipe_has(said: str) -> None:
    with pytest.raises(UserError, match=r"nothing was:\nREADME\.md:2: "):
        refuse_private({"README.md": f"Photos.\nIn {said}, all of them"}, RUN)


def test_addresses_and_prose_are_not_refused() -> None:
    said = "A file: one. https://a.org/home/ada and hub:ada/x, x/home/y, profile:z; ./mnt/x"
    refuse_private({"README.md": said}, RUN)


def test_what_styles_tell_is_checked_too(styled: RunFolder, tmp_path: Path) -> None:
    run = Path(shutil.copytree(styled.path, tmp_path / "run"))
    about = run / "styles/about.json"
    root = str(styled.recipe().data.root)  # type: ignore[attr-defined]
    about.write_text(json.dumps({**json.loads(about.read_text()), "of": root}))
    with pytest.raises(UserError, match=r"nothing was:\nstyles/about\.json:1: /"):
        gan_zoo.push(run, tmp_path / "out", license="mit")
    assert not (tmp_path / "out").exists()
