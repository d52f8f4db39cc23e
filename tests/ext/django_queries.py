"""Queries in the documents of tests: what is recorded of them on each database of tests.ext.django_app."""

from __future__ import annotations

import asyncio
from typing import Any

from asgiref.sync import sync_to_async
from django.db import connections

from aws_xray_sdk.core import xray_recorder
from tests.core import Document, subsegment

SECRET = "s3cret-value"
SELECT = "SELECT name FROM tests_item WHERE name = %s"


def facts(alias: str, **more: str) -> tuple[str, Document]:
    """The name and the sql block of a query."""
    if alias == "pg":
        return "127.0.0.1", {"database_type": "postgresql", "user": "tester", **more}
    return f"{alias}.sqlite3", {"database_type": "sqlite", **more}


def query(alias: str, text: str, **fields: Any) -> Document:
    """A query in a document."""
    name, sql = facts(alias, sanitized_query=text)
    return subsegment(name, namespace="remote", sql=sql, **fields)


def texts(document: Document) -> list[str]:
    """The texts of a segment's queries; sqlite's transactions begin with one of their own, which is left out."""
    return [text for each in document["subsegments"] if (text := each["sql"]["sanitized_query"]) != "BEGIN"]


def as_async(body: Any) -> None:
    """Run a coroutine within a segment, and close the connections of the thread that Django ran its queries in."""

    async def main() -> None:
        async with xray_recorder.in_segment_async():
            await body()
        await sync_to_async(connections.close_all)()

    asyncio.run(main())
