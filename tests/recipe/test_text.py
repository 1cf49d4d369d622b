"""YAML without its surprises, and plain values that read back the same."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gan_zoo.recipe import text


def value(written: str) -> Any:
    node, problems = text.read(f"key: {written}", "r.yaml")
    assert not problems
    return node.plain()["key"]


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("1e-4", 1e-4),
        ("1e+3", 1000.0),
        ("2E5", 2e5),
        (".5", 0.5),
        ("-.5", -0.5),
        ("1.", 1.0),
        ("2.5e-3", 2.5e-3),
        ("1_000", 1000),
        ("1_000.5", 1000.5),
        ("-3", -3),
        ("+3", 3),
        ("007", 7),
        ("true", True),
        ("false", False),
        ("null", None),
        ("~", None),
        ("", None),
    ],
)
def test_what_is_not_text(written: str, meant: Any) -> None:
    assert value(written) == meant
    assert type(value(written)) is type(meant)


@pytest.mark.parametrize(
    "written",
    [
        "yes",
        "no",
        "on",
        "off",
        "True",
        "FALSE",
        "Null",
        "12:30",
        "0x10",
        "2024-01-01",
        ".inf",
        ".nan",
        "1.2.3",
        "e5",
        "_1",
        "1e",
        "=",
    ],
)
def test_what_is_text(written: str) -> None:
    assert value(written) == written


def test_quotes_make_text() -> None:
    assert value("'1e-4'") == "1e-4"
    assert value('"true"') == "true"


def test_keys_are_text() -> None:
    node, _ = text.read("1: a\ntrue: b\n~: c", "r.yaml")
    assert node.plain() == {"1": "a", "true": "b", "~": "c"}


def test_every_value_knows_its_line() -> None:
    node, _ = text.read("a:\n  b: 1\n  c:\n    - 2\n    - {d: 3}\n", "r.yaml")
    assert {keys: place.line for keys, place in node.places()} == {
        (): 1,
        ("a",): 1,
        ("a", "b"): 2,
        ("a", "c"): 3,
        ("a", "c", 0): 4,
        ("a", "c", 1): 5,
        ("a", "c", 1, "d"): 5,
    }


def test_an_alias_stands_where_it_is_used() -> None:
    node, problems = text.read("a: &x {b: 1}\nc: *x\n", "r.yaml")
    assert not problems
    assert node.plain() == {"a": {"b": 1}, "c": {"b": 1}}
    assert str(node.place_of(("c",))) == "r.yaml:2"


# Left out are half characters, and the rare line breaks that YAML's library takes for its own.
ODD = "\ufeff\x85\u2028\u2029"
WORDS = st.text(st.characters(exclude_categories=["Cs"], exclude_characters=ODD))
SCALARS = (
    st.none()
    | st.booleans()
    | st.integers(-(10**20), 10**20)
    | st.floats(allow_nan=False, allow_infinity=False)
    | WORDS
    | st.sampled_from(["1e-4", "yes", "null", "~", "1_0", ".5", "1e5", "-", "<<", "!x", "a: b"])
)
KEYS = WORDS.filter(lambda key: key != "<<")
VALUES = st.recursive(
    SCALARS, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(KEYS, inner, max_size=3)
)


@given(VALUES)
def test_what_is_written_reads_back(meant: Any) -> None:
    node, problems = text.read(text.write({"key": meant}), "r.yaml")
    assert not problems
    assert node.plain() == {"key": meant}
