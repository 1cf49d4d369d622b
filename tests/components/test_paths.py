"""Folders as people name them."""

from __future__ import annotations

from pathlib import Path

import pytest

from gan_zoo.components import expand_user


def test_a_folder_may_begin_with_a_sign_that_means_a_home(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    assert expand_user("~/data") == tmp_path / "data"
    assert expand_user("~nobody_of_that_name/data") == Path("~nobody_of_that_name/data")
    assert expand_user(Path("a/~b")) == Path("a/~b")
