"""Queries of Django's databases as remote subsegments, whatever the backend.

Every backend's cursor is driven through one class of Django's, so that is where queries are seen: connections and
cursors themselves stay what they are, and drivers that check types are content.
"""

import sys
from collections.abc import Callable
from functools import wraps
from typing import Any

from django.db import Error
from django.db.backends.utils import CursorWrapper

from ...core import xray_recorder
from ...core._capture import is_captured, mark
from ...core._guard import swallow
from ...core._scope import enter, leave
from ...core.utils.stacktrace import get_stacktrace
from ..util import is_recording

Facts = dict[str, Any]

_OWN_FRAMES = 2  # left out of documents: those of `recorded` and `_tell`
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
    def recorded(self: Any, *args: Any, **kwargs: Any) -> Any:
        # Start-up, migrations and shells run queries outside of requests: those are nobody's mistake.
        subsegment = _begin(self, preparation, *args, **kwargs) if is_recording(xray_recorder) else None
        try:
            result = method(self, *args, **kwargs)
        except BaseException as error:
            _tell(subsegment, error)
            leave(xray_recorder, subsegment, error)
            raise
        leave(xray_recorder, subsegment)
        return result

    mark(recorded)
    return recorded


def _begin(cursor: Any, preparation: str | None, *args: Any, **kwargs: Any) -> Any:
    try:
        statement = args[0] if args else kwargs.get("sql", kwargs.get("procname"))
        database, vendor = cursor.db.settings_dict, cursor.db.vendor
        facts = _facts(database, vendor, cursor, statement, preparation)
        name = _name(database, vendor)
    except Exception as error:
        swallow(error)
        return None
    subsegment = enter(xray_recorder, name, "remote")
    if subsegment is not None and subsegment.sampled:
        subsegment.sql = facts
    return subsegment


def _tell(subsegment: Any, error: BaseException) -> None:
    """Record what the database said, and who asked.

    The exception's own traceback begins here, so the frames are those that led here. Of messages the first line is
    kept: the others repeat values of the statement.
    """
    if subsegment is None or not isinstance(error, Error) or not subsegment.sampled or not subsegment.in_progress:
        return
    try:
        subsegment.add_exception(error, get_stacktrace(xray_recorder.max_trace_back + _OWN_FRAMES))
        for exception in subsegment.cause["exceptions"] if isinstance(subsegment.cause, dict) else ():
            exception.message = exception.message.partition("\n")[0]
    except Exception as ours:
        swallow(ours)


def _name(database: dict[str, Any], vendor: str) -> str:
    """The host, as before; where there is none, the database: a file's name for sqlite."""
    host = database.get("HOST")
    if host and not host.startswith("/"):
        return str(host)
    name = str(database.get("NAME") or vendor)
    if vendor != "sqlite":
        return f"{name}@localhost"
    path = name.removeprefix("file:").partition("?")[0] if name.startswith("file:") else name  # a URI, as in test runs
    return path.replace("\\", "/").rpartition("/")[2] or vendor


def _facts(database: dict[str, Any], vendor: str, cursor: Any, statement: Any, preparation: str | None) -> Facts:
    facts: Facts = {"database_type": vendor}
    if database.get("USER"):
        facts["user"] = str(database["USER"])
    if preparation:
        facts["preparation"] = preparation
    if xray_recorder.stream_sql:
        facts["sanitized_query"] = statement if type(statement) is str else _text(statement, cursor.cursor)
    return facts


def _text(statement: Any, cursor: Any) -> str:
    """The text of a statement that psycopg composes; values in it become placeholders."""
    if isinstance(statement, bytes):
        return statement.decode("utf-8", "replace")
    driver = sys.modules.get(type(statement).__module__)
    literal: Any = getattr(driver, "Literal", ())
    composed: Any = getattr(driver, "Composed", ())
    if isinstance(statement, literal):
        return "%s"
    if isinstance(statement, composed):
        return "".join([_text(part, cursor) for part in statement])
    return str(statement.as_string(cursor) if hasattr(statement, "as_string") else statement)
