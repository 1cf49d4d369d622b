"""Threads share compiled models, whose networks take turns in a process."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor, wait
from typing import Any

import pytest
import torch
from torch import Tensor, nn

import gan_zoo
from gan_zoo.engine import compiling
from gan_zoo.inference.compiled import Program
from gan_zoo.runs.folder import RunFolder
from tests.inference.conftest import Told, picture, programs, refusing

pytestmark = pytest.mark.usefixtures("compiler")


def test_threads_share_a_compiled_model(run: RunFolder) -> None:
    told, plain = Told(), gan_zoo.load(run, device="cpu")
    model = gan_zoo.load(run, device="cpu", compile=True, reporter=told)
    given = [{"source": picture(height, 64)} for height in (64, 48, 32)]
    expected = [plain.output(one, seed=n) for n, one in enumerate(given)]

    def right(call: int) -> bool:
        n = call % len(given)
        return torch.equal(model.output(given[n], seed=n), expected[n])

    with ThreadPoolExecutor(8) as pool:
        assert sum(pool.map(right, range(150))) == 150
    assert programs() == len(given)
    assert len(told.lines()) == 2 * len(given)


class Within(nn.Module):
    """A network that is called from another one's."""

    def __init__(self, inner: nn.Module) -> None:
        super().__init__()
        self.inner = inner

    def forward(self, x: Tensor) -> Tensor:
        torch._dynamo.graph_break()
        return 2 * self.inner(x)  # type: ignore[no-any-return]


@pytest.mark.parametrize("backend", ["aot_eager", refusing])
def test_a_compiled_network_may_call_another(backend: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """It would wait for itself."""
    monkeypatch.setattr(compiling, "BACKEND", backend)
    inner, told = nn.Conv2d(1, 1, 3), Told()
    outer, x = Within(inner), torch.ones(1, 1, 16, 16)
    expected = outer(x)
    for name, network in (("inner", inner), ("outer", outer)):
        Program(name, network, told)
    made: list[Tensor] = []
    thread = threading.Thread(target=lambda: made.append(outer(x)), daemon=True)
    thread.start()
    thread.join(60)
    assert len(made) == 1
    assert torch.equal(made[0], expected)


def test_all_compiled_models_of_a_process_take_turns() -> None:
    """Of two models, the second begins when the first is done."""
    began, go, said = threading.Event(), threading.Event(), []

    class Slow(nn.Module):
        def forward(self, x: Tensor) -> Tensor:
            said.append("slow begins")
            began.set()
            assert go.wait(60)
            said.append("slow ends")
            return x

    class Quick(nn.Module):
        def forward(self, x: Tensor) -> Tensor:
            said.append("quick")
            return x

    x = torch.ones(1, 1, 4, 4)
    networks = (Slow(), Quick())
    for network in networks:
        Program("network", network, Told())._whole._compiled_call_impl = network._call_impl
    with ThreadPoolExecutor(2) as pool:
        slow = pool.submit(networks[0], x)
        assert began.wait(60)
        quick = pool.submit(networks[1], x)
        assert not wait([quick], timeout=0.3).done
        go.set()
        assert torch.equal(slow.result(60), quick.result(60))
    assert said == ["slow begins", "slow ends", "quick"]


def test_another_number_of_threads_is_another_program(run: RunFolder) -> None:
    """torch compiles for one; it is said, and nobody is in the way meanwhile."""
    model = gan_zoo.load(run, device="cpu", compile=True, reporter=(told := Told()))
    threads = torch.get_num_threads()
    try:
        for count in (threads, threads + 1, threads):
            torch.set_num_threads(count)
            model.output({"source": picture()})
    finally:
        torch.set_num_threads(threads)
    assert programs() == 2
    assert len(told.lines()) == 4
