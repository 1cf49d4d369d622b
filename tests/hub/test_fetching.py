"""Models on the hub, by a stand-in of it: nothing here asks the network."""

from __future__ import annotations

import shutil
import sys
from pathlib import Path
from typing import Any

import huggingface_hub
import pytest
from huggingface_hub import constants, errors

import gan_zoo
from gan_zoo.errors import UserError
from gan_zoo.runs.fetching import split_name
from gan_zoo.runs.folder import RunFolder
from tests.hub.conftest import Typed, same

COMMIT = "0123456789abcdef0123456789abcdef01234567"


@pytest.fixture
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty cache of the hub's own library, which may not ask the network."""
    folder = tmp_path / "cache"
    monkeypatch.setattr(constants, "HF_HUB_CACHE", str(folder))
    monkeypatch.setattr(constants, "HF_HUB_OFFLINE", True)
    return folder


def keep(cache: Path, folder: Path, model: str = "ada/mine", revision: str = "main") -> Path:
    """Put a folder into the cache as the library keeps what it fetched."""
    home = cache / f"models--{model.replace('/', '--')}"
    (home / "refs").mkdir(parents=True, exist_ok=True)
    (home / "refs" / revision).write_text(COMMIT)
    return Path(shutil.copytree(folder, home / "snapshots" / COMMIT, dirs_exist_ok=True))


def test_what_was_fetched_once_is_there_without_a_connection(
    run: RunFolder, pushed: Path, cache: Path, tmp_path: Path, typed: Typed
) -> None:
    snapshot = keep(cache, pushed)
    before = sorted(snapshot.rglob("*"))
    assert same(run, "hub:ada/mine")
    assert same(run, f"hub:ada/mine@{COMMIT}")
    code, said = typed("evaluate hub:ada/mine --split val --device cpu")
    assert (code, "The scores are not kept: hub:ada/mine is not written to" in said) == (0, True)
    assert sorted(snapshot.rglob("*")) == before


def test_without_a_connection_it_is_said_what_to_do(cache: Path, typed: Typed) -> None:
    with pytest.raises(UserError) as caught:
        gan_zoo.load("hub:ada/mine")
    told = str(caught.value)
    assert told.startswith("hub:ada/mine is not whole in this machine's cache, and the hub gave no")
    assert "Once with a connection (and without HF_HUB_OFFLINE), it is there from then on" in told
    assert "copy the model's folder to this machine" in told
    code, said = typed("translate hub:ada/mine a.png b.png")
    assert (code, said.strip()) == (2, told)


def answer(kind: type[Exception]) -> Exception:
    """What the hub's library raises."""
    problem = kind.__new__(kind)
    problem.args = ("404 Client Error",)
    return problem


@pytest.mark.parametrize(
    ("kind", "told"),
    [
        (errors.RepositoryNotFoundError, "is not on the hub, or is private: compare the name"),
        (errors.GatedRepoError, "is closed to you; its owner lets in who asks"),
        (errors.RevisionNotFoundError, "the model has no revision v2"),
        (errors.HfHubHTTPError, "the hub gave no answer"),
        (OSError, "the hub gave no answer"),
    ],
)
def test_what_the_hub_answers(
    monkeypatch: pytest.MonkeyPatch, kind: type[Exception], told: str
) -> None:
    def snapshot_download(*_: Any, **__: Any) -> str:
        raise answer(kind)

    monkeypatch.setattr(huggingface_hub, "snapshot_download", snapshot_download)
    with pytest.raises(UserError) as caught:
        gan_zoo.load("hub:ada/mine@v2")
    assert told in str(caught.value)


TEXTS = ["config.json", "recipe.yaml"]


def stand_in(snapshot: Path, monkeypatch: pytest.MonkeyPatch) -> list[dict[str, Any]]:
    """A hub that has this one snapshot; what it was asked."""
    asked: list[dict[str, Any]] = []

    def snapshot_download(model: str, **words: Any) -> str:
        asked.append({**words, "model": model})
        return str(snapshot)

    monkeypatch.setattr(huggingface_hub, "snapshot_download", snapshot_download)
    return asked


def test_only_what_makes_pictures_is_asked_for_of_one_commit(
    pushed: Path, cache: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = stand_in(keep(cache, pushed), monkeypatch)
    assert gan_zoo.load("hub:ada/mine@v2", device="cpu").inputs == ["source"]
    assert [(one["model"], one["revision"], one["library_name"]) for one in asked] == [
        ("ada/mine", "v2", "gan-zoo"),
        ("ada/mine", COMMIT, "gan-zoo"),
    ]
    assert [one["allow_patterns"] for one in asked] == [
        TEXTS,
        [*TEXTS, "model.safetensors", "styles/*.json", "styles/*.safetensors"],
    ]


@pytest.mark.parametrize(
    ("file", "content", "told"),
    [
        ("config.json", '{"model_type": "bert"}', "is not a model of gan-zoo: it names no"),
        ("config.json", '{"library_name": "gan-zoo", "format": 2}', "has the format 2"),
        ("recipe.yaml", "seed: [1", r"recipe\.yaml"),
        ("recipe.yaml", "generator: {use: absent}", "absent"),
        ("recipe.yaml", None, r"recipe\.yaml is not there"),
        ("config.json", None, r"it has no config\.json"),
    ],
)
def test_no_weights_are_fetched_of_what_is_no_model(
    pushed: Path,
    cache: Path,
    monkeypatch: pytest.MonkeyPatch,
    file: str,
    content: str | None,
    told: str,
) -> None:
    snapshot = keep(cache, pushed)
    (snapshot / file).unlink()
    if content is not None:
        (snapshot / file).write_text(content)
    asked = stand_in(snapshot, monkeypatch)
    with pytest.raises(UserError, match=told):
        gan_zoo.load("hub:ada/mine")
    assert [one["allow_patterns"] for one in asked] == [TEXTS]


def test_another_programs_model(cache: Path, tmp_path: Path) -> None:
    (tmp_path / "other").mkdir()
    (tmp_path / "other/model.bin").write_bytes(b"")
    keep(cache, tmp_path / "other")
    with pytest.raises(
        UserError, match=r"hub:ada/mine is not a model of gan-zoo: it has no config"
    ):
        gan_zoo.load("hub:ada/mine")
    (tmp_path / "other/config.json").write_text('{"model_type": "bert"}')
    keep(cache, tmp_path / "other")
    with pytest.raises(UserError, match=r"config\.json is not a model of gan-zoo: it names no"):
        gan_zoo.load("hub:ada/mine")


@pytest.mark.parametrize(
    "name", ["hub:", "hub:mine", "hub:a/b/c", "hub:a/b@", "hub:../x", "hub:a/..", "hub:a b/c"]
)
def test_names_that_are_none(name: str) -> None:
    with pytest.raises(UserError, match="hub:OWNER/NAME was expected"):
        split_name(name)


def test_names() -> None:
    assert split_name("hub:ada/my-model_2.0") == ("ada/my-model_2.0", None)
    assert split_name("hub:ada/mine@refs/pr/1") == ("ada/mine", "refs/pr/1")


def test_the_package_is_asked_for_by_the_line_that_installs_it(
    run: RunFolder, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "huggingface_hub", None)
    line = r"needs the package huggingface-hub: pip install 'gan-zoo\[hub\]'"
    with pytest.raises(UserError, match=line):
        gan_zoo.load("hub:ada/mine")
    with pytest.raises(UserError, match=line):
        gan_zoo.push(run, "ada/mine", license="mit")


# ------------------------------------------------------------------------------- upload


class Hub:
    """Stands in for HfApi, and keeps what it was asked."""

    def __init__(self, *, public: bool = True, fails: Exception | None = None) -> None:
        self.public, self.fails = public, fails
        self.asked: list[tuple[str, dict[str, Any]]] = []
        self.files: dict[str, bytes] = {}

    def __call__(self, **words: Any) -> Hub:
        self.asked.append(("api", words))
        return self

    def create_repo(self, model: str, **words: Any) -> None:
        if self.fails:
            raise self.fails
        self.asked.append(("create", {"model": model, **words}))

    def model_info(self, model: str) -> Any:
        return type("Info", (), {"private": not self.public})

    def upload_folder(self, *, folder_path: Path, **words: Any) -> None:
        self.asked.append(("upload", words))
        for file in Path(folder_path).rglob("*"):
            if file.is_file():
                self.files[file.relative_to(folder_path).as_posix()] = file.read_bytes()


@pytest.mark.parametrize("to", ["ada/mine", "hub:ada/mine"])
def test_a_push_makes_the_repository_and_uploads_the_layout(
    run: RunFolder,
    pushed: Path,
    monkeypatch: pytest.MonkeyPatch,
    typed: Typed,
    tmp_path: Path,
    to: str,
) -> None:
    hub = Hub(public=False)
    monkeypatch.setattr(huggingface_hub, "HfApi", hub)
    monkeypatch.chdir(tmp_path)
    line = f"push {run.path} {to} --license mit --private --message First --data-statement Emoji"
    code, said = typed(line)
    assert (code, said.splitlines()[-1].partition(";")[0]) == (0, "Pushed: hub:ada/mine")
    (_, api), (_, made), (_, sent) = hub.asked
    assert api["library_name"] == "gan-zoo"
    assert made == {"model": "ada/mine", "private": True, "exist_ok": True}
    assert sent == {
        "repo_id": "ada/mine",
        "commit_message": "First",
        "delete_patterns": ["styles/*", "samples.png"],
    }
    assert set(hub.files) == {path.name for path in pushed.iterdir()}
    assert hub.files["model.safetensors"] == (pushed / "model.safetensors").read_bytes()
    assert b'gan_zoo.load("hub:ada/mine")' in hub.files["README.md"]
    assert not list(tmp_path.iterdir())


def test_private_is_not_made_public_by_what_is_there(
    run: RunFolder, monkeypatch: pytest.MonkeyPatch
) -> None:
    hub = Hub(public=True)
    monkeypatch.setattr(huggingface_hub, "HfApi", hub)
    with pytest.raises(UserError, match="ada/mine exists and is public, so nothing was uploaded"):
        gan_zoo.push(run, "ada/mine", license="mit", private=True)
    assert not hub.files
    gan_zoo.push(run, "ada/mine", license="mit")
    assert hub.asked[-2][1]["private"] is None
    assert hub.asked[-1][1]["commit_message"] == "mine, pushed by gan-zoo"


def test_a_hub_that_refuses(run: RunFolder, monkeypatch: pytest.MonkeyPatch) -> None:
    for problem in (answer(errors.HfHubHTTPError), OSError("no route to host")):
        monkeypatch.setattr(huggingface_hub, "HfApi", Hub(fails=problem))
        with pytest.raises(UserError, match=r"ada/mine was not uploaded .*`hf auth login`"):
            gan_zoo.push(run, "ada/mine", license="mit")
