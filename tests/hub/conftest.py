"""Runs of two steps, one of them with styles, and what is pushed of them."""

from __future__ import annotations

import shlex
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor

import gan_zoo
from gan_zoo.cli import main
from gan_zoo.inference.styles.gathering import gather
from gan_zoo.inference.styles.rules import read_rules
from gan_zoo.inference.translator import Translator
from gan_zoo.runs.folder import RunFolder
from tests.inference.conftest import picture, trained
from tests.inference.styles import conftest as styles

VALIDATION = {"split": "val", "metrics": {"l1": {"use": "l1"}, "psnr": None}, "best": "l1"}
PREVIEWS = {"previews": {"use": "previews", "count": 2}, "health": None}

Typed = Callable[[str], tuple[int, str]]


@pytest.fixture(scope="session")
def run(tmp_path_factory: pytest.TempPathFactory) -> RunFolder:
    """One with previews, scores, and best weights that are not the latest."""
    made = trained(
        tmp_path_factory.mktemp("hub") / "mine", validation=VALIDATION, callbacks=PREVIEWS
    )
    latest = made.load_weights("latest", "generator")
    changed = {key: tensor * 0.5 for key, tensor in latest.items()}
    made.save_weights("best", {"generator": changed}, {"phase": "main", "step": 2})
    return made


@pytest.fixture(scope="session")
def pushed(run: RunFolder, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The same, handed on."""
    folder = tmp_path_factory.mktemp("hub") / "pushed"
    assert gan_zoo.push(run, folder, license="mit", data_statement="Emoji; MIT.") == str(folder)
    return folder


@pytest.fixture(scope="session")
def styled(tmp_path_factory: pytest.TempPathFactory) -> RunFolder:
    """One whose instances have styles, trained on a folder of this machine."""
    made = styles.trained(tmp_path_factory.mktemp("hub") / "styled")
    gather(made.path, clusters=2, least=1e-4, device="cpu")
    return made


@pytest.fixture
def typed(monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]) -> Typed:
    """Types a command in this process: its exit code, and all that it said."""

    def type_(line: str) -> tuple[int, str]:
        capfd.readouterr()
        monkeypatch.setattr(sys, "argv", ["gan-zoo", *shlex.split(line)])
        code = 0
        try:
            main()
        except SystemExit as end:
            code = end.code if isinstance(end.code, int) else 1
        return code, "".join(capfd.readouterr())

    return type_


def made_by(model: Translator, **words: Any) -> np.ndarray:
    """What a model makes of one input: floats that nobody rounded."""
    given = {"source": picture(48, 64).float() / 127.5 - 1}
    maps = given if model.inputs == ["source"] else styles.inputs()
    return np.asarray(model.output(maps, **words))


def state(model: Translator) -> dict[str, Tensor]:
    """All that a model is made of."""
    modules = {**model.networks(), **model.cast.conditions}
    return {f"{n}.{k}": t for n, module in modules.items() for k, t in module.state_dict().items()}


def same(one: Any, other: Any, style: Any = None, **words: Any) -> bool:
    """Whether two models are the same to the bit: what they make, and are made of."""
    first, second = (gan_zoo.load(model, device="cpu", **words) for model in (one, other))
    mine, yours = state(first), state(second)
    assert list(mine) == list(yours)
    made = [made_by(model, style=read_rules(style)) for model in (first, second)]
    return all(map(torch.equal, mine.values(), yours.values())) and bool((made[0] == made[1]).all())
