"""Metadata takes any object graph: it becomes valid JSON in bounded time, depth and size, and nothing is drained."""

from __future__ import annotations

import dataclasses
import datetime
import decimal
import enum
import io
import json
import time
import uuid
from collections import ChainMap, Counter, OrderedDict, UserDict, defaultdict, deque, namedtuple
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from aws_xray_sdk.core import xray_recorder
from aws_xray_sdk.core.models._values import MOST_CHARACTERS, text_of
from aws_xray_sdk.core.utils.conversion import metadata_to_dict
from tests.core import Traced, segment, subsegment


def refuse(*_: Any) -> Any:
    raise RuntimeError("must not be asked")


def strict(text: str) -> Any:
    """`text` read as JSON; NaN and Infinity are errors."""
    return json.loads(text, parse_constant=refuse)


@dataclasses.dataclass
class Point:
    x: int
    y: Any = None


@dataclasses.dataclass(slots=True)
class Slotted:
    x: int


class Plain:
    def __init__(self, **attributes: Any) -> None:
        self.__dict__.update(attributes)


class Color(enum.Enum):
    RED = 1


class Level(enum.IntEnum):
    HIGH = 2


class Text(str):
    __str__ = __repr__ = __len__ = __iter__ = refuse


class BadStr:
    __slots__ = ()
    __str__ = refuse


class BadRepr:
    __slots__ = ()
    __repr__ = refuse


class BadDict:
    @property
    def __dict__(self) -> Any:  # type: ignore[override]
        return refuse()


class BadGetattr:
    __slots__ = ()
    __getattribute__ = refuse


class BadClass:
    @property  # type: ignore[misc]
    def __class__(self) -> Any:
        return refuse()


class BadItems(dict):  # type: ignore[type-arg]
    items = keys = values = __iter__ = __getitem__ = __len__ = refuse


class BadList(list):  # type: ignore[type-arg]
    __iter__ = __len__ = __getitem__ = refuse


class BadHash:
    __hash__ = __eq__ = refuse


class BadMeta(type):
    def __getattribute__(cls, name: str) -> Any:
        if name == "__qualname__":
            refuse()
        return super().__getattribute__(name)


class OfBadMeta(metaclass=BadMeta): ...


class Lazy:
    """Like a queryset: everything that looks at it would run a query."""

    __iter__ = __len__ = __bool__ = __repr__ = __str__ = __getitem__ = refuse


class LazyWithAttributes(Lazy):
    def __init__(self) -> None:
        self.query = "SELECT 1"


Pair = namedtuple("Pair", "a b")

VALUES: list[tuple[Any, Any]] = [
    (None, None),
    (True, True),
    (-5, -5),
    (10**20, 10**20),
    (1.5, 1.5),
    (1e300, 1e300),
    (float("nan"), "nan"),
    (float("inf"), "inf"),
    (float("-inf"), "-inf"),
    ("text é 漢 \x00 \ud800", "text é 漢 \x00 \ud800"),
    (b"bytes", "bytes"),
    (b"\xff\x00", "\\xff\x00"),
    (bytearray(b"array"), "array"),
    ((1, 2), [1, 2]),
    ([1, [2]], [1, [2]]),
    ({1}, [1]),
    (frozenset({1}), [1]),
    (deque([1, 2]), [1, 2]),
    ({"a": {"b": 1}}, {"a": {"b": 1}}),
    (OrderedDict(a=1), {"a": 1}),
    (defaultdict(int, a=1), {"a": 1}),
    (Counter("aa"), {"a": 2}),
    ({"a": 1}.keys(), ["a"]),
    ({"a": 1}.values(), [1]),
    ({"a": 1}.items(), [["a", 1]]),
    (Pair(1, 2), [1, 2]),
    (datetime.datetime(2024, 1, 2, 3, 4, 5), "2024-01-02 03:04:05"),
    (datetime.date(2024, 1, 2), "2024-01-02"),
    (datetime.timedelta(seconds=90), "0:01:30"),
    (decimal.Decimal("1.10"), "1.10"),
    (uuid.UUID(int=1), "00000000-0000-0000-0000-000000000001"),
    (Path("a/b"), "a/b"),
    (Point(1, Point(2)), {"x": 1, "y": {"x": 2, "y": None}}),
    (Slotted(1), {"x": 1}),
    (Plain(a=1, _hidden=2), {"a": 1}),
    (Level.HIGH, 2),
    (int, "<int>"),
    (len, "<len>"),
    (ValueError("no"), "ValueError: no"),
    (Text("subclass"), "subclass"),
]
ODD = [
    BadStr(), BadRepr(), BadDict(), BadGetattr(), BadClass(), BadItems(a=1), BadList([1]), BadHash(), OfBadMeta(),
    OfBadMeta, Lazy(), LazyWithAttributes(), object(), Color.RED, ChainMap({"a": 1}), UserDict(a=1), range(10**9),
    memoryview(b"a"), 1j, slice(1), ..., NotImplemented, io.StringIO("text"), iter([1]), json, 10**5000, -(10**5000),
    Exception(refuse),
]  # fmt: skip


@pytest.mark.parametrize(("value", "expected"), VALUES, ids=lambda value: type(value).__name__)
def test_a_value_is_written_by_its_kind(value: Any, expected: Any) -> None:
    assert strict(text_of(value)) == expected
    assert strict(text_of({"key": [value]})) == {"key": [expected]}


@pytest.mark.parametrize("number", range(len(ODD)))
def test_no_value_raises(number: int) -> None:
    value = ODD[number]
    strict(text_of(value))
    strict(text_of({"a": [value, (value,)]}))
    strict(text_of(Plain(a=value)))


@pytest.mark.parametrize("kind", [BadStr, BadRepr, BadGetattr, Lazy, LazyWithAttributes])
def test_an_object_that_cannot_tell_of_itself_is_named_by_its_type(kind: type) -> None:
    assert strict(text_of([kind(), 1])) == [f"<{kind.__name__}>", 1]


def test_an_object_whose_dict_raises_is_named_by_its_type() -> None:
    assert strict(text_of(BadDict())) == "<BadDict>"


def test_keys_of_any_kind_become_text() -> None:
    given: dict[Any, Any] = {7: "a", None: "b", True: "c", 2.5: "d", (1, 2): "e", b"k": "f", Point: "g", Text("t"): "h"}
    assert strict(text_of(given)) == {
        "7": "a",
        "true": "c",
        "null": "b",
        "2.5": "d",
        "[1,2]": "e",
        "k": "f",
        "<Point>": "g",
        "t": "h",
    }
    for key in (BadStr(), BadRepr(), Lazy, Color.RED, 10**5000, object()):
        assert list(strict(text_of({key: 1})).values()) == [1]


def test_a_cycle_ends_where_it_closes() -> None:
    cyclic: dict[str, Any] = {"a": 1}
    cyclic["self"] = [cyclic]
    assert strict(text_of(cyclic)) == {"a": 1, "self": ["<dict>"]}
    plain = Plain(a=1)
    plain.me = plain  # type: ignore[attr-defined]
    assert strict(text_of(plain)) == {"a": 1, "me": "<Plain>"}
    shared = [1]
    assert strict(text_of([shared, shared])) == [[1], [1]]


def test_generators_files_and_lazy_querysets_are_never_drained(tmp_path: Path) -> None:
    def numbers() -> Iterator[int]:
        yield 1

    generator, iterator, mapped = numbers(), iter([1, 2]), map(str, [1])
    path = tmp_path / "file"
    path.write_text("line")
    with path.open() as file:
        strict(text_of({"all": [generator, iterator, mapped, file, Lazy(), LazyWithAttributes()]}))
        assert file.read() == "line"
    assert (list(generator), list(iterator), list(mapped)) == ([1], [1, 2], ["1"])


def nested(depth: int, kind: Any) -> Any:
    value: Any = 1
    for _ in range(depth):
        value = kind(value)
    return value


@pytest.mark.parametrize(
    "kind",
    [lambda v: [v], lambda v: {"a": v}, lambda v: (v,), lambda v: Plain(a=v), lambda v: Point(1, v)],
    ids=["list", "dict", "tuple", "object", "dataclass"],
)
def test_depth_is_bounded(kind: Any) -> None:
    text = text_of(nested(5_000, kind))
    strict(text)
    assert text.count("[") + text.count("{") < 30


@pytest.mark.parametrize(
    "value",
    [
        list(range(1_000_000)),
        dict.fromkeys(range(1_000_000), "value"),
        set(range(1_000_000)),
        deque(range(1_000_000)),
        "x" * 5_000_000,
        "\x00" * 5_000_000,
        b"\xff" * 5_000_000,
        [["x" * 100] * 100] * 1000,
        [[[[[[[1] * 20] * 20] * 20] * 20] * 20] * 20] * 20,
        {"k" * 100_000: 1},
        {"a": dict.fromkeys(range(5000), "é" * 900)},
    ],
    ids=range(11),
)
def test_size_and_time_are_bounded(value: Any) -> None:
    started = time.process_time()
    text = text_of(value)
    assert time.process_time() - started < 1
    strict(text)
    assert len(text) < 6 * MOST_CHARACTERS + 10_000


def test_what_was_left_out_is_told() -> None:
    assert strict(text_of(list(range(100_000))))[-1].endswith("more")
    assert strict(text_of(dict.fromkeys(range(100_000))))["..."].endswith("more")
    assert strict(text_of("x" * 100_000)).endswith("(100000 characters)")


values = (
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20) | st.binary(max_size=20)
    | st.datetimes() | st.decimals() | st.uuids() | st.complex_numbers()
    | st.integers(0, len(ODD) - 1).map(lambda number: ODD[number])
)  # fmt: skip
keys = st.text(max_size=5) | st.integers() | st.booleans() | st.none() | st.binary(max_size=3)
anything = st.recursive(
    values,
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.tuples(inner, inner)
        | st.dictionaries(keys, inner, max_size=4)
        | st.builds(Point, st.integers(), inner)
        | st.builds(Plain, a=inner, b=inner)
    ),
    max_leaves=15,
)


@settings(max_examples=200, deadline=None)
@given(anything)
def test_any_object_graph_becomes_json(value: Any) -> None:
    text = text_of(value)
    read = strict(text)
    assert text.isascii()
    assert len(text) < 2 * MOST_CHARACTERS
    if len(text) < MOST_CHARACTERS:
        assert strict(text_of(read)) == read, "once plain it stays as it is"
    assert metadata_to_dict(value) == read


@pytest.mark.usefixtures("fixed")
def test_metadata_is_kept_by_namespace_at_the_recorder_and_at_entities(traced: Traced) -> None:
    with xray_recorder.in_segment() as root:
        root.put_metadata("a", 1)
        root.put_metadata("a", [2], "mine")
        with xray_recorder.in_subsegment("sub"):
            xray_recorder.put_metadata("b", {"c": 3})
            xray_recorder.put_metadata("b", 4, namespace="mine")
    inner = subsegment("sub", metadata={"default": {"b": {"c": 3}}, "mine": {"b": 4}})
    assert traced() == [segment(inner, metadata={"default": {"a": 1}, "mine": {"a": [2]}})]


def test_reserved_namespaces_and_keys_of_any_kind_do_no_harm(traced: Traced, caplog: pytest.LogCaptureFixture) -> None:
    with xray_recorder.in_segment() as root:
        for _ in range(2):
            root.put_metadata("a", 1, "AWS.mine")
            root.put_metadata("a", 1, 5)  # type: ignore[arg-type]
        for key in (5, None, (1, 2), BadRepr()):
            root.put_metadata(key, 1)  # type: ignore[arg-type]
    [document] = traced()
    assert list(document["metadata"]) == ["default"]
    assert len(document["metadata"]["default"]) == 4
    assert len([each for each in caplog.records if "namespace" in each.getMessage()]) == 2


@pytest.mark.parametrize("value", [lambda: Plain(a=BadGetattr()), lambda: Lazy(), lambda: list(range(10**6))])
def test_any_metadata_arrives_as_a_document(traced: Traced, value: Any) -> None:
    with xray_recorder.in_segment() as root:
        root.put_metadata("k", value())
    assert len(traced()) == 1
