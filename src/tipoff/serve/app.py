"""The web application: pages for a person, JSON for a program."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from fastapi import FastAPI, Query, Request
from fastapi.responses import HTMLResponse, JSONResponse, PlainTextResponse, Response
from fastapi.staticfiles import StaticFiles
from jinja2 import Environment, FileSystemLoader, select_autoescape
from starlette.exceptions import HTTPException

import tipoff
from tipoff.figures import name_in_words, value_in_words
from tipoff.serve.batcher import Batcher, Busy
from tipoff.serve.counters import Counters
from tipoff.serve.doors import Cors, Doors
from tipoff.serve.guard import Guard
from tipoff.serve.memory import Memory
from tipoff.serve.model import Searched, ServedModel, by_name
from tipoff.serve.respond import respond, while_there
from tipoff.serve.schema import EXPLAIN, PROBLEMS, Answers, body_of, how_to_ask
from tipoff.serve.settings import Settings
from tipoff.serve.upload import Refused, Room, uploads
from tipoff.verdict import Verdict

PAGE = Path(__file__).parent / "page"


def create_app(models: Sequence[ServedModel], settings: Settings | None = None) -> FastAPI:
    """The application for one model, at the root, or several, each under its name.

    >>> app = create_app([open_model(Path("things.tipoff"), 50_000_000)])  # doctest: +SKIP
    """
    settings = settings or Settings()
    named = by_name(models)
    counters, room, memory = Counters(), Room(settings.room << 20), Memory(settings.work << 20)
    batchers = {n: Batcher(m, memory=memory, limit=settings.queue) for n, m in named.items()}
    pages = Environment(
        loader=FileSystemLoader(PAGE / "templates"), autoescape=select_autoescape(default=True)
    )
    pages.filters |= {"name_in_words": name_in_words, "value_in_words": value_in_words, "in_order": _in_order}
    pages.globals["verdict_of"] = lambda facts: Verdict.from_json(facts.get("verdict"))
    limits = {"max_upload_mb": settings.max_upload, "max_files": settings.max_files}

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        app.state.ready = True
        yield
        app.state.ready = False
        for b in batchers.values():
            b.close()

    app = FastAPI(
        title="tipoff: " + ", ".join(m.about.title for m in models),
        version=tipoff.__version__,
        docs_url=None,
        redoc_url=None,
        lifespan=lifespan,
        openapi_url="/openapi.json",
        description="Answers of the model by HTTP. Every refusal is JSON with one sentence under `error`.",
    )

    def page(name: str, request: Request, **values: Any) -> HTMLResponse:
        values = {
            "limits": limits,
            "models": [m.about for m in models],
            "address": str(request.base_url).rstrip("/"),
            **values,
        }
        return HTMLResponse(pages.get_template(name).render(**values))

    async def predict(request: Request, model: ServedModel, heat: bool) -> Response:
        batcher = batchers[model.about.name]
        async with uploads(
            request, room, max_bytes=settings.max_bytes, max_files=settings.max_files
        ) as files:
            if batcher.under_way + len(files) > batcher.limit:
                raise Busy
            work = respond(request, files, heat, batcher=batcher, memory=memory, counters=counters)
            return await while_there(request, work)

    def add(model: ServedModel, base: str) -> None:
        about = model.about

        @app.get(f"{base}/", response_class=HTMLResponse, include_in_schema=False)
        def ask(request: Request) -> HTMLResponse:
            return page("page.html", request, about=about, base=base)

        @app.post(
            f"{base}/predict",
            response_model=Answers,
            responses=PROBLEMS,
            openapi_extra={"requestBody": body_of(about)},
            summary=f"Ask {about.title}",
            operation_id=f"predict_{about.name}",
            description=how_to_ask(about),
        )
        async def ask_it(
            request: Request,
            heat: bool = Query(False, alias=EXPLAIN[about.input][0], description=EXPLAIN[about.input][1]),
            name: str = Query("", description="The name of a file that is sent as the body."),
        ) -> Response:
            return await predict(request, model, heat)

        if isinstance(model, Searched):

            @app.get(
                f"{base}/items",
                summary=f"Titles that {about.title} knows",
                operation_id=f"items_{about.name}",
            )
            def items(
                q: str = Query("", max_length=200, description="Words that are in the title."),
                n: int = Query(10, ge=1, le=100, description="How many at most."),
            ) -> list[str]:
                return model.search(q, n)

        @app.get(
            f"{base}/card.json", summary=f"The model card of {about.title}", operation_id=f"card_{about.name}"
        )
        def card_json() -> dict[str, Any]:
            return about.to_json()

        @app.get(f"{base}/card", include_in_schema=False)
        def card(request: Request) -> Response:
            if "application/json" in request.headers.get("accept", ""):
                return JSONResponse(about.to_json())
            return page("card.html", request, about=about, base=base)

    if len(models) == 1:
        add(models[0], "")
    else:
        for name, model in named.items():
            add(model, f"/{name}")

        @app.get("/", response_class=HTMLResponse, include_in_schema=False)
        def index(request: Request) -> HTMLResponse:
            return page("models.html", request)

    @app.get("/models", summary="The models of this server and where each is")
    def list_models() -> list[dict[str, str]]:
        return [
            {"name": n, "title": m.about.title, "address": "/" if len(models) == 1 else f"/{n}/"}
            for n, m in named.items()
        ]

    @app.get("/health", summary="Whether the server lives", response_class=PlainTextResponse)
    def health() -> str:
        return "ok\n"

    @app.get("/ready", summary="Whether the server takes requests", response_class=PlainTextResponse)
    def ready() -> PlainTextResponse:
        up = getattr(app.state, "ready", False)
        return PlainTextResponse("ready\n" if up else "not ready\n", 200 if up else 503)

    @app.get("/metrics", summary="Counters for Prometheus", response_class=PlainTextResponse)
    def metrics() -> Response:
        return Response(counters.text(), media_type="text/plain; version=0.0.4; charset=utf-8")

    @app.get("/docs", response_class=HTMLResponse, include_in_schema=False)
    def docs(request: Request) -> HTMLResponse:
        return page("docs.html", request, openapi=app.openapi())

    app.mount("/static", StaticFiles(directory=PAGE / "static"), name="static")
    _answer_errors(app, page)
    app.add_middleware(Doors, settings=settings)
    if settings.cors:  # around the doors: a browser asks without a token whether it may ask with one
        app.add_middleware(Cors, settings=settings)
    app.add_middleware(Guard, settings=settings, counters=counters)
    return app


def _in_order(values: Sequence[Any]) -> list[Any]:
    """Numbers by size, then texts by the alphabet."""
    return sorted(values, key=lambda v: (isinstance(v, str), v))


def _answer_errors(app: FastAPI, page: Any) -> None:
    """Every refusal in one form: JSON with a sentence; a page for a browser that came for a page."""

    def problem(request: Request, status: int, why: str, retry_after: int | None = None) -> Response:
        request.scope.setdefault("tipoff.note", why.encode("unicode_escape").decode())
        headers = {} if retry_after is None else {"Retry-After": str(retry_after)}
        if request.method == "GET" and "text/html" in request.headers.get("accept", ""):
            made: Response = page("error.html", request, status=status, why=why)
            made.status_code = status
            made.headers.update(headers)
            return made
        return JSONResponse({"error": why}, status, headers)

    @app.exception_handler(Refused)
    async def refused(request: Request, e: Refused) -> Response:
        return problem(request, e.status, e.why, e.retry_after)

    @app.exception_handler(Busy)
    async def busy(request: Request, e: Busy) -> Response:
        return problem(request, 503, "The server has as much to do as it may. Try again in a second.", 1)

    @app.exception_handler(HTTPException)
    async def http(request: Request, e: HTTPException) -> Response:
        why = {404: "There is no such page here.", 405: "This address does not take that method."}
        return problem(request, e.status_code, why.get(e.status_code, str(e.detail)))

    from fastapi.exceptions import RequestValidationError

    @app.exception_handler(RequestValidationError)
    async def invalid(request: Request, e: RequestValidationError) -> Response:
        first = e.errors()[0]
        return problem(request, 400, f"The parameter {first['loc'][-1]!r} is wrong: {first['msg']}.")
