"""Queries of Django's databases as remote subsegments, whatever the backend.

Every backend's cursor is driven through one class of Django's, so that is where queries are seen: connections and
cursors themselves stay what they are, and drivers that check types are content.
"""

from collections.abc import Callable
from functools import wraps
from typing import Any

from django.db.backends.utils import CursorWrapper

from ...core import xray_recorder
from ...core._capture import is_captured, mark
from ...core._guard import swallow
from ...core._scope import enter, leave
from ..util import is_recording

_METHODS = ("execute", "executemany", "callproc")


def patch_db() -> None:
    """Record the queries of all databases, also of connections that are open already. Twice does no harm."""
    for name in _METHODS:
        method = getattr(CursorWrapper, name)
        if not is_captured(method):
            setattr(CursorWrapper, name, _recorded(method, "call" if name == "callproc" else None))


def unpatch_db() -> None:
    """Put Django's own methods back."""
    for name in _METHODS:
        method = getattr(CursorWrapper, name)
        if is_captured(method):
            setattr(CursorWrapper, name, method.__wrapped__)


def _recorded(method: Callable[..., Any], preparation: str | None) -> Callable[..., Any]:
    @wraps(method)
    def recorded(self: Any, sql: Any, *args: Any, **kwargs: Any) -> Any:
        # Start-up, migrations and shells run queries outside of requests: those are nobody's mistake.
        subsegment = _begin(self, sql, preparation) if is_recording(xray_recorder) else None
        try:
            result = method(self, sql, *args, **kwargs)
        except BaseException as error:
            leave(xray_recorder, subsegment, error)
            raise
        leave(xray_recorder, subsegment)
        return result

    mark(recorded)
    return recorded


def _begin(cursor: Any, sql: Any, preparation: str | None) -> Any:
    try:
        database = cursor.db.settings_dict
        vendor = cursor.db.vendor
        subsegment = enter(xray_recorder, _name(database, vendor), "remote")
        if subsegment is not None and subsegment.sampled:
            subsegment.sql = _facts(database, vendor, cursor, sql, preparation)
        return subsegment
    except Exception as error:
        swallow(error)
        return None


def _name(database: dict[str, Any], vendor: str) -> str:
    """The host, as before; where there is none, the database: a file's name for sqlite."""
    host = database.get("HOST")
    if host and not host.startswith("/"):
        return str(host)
    name = str(database.get("NAME") or vendor)
    return name.replace("\\", "/").rpartition("/")[2] if vendor == "sqlite" else f"{name}@localhost"


def _facts(database: dict[str, Any], vendor: str, cursor: Any, sql: Any, preparation: str | None) -> dict[str, Any]:
    facts: dict[str, Any] = {"database_type": vendor}
    if database.get("USER"):
        facts["user"] = str(database["USER"])
    if preparation:
        facts["preparation"] = preparation
    if xray_recorder.stream_sql:
        facts["sanitized_query"] = sql if type(sql) is str else _text(sql, cursor)
    return facts


def _text(sql: Any, cursor: Any) -> str:
    """The text of a statement that psycopg composes."""
    as_string = getattr(sql, "as_string", None)
    return str(as_string(cursor.cursor) if as_string is not None else sql)
