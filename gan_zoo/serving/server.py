"""A service at an address of this machine, until it is told to end."""

from __future__ import annotations

import errno
import os
import signal
import socket
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType
from typing import TYPE_CHECKING, Any

from gan_zoo.errors import UserError
from gan_zoo.serving.doors import is_loopback

if TYPE_CHECKING:
    from gan_zoo.runs.folder import RunFolder
    from gan_zoo.serving.app import Service
    from gan_zoo.serving.limits import Limits

INSTALL = "pip install 'gan-zoo[serve]'"
SIGNALS = (signal.SIGINT, signal.SIGTERM)


def require_libraries() -> None:
    """Have what speaks HTTP.

    Raises:
        UserError: it is not installed.
    """
    try:
        import python_multipart  # noqa: F401
        import starlette  # noqa: F401
        import uvicorn  # noqa: F401
    except ImportError as problem:
        told = f"gan-zoo serve needs the package {problem.name}: {INSTALL}"
        raise UserError(told) from None


def take_address(host: str, port: int) -> socket.socket:
    """A socket at an address, which is this process's from now on: who connects waits until the
    service is ready.

    Args:
        host: A name or an address of this machine.
        port: 0 takes a free one.

    Raises:
        UserError: it is taken, or none of this machine's.
    """
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)
    except (socket.gaierror, UnicodeError) as problem:
        told = f"--host: {host} came; a name or an address of this machine was expected"
        raise UserError(f"{told} ({problem})") from None
    family, _, _, _, address = found[0]
    taken = socket.socket(family, socket.SOCK_STREAM)
    try:
        if os.name == "posix":  # a service that ended a moment ago is no hindrance
            taken.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        taken.bind(address)
        taken.listen(100)
    except OSError as problem:
        taken.close()
        raise UserError(_describe(host, port, problem)) from None
    return taken


def _describe(host: str, port: int, problem: OSError) -> str:
    """Why an address is not to be had."""
    if problem.errno == errno.EADDRINUSE:
        return (
            f"--port: {port} of {host} is taken by another program; --port {port + 1} may be "
            "free, and --port 0 takes one that is"
        )
    if problem.errno == errno.EACCES:
        return f"--port: {port} is not for ordinary users; take one from 1024, as --port 8000"
    return f"--host: {host} is no address of this machine ({problem.strerror or problem})"


def run_service(
    run: RunFolder,
    taken: socket.socket,
    host: str,
    *,
    limits: Limits,
    token: str | None = None,
    **loading: Any,
) -> None:
    """Load a model and answer requests until Ctrl-C or SIGTERM: the picture that is being made is
    finished and answered, those that wait are refused. Once more ends at once.

    Args:
        run: Of the model.
        taken: Where to listen.
        host: How that was said.
        limits: What is taken at most.
        token: That must come with a request.
        loading: As of `gan_zoo.load`.

    Raises:
        UserError: the model cannot be loaded, or what it makes not be written here.
    """
    from gan_zoo.inference.translator import Translator
    from gan_zoo.serving.app import Service

    translator = Translator.load(run, **loading)
    loopback = is_loopback(host)
    service = Service(translator, run, limits, loopback=loopback, token=token)
    for line in tell_address(service, host, taken.getsockname()[1]):
        print(line, flush=True)
    if not loopback and token is None:
        print(
            f"Whoever reaches {host} may use this model: nobody is asked who it is. --token asks.",
            file=sys.stderr,
        )
    listen(service, taken)


def tell_address(service: Service, host: str, port: int) -> list[str]:
    """What is told when a service starts: on what it makes pictures, where, and how to ask."""
    name = f"[{host}]" if ":" in host else host
    anywhere = {"0.0.0.0": "127.0.0.1", "[::]": "[::1]"}  # who listens everywhere is also here
    address = f"http://{anywhere.get(name, name)}:{port}"
    token = "-H 'Authorization: Bearer TOKEN' " * (service.token is not None)
    parts = " ".join(f"-F {one}=@{one.upper()}.png" for one in service.model.maps)
    return [
        service.model.translator.describe(),
        f"{service.model.name} is served at {address} (Ctrl-C ends it); one line to ask it:",
        f"  curl -f {token}{parts} {address}/translate -o made{service.model.suffix}",
    ]


def listen(service: Service, taken: socket.socket) -> None:
    """Answer requests until a signal comes."""
    import uvicorn

    class Server(uvicorn.Server):
        async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
            service.maker.close()  # before it waits for those whose requests are open
            await super().shutdown(sockets)

    server = Server(
        uvicorn.Config(
            service.app(),
            http="h11",
            ws="none",
            lifespan="on",
            log_level="warning",
            access_log=False,
            server_header=False,
            proxy_headers=False,
        )
    )
    with _ending(server):
        server.run(sockets=[taken])
    if server.force_exit and service.maker.pending:
        os._exit(1)  # the thread that makes pictures cannot be told to stop


@contextmanager
def _ending(server: Any) -> Iterator[None]:
    """Let signals end a server and nothing else: it raises them once more when it has ended."""

    def end(number: int, frame: FrameType | None) -> None:
        server.should_exit = True

    before = {number: signal.signal(number, end) for number in SIGNALS}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
