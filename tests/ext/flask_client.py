"""An application of Flask's, a client for it, and what its requests become."""

from __future__ import annotations

from flask import Flask
from flask.testing import FlaskClient
from jinja2 import DictLoader

from tests.core import Document

TEMPLATES = {
    "page.html": "<{{ name }}>",
    "parts.html": "{% for n in names %}{{ n }};{% endfor %}",
    "bad.html": "{{ 1/0 }}",
}


def new_app() -> Flask:
    """An application, not traced."""
    app = Flask("shop")
    app.jinja_loader = DictLoader(TEMPLATES)
    return app


def client_of(app: Flask) -> FlaskClient:
    client = app.test_client()
    client.environ_base["HTTP_USER_AGENT"] = "tests"
    return client


def http(path: str, status: int, length: int | None = None) -> Document:
    """The http block of a request by this module's client."""
    request = {"method": "GET", "url": f"http://localhost{path}", "client_ip": "127.0.0.1", "user_agent": "tests"}
    return {"request": request, "response": {"status": status, **({"content_length": length} if length else {})}}


def told(document: Document) -> list[tuple[str, str]]:
    """Type and message of the exceptions that a document tells."""
    return [(each["type"], each["message"]) for each in document["cause"]["exceptions"]]
