"""Recorded or not, the queries of Django's databases do the same: drivers, wrappers, exceptions; and nothing leaks."""

from __future__ import annotations

import os
from typing import Any

import pytest
from django.db import DatabaseError, connections, transaction
from django.test import override_settings

from aws_xray_sdk.core import xray_recorder
from aws_xray_sdk.core._guard import Guard
from tests.conftest import Daemon
from tests.core import Traced, outline
from tests.ext.django_app import Item
from tests.ext.django_queries import SECRET, SELECT, texts
from tests.services import PostgreSQL

pytestmark = pytest.mark.usefixtures("django_connections")


def test_the_drivers_checks_of_types_pass(django_postgresql: str, traced: Traced) -> None:
    import psycopg
    from psycopg.types import TypeInfo

    with xray_recorder.in_segment(), connections["pg"].cursor() as cursor:
        assert isinstance(connections["pg"].connection, psycopg.Connection)
        assert isinstance(cursor.cursor, psycopg.Cursor)
        assert psycopg.sql.Literal("it's").as_string(cursor.cursor) == "'it''s'"
        assert TypeInfo.fetch(connections["pg"].connection, "text") is not None
        with cursor.copy("COPY (SELECT 1) TO STDOUT") as copy:
            assert b"".join(bytes(part) for part in copy) == b"1\n"


def test_a_failed_query_is_a_fault_and_its_exception_passes_untouched(alias: str, traced: Traced) -> None:
    def provoke() -> DatabaseError:
        with pytest.raises(DatabaseError) as raised, connections[alias].cursor() as cursor:
            cursor.execute("SELECT name FROM nowhere WHERE name = %s", [SECRET])
        return raised.value

    unrecorded = provoke()
    with xray_recorder.in_segment():
        recorded = provoke()
    assert (type(recorded), str(recorded), vars(recorded)) == (type(unrecorded), str(unrecorded), vars(unrecorded))
    assert type(recorded.__cause__) is type(unrecorded.__cause__)
    assert recorded.__context__ is recorded.__cause__
    (document,) = traced()
    (failed,) = document["subsegments"]
    told, behind = failed["cause"]["exceptions"]
    assert failed["fault"] and "fault" not in document
    assert (told["type"], told["cause"]) == (type(recorded).__name__, behind["id"])
    assert told["message"] == behind["message"] == str(recorded).partition("\n")[0]
    assert (told["stack"][-1]["path"], told["stack"][-1]["label"]) == (os.path.basename(__file__), "provoke")


def test_a_failed_query_of_a_request_is_told_once_with_the_frame_of_who_asked(alias: str, traced: Traced) -> None:
    def look() -> None:
        Item.objects.using(alias).extra(where=["nothing = 1"]).count()

    with pytest.raises(DatabaseError), xray_recorder.in_segment():
        look()
    (document,) = traced()
    (failed,) = document["subsegments"]
    told = failed["cause"]["exceptions"][0]
    assert document["cause"] == told["id"]
    assert "look" in [each["label"] for each in told["stack"]]
    assert len(told["stack"]) <= 10


def test_neither_values_nor_passwords_are_in_any_datagram(
    alias: str, traced: Traced, daemon: Daemon, postgresql: PostgreSQL
) -> None:
    items = Item.objects.using(alias)

    def again() -> None:
        items.create(name=SECRET)

    def nonsense() -> None:
        cursor.execute("SELECT nothing = %s", [SECRET])

    with xray_recorder.in_segment(), connections[alias].cursor() as cursor, transaction.atomic(using=alias):
        cursor.execute(SELECT, [SECRET])
        cursor.executemany("DELETE FROM tests_item WHERE name = %s", [[SECRET]])
        items.create(name=SECRET)
        list(items.filter(name__in=[SECRET, SECRET]).iterator())
        for wrong in (again, nonsense):
            with pytest.raises(DatabaseError), transaction.atomic(using=alias):
                wrong()
        items.filter(name=SECRET).delete()
    datagrams = daemon.datagrams()
    assert datagrams
    for secret in (SECRET, postgresql.password):
        assert secret.encode() not in b"".join(datagrams)


def test_a_statement_that_cannot_be_described_is_run_unrecorded(
    alias: str, traced: Traced, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    class Odd(str):
        __slots__ = ()

        def __str__(self) -> str:
            raise LookupError("no text")

    monkeypatch.setattr(Guard, "raising", False)
    with xray_recorder.in_segment() as current, connections[alias].cursor() as cursor:
        for _ in range(2):
            cursor.execute(Odd("SELECT 1"))
            assert xray_recorder.get_trace_entity() is current
            assert cursor.fetchall() == [(1,)]
    assert [outline(each) for each in traced()] == ["app"]
    assert caplog.text.count("X-Ray could not record") == 1


def test_djangos_own_wrappers_around_queries_still_work(alias: str, traced: Traced) -> None:
    seen: list[tuple[str, bool]] = []

    def wrapper(execute: Any, sql: str, params: Any, many: bool, context: Any) -> Any:
        seen.append((sql, many))
        assert context["connection"] is connections[alias]
        return execute(sql, params, many, context)

    connection = connections[alias]
    with override_settings(DEBUG=True), xray_recorder.in_segment(), connection.execute_wrapper(wrapper):
        connection.queries_log.clear()
        with connection.cursor() as cursor:
            cursor.execute(SELECT, ["nobody"])
    assert seen == [(SELECT, False)]
    assert [each["sql"] for each in connection.queries] == [SELECT.replace("%s", "'nobody'")]
    assert texts(traced()[0]) == [SELECT]


def test_an_exception_of_a_wrapper_is_the_querys(alias: str, traced: Traced) -> None:
    def wrapper(*_: Any) -> Any:
        raise RuntimeError("no queries\nhere")

    with xray_recorder.in_segment(), pytest.raises(RuntimeError), connections[alias].execute_wrapper(wrapper):
        Item.objects.using(alias).count()
    (failed,) = traced()[0]["subsegments"]
    assert [each["message"] for each in failed["cause"]["exceptions"]] == ["no queries\nhere"]
