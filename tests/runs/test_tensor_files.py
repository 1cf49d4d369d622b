"""Tensors in pieces are the files that the library reads."""

from __future__ import annotations

import hashlib
import tracemalloc
from pathlib import Path

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from safetensors import safe_open
from safetensors.torch import load, save
from torch import Tensor

from gan_zoo.runs import checkpoint
from gan_zoo.runs.atomic import write_file
from gan_zoo.runs.checkpoint import Position
from gan_zoo.runs.tensor_files import WORDS, stream_tensors

TYPES = st.sampled_from(sorted(WORDS)).map(lambda word: getattr(torch, word))
SHAPES = st.lists(st.integers(0, 4), max_size=3)


def numbers(kind: torch.dtype, shape: list[int], seed: int) -> Tensor:
    draw = torch.Generator().manual_seed(seed)
    return torch.randint(-99, 99, shape, generator=draw).to(kind)


@given(st.lists(st.tuples(TYPES, SHAPES), max_size=6))
def test_the_library_reads_what_is_streamed(kinds: list[tuple[torch.dtype, list[int]]]) -> None:
    tensors = {f"t{n}": numbers(kind, shape, n) for n, (kind, shape) in enumerate(kinds)}
    read = load(b"".join(stream_tensors(tensors)))
    assert read.keys() == tensors.keys()
    for name, tensor in tensors.items():
        assert read[name].dtype == tensor.dtype
        assert torch.equal(read[name], tensor)


def test_views_and_shared_memory_are_written_each_in_full(tmp_path: Path) -> None:
    whole = torch.arange(24.0).reshape(4, 6)
    tensors = {"whole": whole, "turned": whole.T, "part": whole[1:3, ::2], "again": whole}
    write_file(tmp_path / "x.safetensors", stream_tensors(tensors, {"step": "7"}))
    with safe_open(tmp_path / "x.safetensors", "pt") as opened:
        assert opened.metadata() == {"step": "7"}
        assert all(torch.equal(opened.get_tensor(name), t) for name, t in tensors.items())


def test_the_widest_come_first_so_that_all_are_aligned() -> None:
    tensors = {"a": torch.zeros(3, dtype=torch.uint8), "b": torch.zeros(1, dtype=torch.float64)}
    data = b"".join(stream_tensors(tensors))
    assert len(data) == len(save(tensors))
    assert (int.from_bytes(data[:8], "little") + 8) % 8 == 0
    assert data.index(b'"b"') < data.index(b'"a"')


def test_a_type_that_the_format_lacks_is_named() -> None:
    with pytest.raises(ValueError, match=r"^z: safetensors knows no complex64$"):
        list(stream_tensors({"z": torch.zeros(1, dtype=torch.complex64)}))


def test_a_checkpoint_takes_no_copy_of_the_whole(tmp_path: Path) -> None:
    state = {f"t{n}": torch.full((2**18,), float(n)) for n in range(8)}  # 8 MiB
    tracemalloc.start()
    path = checkpoint.save(tmp_path, Position("main", step=1), {"networks": state})
    _, most = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert most < 2**20
    data = (path / "tensors.safetensors").read_bytes()
    assert hashlib.sha256(data).hexdigest() in (path / "state.json").read_text()
    assert torch.equal(checkpoint.load(path)[1]["networks"]["t7"], state["t7"])
