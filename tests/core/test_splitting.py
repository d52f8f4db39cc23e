"""No datagram is too large, and nothing is lost by that: what arrives, joined again, is the tree that was recorded."""

from __future__ import annotations

import json
from collections import Counter
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from aws_xray_sdk.core import xray_recorder
from tests.conftest import Daemon
from tests.core import Document, Traced, complete, every

LIMIT = 65_507

# A tree: the size of the entity's own metadata, and its children.
sizes = st.sampled_from([0, 0, 10, 1_000, 8_000, 20_000, 40_000, 60_000, 64_500, 64_800, 65_000])
trees = st.recursive(
    st.tuples(sizes, st.just(())),
    lambda inner: st.tuples(sizes, st.lists(inner, max_size=5)),
    max_leaves=15,
)


def record(tree: Any, name: str = "0") -> None:
    """Record `tree` below what is current."""
    size, children = tree
    if size:
        xray_recorder.put_metadata("text", "x" * size)
    for n, child in enumerate(children):
        with xray_recorder.in_subsegment(f"{name}.{n}"):
            record(child, f"{name}.{n}")


def names_of(tree: Any, name: str = "0") -> list[str]:
    return [name] + [each for n, child in enumerate(tree[1]) for each in names_of(child, f"{name}.{n}")]


def joined(documents: list[Document]) -> Document:
    """The tree that X-Ray makes of the documents of a trace: detached ones hang below the parents they name."""
    entities = {each["id"]: {**each, "subsegments": []} for each in every(documents)}
    roots: list[Document] = []
    for each in entities.values():
        (entities[each["parent_id"]]["subsegments"] if "type" in each else roots).append(each)
    [root] = roots
    return dict(root)


def tree_of(document: Document) -> Any:
    text = document.get("metadata", {}).get("default", {}).get("text", "")
    below = sorted(document["subsegments"], key=lambda each: int(each["name"].split(".")[-1]))
    return len(text), [tree_of(each) for each in below]


def as_lists(tree: Any) -> Any:
    return tree[0], [as_lists(each) for each in tree[1]]


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(trees)
def test_a_tree_of_any_size_arrives_whole(daemon: Daemon, tree: Any) -> None:
    xray_recorder.configure(service="0", sampling=False, daemon_address=daemon.address, streaming_threshold=10_000)
    before = xray_recorder.emitter.sent
    with xray_recorder.in_segment():
        record(tree)
    datagrams = daemon.datagrams()
    documents = [daemon._document(datagram) for datagram in datagrams]
    assert max(map(len, datagrams)) <= LIMIT
    assert xray_recorder.emitter.sent - before == len(datagrams)
    assert Counter(each["name"] for each in complete(documents)) == Counter(names_of(tree))
    if not any("aws_xray_sdk" in each.get("metadata", {}) for each in every(documents)):
        assert tree_of(joined(documents)) == as_lists(tree)
    else:
        joined(documents)
        assert max(size for size in flat(tree)) > 64_000


def flat(tree: Any) -> list[int]:
    return [tree[0]] + [size for child in tree[1] for size in flat(child)]


def test_a_small_tree_is_one_datagram(daemon: Daemon, traced: Traced) -> None:
    with xray_recorder.in_segment():
        record((10, [(10, []), (10, [(10, [])])]))
    assert len(traced()) == 1


def trimmed(document: Document) -> list[str]:
    """What the document says was left out of it."""
    found: list[str] = document["metadata"]["aws_xray_sdk"]["trimmed"]
    return found


def test_metadata_that_is_too_large_is_left_out_largest_first_and_that_is_told(daemon: Daemon, traced: Traced) -> None:
    with xray_recorder.in_segment() as root:
        root.put_metadata("small", "s")
        root.put_metadata("large", "x" * 50_000, "mine")
        root.put_metadata("larger", "x" * 60_000)
        root.put_annotation("kept", 1)
    [document] = traced()
    assert document["metadata"]["default"] == {"small": "s"}
    assert document["metadata"]["mine"] == {"large": "x" * 50_000}
    [told] = trimmed(document)
    assert "default.larger" in told
    assert document["annotations"] == {"kept": 1}
    emitter = xray_recorder.emitter
    assert (emitter.sent, emitter.dropped, emitter.trimmed) == (1, 0, 1)


@pytest.mark.parametrize("long", ["", "0" * 90, "0" * 400, "é" * 100])
def test_no_more_is_left_out_than_is_too_large(traced: Traced, long: str) -> None:
    with xray_recorder.in_segment() as root:
        root.put_annotation("kept", 1)
        root.put_http_meta("url", "https://shop/")
        for n in range(140):
            root.put_metadata(f"{long}{n}", "x" * 600)
    [document] = traced()
    assert document["annotations"] == {"kept": 1}
    assert document["http"] == {"request": {"url": "https://shop/"}}
    assert len(json.dumps(document["metadata"]["default"])) > 50_000
    assert trimmed(document)


@pytest.mark.parametrize("sign", ["x", "é", "漢", "\x00", '"'])
def test_sql_text_that_is_too_large_is_cut_and_that_is_told(traced: Traced, sign: str) -> None:
    with xray_recorder.in_segment(), xray_recorder.in_subsegment("db", "remote") as query:
        query.put_metadata("a", 1)
        query.set_sql({"sanitized_query": "SELECT " + sign * 100_000, "url": "db@host"})
    documents = traced()
    [document] = [each for each in complete(documents) if each["name"] == "db"]
    assert document["sql"]["sanitized_query"].startswith(f"SELECT {sign}")
    assert document["sql"]["url"] == "db@host"
    assert any("SQL" in each for each in trimmed(document))
    assert [each["name"] for each in complete(documents) if "type" not in each] == ["app"]


def test_that_sql_text_was_cut_is_told_beside_much_metadata(traced: Traced) -> None:
    with xray_recorder.in_segment(), xray_recorder.in_subsegment("db", "remote") as query:
        for n in range(100):
            query.put_metadata(f"key {n}", n)
        query.set_sql({"sanitized_query": "x" * 100_000})
    [document] = [each for each in complete(traced()) if each["name"] == "db"]
    assert any("SQL" in each for each in trimmed(document))
    assert len(document["sql"]["sanitized_query"]) > 50_000


class Wordy(Exception):
    pass


def test_stacks_that_are_too_large_are_cut_and_that_is_told(traced: Traced) -> None:
    xray_recorder.configure(max_trace_back=10_000)
    stack = [(f"/srv/{'long' * 10}{n}.py", n, "function" * 10) for n in range(2_000)]
    with xray_recorder.in_segment() as root:
        root.add_exception(Wordy("what happened"), stack)
    [document] = traced()
    [exception] = document["cause"]["exceptions"]
    assert exception["message"] == "what happened"
    assert exception["type"] == "Wordy"
    assert [each["line"] for each in exception["stack"]] == [1997, 1998, 1999]
    assert any("stack" in each for each in trimmed(document))


def test_an_entity_too_large_in_every_part_still_arrives(traced: Traced) -> None:
    with xray_recorder.in_segment() as root, xray_recorder.in_subsegment("sub"):
        for n in range(100):
            root.put_annotation(f"key_{n}", "x" * 1000)
        root.put_http_meta("url", "https://host/" + "x" * 60_000)
        root.set_user("u" * 60_000)
        root.put_metadata("k", "x" * 60_000)
        root.add_exception(ValueError("v" * 100_000), [("f" * 1000, 1, "g" * 1000)] * 100)
    documents = traced()
    assert sorted(each["name"] for each in complete(documents)) == ["app", "sub"]
    [document] = [each for each in documents if each["name"] == "app"]
    assert document["fault"] is True
    assert trimmed(document)


@pytest.mark.parametrize(
    "field", ["metadata", "annotations", "http", "aws", "cause", "service", "sql", "user", "other"]
)
def test_an_entity_too_large_in_any_field_still_arrives(daemon: Daemon, traced: Traced, field: str) -> None:
    huge = {f"key{n}": "x" * 900 for n in range(200)}
    with xray_recorder.in_segment() as root, xray_recorder.in_subsegment("sub") as sub:
        for entity in (root, sub):
            setattr(entity, field, "x" * 100_000 if field in ("user", "other") else {"default": huge})
    datagrams = daemon.datagrams()
    assert max(map(len, datagrams)) <= LIMIT
    documents = [json.loads(datagram.partition(b"\n")[2]) for datagram in datagrams]
    assert Counter(each["name"] for each in complete(documents)) == Counter(["app", "sub"])


def test_a_tree_a_thousand_deep_arrives_whole(daemon: Daemon, traced: Traced) -> None:
    xray_recorder.configure(streaming_threshold=100_000)
    with xray_recorder.in_segment():
        for n in range(3_000):
            xray_recorder.begin_subsegment(str(n))
        for _ in range(3_000):
            xray_recorder.end_subsegment()
    datagrams = daemon.datagrams()
    assert max(map(len, datagrams)) <= LIMIT
    ids = [text for datagram in datagrams for text in datagram.decode().split('"name":"')[1:]]
    assert Counter(text.partition('"')[0] for text in ids) == Counter(["app", *map(str, range(3_000))])


def test_many_small_children_leave_in_few_datagrams(daemon: Daemon, traced: Traced) -> None:
    xray_recorder.configure(streaming_threshold=100_000)
    with xray_recorder.in_segment(), xray_recorder.in_subsegment("parent"):
        for n in range(2_000):
            with xray_recorder.in_subsegment(f"child {n}"):
                pass
    documents = traced()
    assert len(complete(documents)) == 2_002
    assert xray_recorder.emitter.sent == len(documents)


def test_a_subsegment_streamed_early_is_split_as_well(traced: Traced) -> None:
    xray_recorder.configure(streaming_threshold=0)
    with xray_recorder.in_segment() as root, xray_recorder.in_subsegment("parent"):
        with xray_recorder.in_subsegment("child"):
            xray_recorder.put_metadata("k", "x" * 50_000)
        xray_recorder.put_metadata("k", "x" * 50_000)
    documents = traced()
    assert Counter(each["name"] for each in complete(documents)) == Counter(["app", "parent", "child"])
    assert {each["trace_id"] for each in every(documents)} == {root.trace_id}
