"""Queries of Django's databases: recorded with their facts, never with their values, on sqlite and PostgreSQL."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest
from django.db import ConnectionHandler, DatabaseError, IntegrityError, OperationalError, connections, transaction
from django.db.backends.base.base import BaseDatabaseWrapper

from aws_xray_sdk.core import xray_recorder
from aws_xray_sdk.ext.django.db import patch_db, unpatch_db
from aws_xray_sdk.sdk_config import SDKConfig
from tests.core import Traced, outline, segment, subsegment
from tests.ext.django_app import Item, use_postgresql
from tests.ext.django_queries import SECRET, SELECT, as_async, facts, query, texts
from tests.services import PostgreSQL

pytestmark = pytest.mark.usefixtures("django_connections")


# -- what is recorded


@pytest.mark.usefixtures("fixed")
def test_statements_are_recorded_with_placeholders_for_values(alias: str, traced: Traced) -> None:
    insert = "INSERT INTO tests_item (name) VALUES (%s)"
    with xray_recorder.in_segment(), transaction.atomic(using=alias), connections[alias].cursor() as cursor:
        cursor.execute(SELECT, [SECRET])
        cursor.execute(sql=SELECT, params=(SECRET,))
        cursor.execute("SELECT 1")
        assert cursor.fetchall() == [(1,)]
        cursor.executemany(insert, [(SECRET,), (SECRET + "2",)])
        cursor.executemany(sql=insert, param_list=[(SECRET + "3",)])
        transaction.set_rollback(True, using=alias)
    begin = [query(alias, "BEGIN")] if alias == "default" else []
    statements = [query(alias, text) for text in (SELECT, SELECT, "SELECT 1", insert, insert)]
    assert traced() == [segment(*begin, *statements)]


@pytest.mark.usefixtures("fixed")
def test_procedures_are_recorded_as_calls(django_postgresql: str, traced: Traced) -> None:
    with xray_recorder.in_segment(), connections[django_postgresql].cursor() as cursor:
        cursor.callproc("lower", [SECRET.upper()])
        assert cursor.fetchall() == [(SECRET,)]
        cursor.callproc(procname="now")
    name, sql = facts("pg", preparation="call")
    calls = [subsegment(name, namespace="remote", sql={**sql, "sanitized_query": each}) for each in ("lower", "now")]
    assert traced() == [segment(*calls)]


def test_the_orm_is_recorded(alias: str, traced: Traced) -> None:
    items = Item.objects.using(alias)
    with xray_recorder.in_segment():
        items.create(name=SECRET)
        assert items.filter(name=SECRET).exists()
        items.filter(name=SECRET).update(name=SECRET * 2)
        assert items.filter(name__startswith=SECRET).delete()[0] == 1
    (document,) = traced()
    assert [text.split()[0] for text in texts(document)] == ["INSERT", "SELECT", "UPDATE", "DELETE"]
    assert {each["name"] for each in document["subsegments"]} == {facts(alias)[0]}
    assert not any("fault" in each or "error" in each for each in document["subsegments"])


def test_transactions_and_savepoints_are_recorded_and_work(alias: str, traced: Traced) -> None:
    items = Item.objects.using(alias)
    with xray_recorder.in_segment(), transaction.atomic(using=alias):
        with transaction.atomic(using=alias):
            items.create(name="kept")
        with pytest.raises(IntegrityError), transaction.atomic(using=alias):
            items.create(name="kept")
        items.filter(name="kept").delete()
    (document,) = traced()
    words = [text.partition(" ")[0] for text in texts(document)]
    begun = ["SAVEPOINT", "INSERT", "RELEASE", "SAVEPOINT", "INSERT"]
    assert words == [*begun, "ROLLBACK", "RELEASE", "DELETE"]


def test_rows_that_come_in_chunks_are_one_query(alias: str, traced: Traced) -> None:
    items = Item.objects.using(alias)
    with xray_recorder.in_segment(), transaction.atomic(using=alias):
        items.bulk_create([Item(name=f"chunk {number}") for number in range(7)])
        found = [item.name for item in items.filter(name__startswith="chunk").iterator(chunk_size=2)]
        transaction.set_rollback(True, using=alias)
    assert len(found) == 7
    (document,) = traced()
    assert [text.split()[0] for text in texts(document)] == ["INSERT", "SELECT"]


def test_async_queries_are_recorded_below_what_awaits_them(alias: str, traced: Traced) -> None:
    items = Item.objects.using(alias)

    async def body() -> None:
        async with xray_recorder.in_subsegment_async("reads"):
            assert (await items.aget(name__startswith="first")).name == f"first of {alias}"
        async with xray_recorder.in_subsegment_async("counts"):
            assert list(await asyncio.gather(items.acount(), items.acount())) == [1, 1]
        async with xray_recorder.in_subsegment_async("writes"):
            await items.acreate(name=SECRET)
            await items.filter(name=SECRET).adelete()
        async with xray_recorder.in_subsegment_async("walks"):
            assert [each.name async for each in items.all()] == [f"first of {alias}"]

    as_async(body)
    (document,) = traced()
    name = facts(alias)[0]
    reads, counts, writes, walks = document["subsegments"]
    assert [outline(each) for each in (reads, counts, walks)] == [
        ("reads", [name]),
        ("counts", [name] * 2),
        ("walks", [name]),
    ]
    assert [each.split()[0] for each in texts(writes)][-1] == "DELETE"


@pytest.mark.usefixtures("fixed")
def test_several_databases_do_not_mix_their_facts(
    postgresql: PostgreSQL, django_postgresql: str, traced: Traced
) -> None:
    with connections["pg"].cursor() as cursor:
        cursor.execute("DROP ROLE IF EXISTS reader")
        cursor.execute(f"CREATE ROLE reader LOGIN PASSWORD '{SECRET}'")
    use_postgresql("reader", postgresql, table=False, USER="reader", PASSWORD=SECRET, HOST="")
    with xray_recorder.in_segment():
        for alias in ("default", "archive", "pg", "reader", "pg"):
            with connections[alias].cursor() as cursor:
                cursor.execute("SELECT 1")
    sql = {"database_type": "postgresql", "sanitized_query": "SELECT 1"}
    without_host = subsegment("postgres@localhost", namespace="remote", sql={**sql, "user": "reader"})
    parts = [query(alias, "SELECT 1") for alias in ("default", "archive", "pg")]
    assert traced() == [segment(*parts, without_host, parts[-1])]


@pytest.mark.usefixtures("fixed")
def test_a_statement_that_the_driver_composes_is_recorded_with_placeholders(
    django_postgresql: str, traced: Traced
) -> None:
    from psycopg import sql

    where = sql.SQL("{} = {}").format(sql.Identifier("name"), sql.Literal(SECRET))
    statement = sql.SQL("SELECT {} FROM {} WHERE {} OR name = %s").format(
        sql.SQL(", ").join([sql.Identifier("id"), sql.Identifier("name")]), sql.Identifier("tests_item"), where
    )
    with xray_recorder.in_segment(), connections["pg"].cursor() as cursor:
        cursor.execute(statement, ["first of pg"])
        assert [name for _, name in cursor.fetchall()] == ["first of pg"]
        cursor.execute(b"SELECT 1")
    composed = 'SELECT "id", "name" FROM "tests_item" WHERE "name" = %s OR name = %s'
    assert traced() == [segment(query("pg", composed), query("pg", "SELECT 1"))]


@pytest.mark.usefixtures("fixed")
@pytest.mark.parametrize(
    ("database", "name"),
    [
        (":memory:", ":memory:"),
        ("file:memorydb_default?mode=memory&cache=shared", "memorydb_default"),
        ("file:///{folder}/shop.sqlite3?mode=rwc", "shop.sqlite3"),
        ("{folder}/shop.sqlite3", "shop.sqlite3"),
    ],
)
def test_sqlite_is_recorded_under_the_name_of_its_file(
    database: str, name: str, tmp_path: Path, traced: Traced, caplog: pytest.LogCaptureFixture
) -> None:
    settings = {"ENGINE": "django.db.backends.sqlite3", "NAME": database.format(folder=tmp_path)}
    connection = ConnectionHandler({"default": settings})["default"]
    with xray_recorder.in_segment(), connection.cursor() as cursor:
        cursor.execute("SELECT 1")
    BaseDatabaseWrapper.close(connection)  # which one in memory refuses by itself
    (document,) = traced()
    assert [each["name"] for each in document["subsegments"]] == [name]
    assert caplog.text == ""


# -- when it is recorded


@pytest.mark.parametrize("strategy", ["RUNTIME_ERROR", "LOG_ERROR", "IGNORE_ERROR"])
def test_queries_outside_of_a_segment_are_silent(
    alias: str, strategy: str, traced: Traced, caplog: pytest.LogCaptureFixture
) -> None:
    xray_recorder.configure(context_missing=strategy)
    assert Item.objects.using(alias).count() == 1
    with pytest.raises(OperationalError if alias == "default" else DatabaseError):
        connections[alias].cursor().execute("SELECT nothing")
    assert (traced(), caplog.text) == ([], "")


def test_queries_of_an_unsampled_segment_and_while_the_sdk_is_off_are_not_recorded(alias: str, traced: Traced) -> None:
    with xray_recorder.in_segment(sampling=0):
        assert Item.objects.using(alias).count() == 1
        with pytest.raises(DatabaseError):
            connections[alias].cursor().execute("SELECT nothing")
    connections[alias].close()
    with xray_recorder.in_segment():
        SDKConfig.set_sdk_enabled(False)
        assert Item.objects.using(alias).count() == 1
    assert traced() == []


@pytest.mark.usefixtures("fixed")
def test_connections_and_cursors_that_are_open_already_are_recorded_once_patched(alias: str, traced: Traced) -> None:
    unpatch_db()
    try:
        with connections[alias].cursor() as cursor:
            cursor.execute("SELECT 1")
            patch_db()
            patch_db()
            with xray_recorder.in_segment():
                cursor.execute("SELECT 2")
            unpatch_db()
            unpatch_db()
            with xray_recorder.in_segment():
                cursor.execute("SELECT 3")
    finally:
        patch_db()
    assert traced() == [segment(query(alias, "SELECT 2")), segment(first=4)]
