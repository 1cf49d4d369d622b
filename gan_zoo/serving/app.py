"""The service as an ASGI application: five routes over one model."""

from __future__ import annotations

import asyncio
import shutil
import tempfile
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from gan_zoo.errors import UserError, quoted
from gan_zoo.inference.styles.rules import Rules, read_rules
from gan_zoo.runs.folder import RunFolder
from gan_zoo.serving.describing import describe_model, name_of
from gan_zoo.serving.doors import App, Doors
from gan_zoo.serving.kinds import ANSWERS
from gan_zoo.serving.limits import Limits
from gan_zoo.serving.maker import ClientGoneError, Maker
from gan_zoo.serving.model import ServedModel
from gan_zoo.serving.openapi import MOST_SEED, write_openapi
from gan_zoo.serving.page import POLICY, write_page
from gan_zoo.serving.refusals import Refusal
from gan_zoo.serving.uploads import receive

if TYPE_CHECKING:
    from starlette.applications import Starlette
    from starlette.requests import Request
    from starlette.responses import Response

    from gan_zoo.inference.translator import Translator

QUERY = ("seed", "style", "format")
ALWAYS = {  # headers of every answer
    "X-Content-Type-Options": "nosniff",
    "Cache-Control": "no-store",
    "Cross-Origin-Resource-Policy": "same-origin",
}


class Service:
    """A model that answers requests.

    Args:
        translator: Makes the pictures.
        run: That it was loaded from.
        limits: What is taken at most.
        loopback: Whether only this machine can ask.
        token: That must come with a request; none where absent.

    Raises:
        UserError: what the model makes cannot be written here.
    """

    def __init__(
        self,
        translator: Translator,
        run: RunFolder,
        limits: Limits | None = None,
        *,
        loopback: bool = True,
        token: str | None = None,
    ) -> None:
        self.limits = limits = limits or Limits()
        self.model = ServedModel(translator, name_of(run), limits)
        self.maker = Maker(limits.waiting)
        self.arriving = 0
        self.loopback, self.token = loopback, token
        self.told = describe_model(self.model, run, limits)
        self.openapi = write_openapi(self.model, loopback=loopback, token=token is not None)
        self.page = write_page(self.model, token=token is not None)

    def app(self) -> App:
        """The application, behind its doors."""
        from starlette.applications import Starlette
        from starlette.exceptions import HTTPException
        from starlette.routing import Route

        app = Starlette(
            routes=[
                Route("/translate", self.translate, methods=["POST"]),
                Route("/health", self.health),
                Route("/model", self.tell(self.told)),
                Route("/openapi.json", self.tell(self.openapi)),
                Route("/", self.show),
            ],
            exception_handlers={
                Refusal: _refused,  # type: ignore[dict-item]  # Starlette types all by one
                HTTPException: _not_found,
                Exception: _fault,
            },
            lifespan=self._lifespan,
        )
        app.router.redirect_slashes = False
        return Doors(app, answer, loopback=self.loopback, token=self.token)

    async def translate(self, request: Request) -> Response:
        """A picture for a picture."""
        from starlette.requests import ClientDisconnect
        from starlette.responses import Response

        seed, said, suffix = self._query(request)
        self.maker.refuse_more()
        if self.arriving >= self.limits.arriving:
            told = f"{self.arriving} requests arrive already; ask again later"
            raise Refusal(503, told, {"Retry-After": "1"})
        folder = Path(tempfile.mkdtemp(prefix="gan-zoo-"))
        try:
            self.arriving += 1
            try:
                files = await receive(request, self.model.maps, folder, self.limits)
            finally:
                self.arriving -= 1
            order = await asyncio.to_thread(self.model.look, files, folder)
            content = await self.maker.make(
                lambda: self.model.make(order, suffix, seed=seed, said=said), request
            )
        except (ClientDisconnect, ClientGoneError):
            return Response(status_code=400)  # nobody reads it
        finally:
            shutil.rmtree(folder, ignore_errors=True)
        return Response(content, media_type=ANSWERS[suffix], headers=ALWAYS)

    async def health(self, request: Request) -> Response:
        """Whether pictures are made, of what, and how many wait."""
        told = {"model": self.model.name, "step": self.told["step"]}
        return _json({"ready": True, **told, "waiting": self.maker.pending})

    def tell(self, what: dict[str, Any]) -> Any:
        """A route that always tells the same."""

        async def told(request: Request) -> Response:
            return _json(what)

        return told

    async def show(self, request: Request) -> Response:
        """The page for people."""
        from starlette.responses import HTMLResponse

        headers = {**ALWAYS, "Content-Security-Policy": POLICY, "Referrer-Policy": "same-origin"}
        return HTMLResponse(self.page, headers=headers)

    def _query(self, request: Request) -> tuple[int, Rules, str]:
        """The seed, the styles and the ending of the file.

        Raises:
            Refusal: the query says something else.
        """
        query = request.query_params
        if strange := [name for name in query if name not in QUERY]:
            raise Refusal(400, f"the query says {quoted(strange[0])}; it takes {', '.join(QUERY)}")
        for name in ("seed", "format"):
            if len(query.getlist(name)) > 1:
                raise Refusal(400, f"{name} came several times; give it once")
        seed = query.get("seed", "0")
        if not (seed.isascii() and seed.isdecimal() and int(seed[:20]) <= MOST_SEED):
            raise Refusal(400, f"seed={quoted(seed)} came; a whole number from 0 was expected")
        suffixes = self.model.suffixes
        format = query.get("format")
        if format is not None and format not in suffixes:
            here = " or ".join(suffixes)
            raise Refusal(400, f"format={quoted(format)} came; this model's answers are {here}")
        try:
            said = read_rules(query.getlist("style") or None)
        except UserError as problem:
            raise Refusal(400, str(problem).replace("--style:", "style:")) from None
        if any(str(which).startswith("encode:") for which in said.chosen.values()):
            told = "style=encode: reads a file of this machine, which no request may; "
            raise Refusal(400, f"{told}sample and cluster:K are taken")
        return int(seed), said, self.model.suffix if format is None else suffixes[format]

    @asynccontextmanager
    async def _lifespan(self, app: Starlette) -> AsyncIterator[None]:
        yield
        self.maker.close()


def answer(refusal: Refusal) -> Response:
    """What is sent in place of a picture."""
    return _json({"error": refusal.sentence}, refusal.status, refusal.headers)


def _json(
    what: Mapping[str, Any], status: int = 200, headers: Mapping[str, str] | None = None
) -> Response:
    from starlette.responses import JSONResponse

    return JSONResponse(what, status, headers={**ALWAYS, **(headers or {})})


async def _refused(request: Request, refusal: Refusal) -> Response:
    return answer(refusal)


async def _not_found(request: Request, problem: Any) -> Response:
    """What Starlette answers by itself: no such path, or another method."""
    path = quoted(request.url.path)
    told = f"there is no {path}; there are /translate, /health, /model, /openapi.json and /"
    if problem.status_code == 405:
        told = f"{path} does not take {request.method}; it takes {problem.headers['Allow']}"
    return answer(Refusal(problem.status_code, told, problem.headers))


async def _fault(request: Request, problem: Exception) -> Response:
    """What nobody expected: its traceback is in the words of the server alone."""
    told = f"a fault of the service ({type(problem).__name__}); who runs it finds more in its log"
    return answer(Refusal(500, told))
