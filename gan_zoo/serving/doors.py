"""Who may ask: the right host, no page of another site, and the token where there is one.

A service on this machine alone can still be asked by any page that a browser here shows: under a
name of its own that it lets point to 127.0.0.1 (DNS rebinding), which the Host tells, or by a form,
which the Origin tells. Nothing is said that would let such a page read an answer (CORS).
"""

from __future__ import annotations

import hmac
import ipaddress
from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any
from urllib.parse import urlsplit

from gan_zoo.errors import quoted
from gan_zoo.serving.refusals import Refusal

Scope = MutableMapping[str, Any]
App = Callable[[Scope, Any, Any], Awaitable[None]]
OPEN = ("/health",)  # what is asked by those who watch over services, without the token


def is_loopback(host: str) -> bool:
    """Whether an address, or a name that stands for one, is this machine's own alone."""
    if host.lower() == "localhost":
        return True
    try:
        return ipaddress.ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return False


class Doors:
    """Lets requests in, or answers them itself.

    Args:
        app: That is asked.
        answer: Makes an answer of a refusal.
        loopback: Whether only this machine can ask.
        token: That must come with a request; none where absent.
    """

    def __init__(
        self, app: App, answer: Callable[[Refusal], App], *, loopback: bool, token: str | None
    ) -> None:
        self.app = app
        self.answer = answer
        self.loopback = loopback
        self.token = token

    async def __call__(self, scope: Scope, receive: Any, send: Any) -> None:
        """Answer, or let the application."""
        if scope["type"] == "http":
            try:
                self.judge(scope["path"], scope["headers"])
            except Refusal as refusal:
                await self.answer(refusal)(scope, receive, send)
                return
        await self.app(scope, receive, send)

    def judge(self, path: str, headers: list[tuple[bytes, bytes]]) -> None:
        """Refuse who may not ask.

        Raises:
            Refusal: says why.
        """
        said: dict[bytes, list[str]] = {}
        for name, value in headers:
            said.setdefault(name.lower(), []).append(value.decode("latin-1"))
        hosts = said.get(b"host", [])
        if self.loopback and not (len(hosts) == 1 and is_loopback(_name(hosts[0]))):
            raise Refusal(
                421,
                f"the host {quoted(', '.join(hosts))} came; this service is asked for as localhost "
                "or 127.0.0.1 alone",
            )
        for origin in said.get(b"origin", []):
            if [_host_of(origin)] != [host.lower() for host in hosts]:
                raise Refusal(
                    403, f"a page of {quoted(origin)} asks; only pages of this service itself may"
                )
        if self.token is not None and path not in OPEN:
            came = said.get(b"authorization", [])
            wanted = f"Bearer {self.token}".encode()
            if len(came) != 1 or not hmac.compare_digest(came[0].encode("latin-1"), wanted):
                raise Refusal(
                    401,
                    "this service takes requests with its token: -H 'Authorization: Bearer TOKEN'",
                    {"WWW-Authenticate": "Bearer"},
                )


def _host_of(origin: str) -> str | None:
    """The host of an origin, with its port; None where it has none."""
    try:
        return urlsplit(origin).netloc.lower() or None
    except ValueError:
        return None


def _name(host: str) -> str:
    """A Host without its port."""
    if host.startswith("["):
        return host.partition("]")[0].strip("[")
    return host.partition(":")[0]
