"""Floats that a caller gives: what they mean is said, or refused."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from gan_zoo.components import Values
from gan_zoo.errors import UserError
from gan_zoo.inference.ranges import from_network, in_file_numbers, read_range, to_network
from gan_zoo.inference.translator import Translator
from tests.inference.conftest import picture


def test_floats_of_0_to_1_are_refused_until_they_are_said(translator: Translator) -> None:
    eight = picture(32, 32)
    wanted = translator.output({"source": eight})
    ones = eight.float() / 255
    for came in (ones, ones.numpy()[0], ones[None], {"source": ones}, [ones]):
        with pytest.raises(UserError, match=r"none is negative.*range=\(0, 1\), as torchvision"):
            translator(came)
    made = translator(ones, range=(0, 1))
    assert made.dtype == torch.float32
    assert torch.allclose(made, (wanted + 1) / 2, atol=2e-3)
    array = translator(ones.numpy()[0].astype(np.float64), range=[0, 1])
    assert array.dtype == np.float64
    assert np.allclose(array, made.movedim(0, -1), atol=1e-5)
    many = translator(torch.stack([ones, ones]), range=(0, 1))
    assert torch.allclose(many, torch.stack([made, made]), atol=1e-5)


def test_a_bright_picture_is_taken_where_that_is_said(translator: Translator) -> None:
    bright = torch.full((1, 16, 16), 0.75)
    bright[0, :4] = 1
    with pytest.raises(UserError, match=r"or range=\(-1, 1\) if the picture is that bright"):
        translator(bright)
    made = translator(bright, range=(-1, 1))
    assert torch.equal(made, translator.output({"source": bright}))
    dark = -bright
    assert torch.equal(translator(torch.stack([dark, bright]))[1], made)  # the batch tells it
    batch = torch.stack([dark, bright]).permute(0, 2, 3, 1).numpy()
    assert (translator(batch[::-1])[0] == made.permute(1, 2, 0).numpy()).all()  # however it lies
    assert translator(torch.zeros(1, 16, 16)).shape == (3, 16, 16)  # grey, or black: no difference
    eight = picture(16, 16)
    assert torch.equal(translator(eight, range=(0, 1)), translator(eight))  # uint8 is 0 to 255


@pytest.mark.parametrize(
    ("said", "told"),
    [
        ((1, 0), "range: (1, 0) came; two numbers, low and high"),
        (3, "range: 3 came"),
        ((0, float("inf")), "came; two numbers"),
        ("ab", "range: 'ab' came"),
        ((0, 0.5), "floats from 0 to 1 came, [0, 0.5] is expected; clip them"),
    ],
)
def test_what_is_no_range(translator: Translator, said: Any, told: str) -> None:
    ones = torch.linspace(0, 1, 256).reshape(1, 16, 16)
    with pytest.raises(UserError) as caught:
        translator(ones, range=said)
    assert told in str(caught.value)


@settings(max_examples=50, deadline=None)
@given(
    low=st.floats(-1e4, 1e4),
    span=st.floats(1e-2, 1e5),
    dtype=st.sampled_from(["uint8", "uint16", "int16", "int32", "float32"]),
)
def test_there_and_back(low: float, span: float, dtype: str) -> None:
    values = Values(dtype, low, low + span)
    made = torch.linspace(-1, 1, 33).reshape(1, 3, 11)
    numbers = from_network(made, (values.low, values.high))
    back = to_network("x", numbers, Values("float32", low, low + span), None)
    assert torch.allclose(back, made, atol=1e-6 + 4e-7 * max(abs(low), span) / span)
    written = in_file_numbers(made, values).numpy().astype(dtype)
    if np.dtype(dtype).kind in "iu":
        kinds = np.iinfo(dtype)
        inside = (numbers.double() >= kinds.min) & (numbers.double() <= kinds.max)
        gap = np.abs(written - numbers.double().numpy())[inside.numpy()]
        assert gap.max(initial=0) <= 1.5  # rounded within the range, whose ends may be no numbers
    assert read_range((low, low + span)) == (low, low + span)


def test_numbers_without_data_are_seen_as_the_low_one() -> None:
    given = torch.tensor([[[-9999, 0, 50], [100, 130, -9999]]])
    seen = to_network("x", given, Values("int16", 0, 100, nodata=-9999), None)
    assert seen.tolist() == [[[-1, -1, 0], [1, 1, -1]]]
    given = torch.tensor([[[torch.nan, 0, 50]]])
    seen = to_network("x", given, Values("float32", -50, 50, nodata=float("nan")), None)
    assert seen.tolist() == [[[-1, 0, 1]]]
    given = torch.tensor([[[255, 0, 7]]], dtype=torch.uint8)
    assert to_network("x", given, Values(nodata=255), None).tolist() == [[[0, 0, 7]]]
    given = torch.tensor([[[0.1, 0.5, 1.0]]])  # files hold 0.1 as float32 does
    seen = to_network("x", given, Values("float32", 0, 1, nodata=0.1), None)
    assert seen.tolist() == [[[-1, 0, 1]]]
