"""Every name and annotation in a document keeps X-Ray's rules, whoever set it and however late."""

from __future__ import annotations

import unicodedata
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from aws_xray_sdk.core import xray_recorder
from aws_xray_sdk.core.models._names import clean_annotation, clean_key, clean_name
from tests.core import Traced, segment, subsegment

SIGNS = set("_.:/%&#=+\\-@")
KEY_SIGNS = set("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_.")

texts = st.text(max_size=300) | st.text(alphabet="ab .:/?*;'\"\\\n\t\x00é漢-_", max_size=900)
thorough = settings(max_examples=200, deadline=None)


def is_allowed(sign: str) -> bool:
    """X-Ray's rule, by Unicode's categories: letters, numbers, blanks and some signs."""
    return sign in SIGNS or unicodedata.category(sign)[0] in "LNZ"


@thorough
@given(texts)
def test_a_name_keeps_xrays_rule_and_a_clean_one_is_untouched(name: str) -> None:
    cleaned = clean_name(name)
    assert 1 <= len(cleaned) <= 200
    assert all(is_allowed(sign) for sign in cleaned)
    assert clean_name(cleaned) == cleaned
    if 1 <= len(name) <= 200 and all(is_allowed(sign) for sign in name):
        assert cleaned == name


@thorough
@given(texts)
def test_an_annotations_key_keeps_xrays_rule(key: str) -> None:
    cleaned = clean_key(key)
    if not key:
        assert cleaned is None
        return
    assert cleaned is not None
    assert 1 <= len(cleaned) <= 500
    assert set(cleaned) <= KEY_SIGNS
    assert clean_key(cleaned) == cleaned
    if set(key) <= KEY_SIGNS and len(key) <= 500:
        assert cleaned == key


@thorough
@given(
    st.text(max_size=1500) | st.integers() | st.floats() | st.booleans() | st.none() | st.binary() | st.lists(st.none())
)
def test_an_annotations_value_is_a_text_a_finite_number_or_a_boolean(value: Any) -> None:
    cleaned = clean_annotation("key", value)
    if isinstance(value, str):
        assert cleaned == value[:1000]
    elif isinstance(value, (int, float)) and value - value == 0:
        assert cleaned == value
        assert type(cleaned) is type(value)
    else:
        assert cleaned is None


@settings(max_examples=50, deadline=None)
@given(st.dictionaries(st.text(max_size=20), st.text(max_size=20) | st.integers() | st.booleans(), max_size=5))
def test_annotations_of_any_text_keep_the_document_valid(annotations: dict[str, Any]) -> None:
    from tests.schema import validate

    with xray_recorder.in_segment("app", sampling=1) as root:
        for key, value in annotations.items():
            root.put_annotation(key, value)
        document = root.to_dict()
    validate(document)


@pytest.mark.usefixtures("fixed")
def test_bad_characters_leave_a_name_with_one_warning(traced: Traced, caplog: pytest.LogCaptureFixture) -> None:
    for first in (1, 4):
        with xray_recorder.in_segment("sh?op*"), xray_recorder.in_subsegment("que'ry\n(1)"):
            pass
        assert traced() == [segment(subsegment("query 1"), name="shop", first=first)]
    assert len([each for each in caplog.records if "sh?op*" in each.getMessage()]) == 1


def test_a_name_set_late_is_cleaned_too(traced: Traced) -> None:
    with xray_recorder.in_segment() as root, xray_recorder.in_subsegment("query") as query:
        root.name = "a|b"
        query.name = "x" * 300
    [document] = traced()
    assert document["name"] == "ab"
    assert document["subsegments"][0]["name"] == "x" * 200


@pytest.mark.parametrize("name", [5, None, b"bytes", object, ("a", "b"), ["a"]])
def test_a_name_that_is_no_text_becomes_one(traced: Traced, name: Any) -> None:
    with xray_recorder.in_segment(), xray_recorder.in_subsegment(name) as inner:
        inner.name = name
    [document] = traced()
    assert document["subsegments"][0]["name"]


def test_a_name_without_any_allowed_character_is_unnamed(traced: Traced) -> None:
    with xray_recorder.in_segment("???"):
        pass
    assert traced()[0]["name"] == "unnamed"


def test_annotation_keys_may_hold_dots_and_others_are_normalised_with_one_warning(
    traced: Traced, caplog: pytest.LogCaptureFixture
) -> None:
    for _ in range(3):
        with xray_recorder.in_segment() as root:
            root.put_annotation("user.id", 7)
            root.put_annotation("cache hit", True)
            root.put_annotation("", "empty")
            root.put_annotation(5, "no text")  # type: ignore[arg-type]
    assert [each["annotations"] for each in traced()] == [{"user.id": 7, "cache_hit": True}] * 3
    assert len([each for each in caplog.records if "cache hit" in each.getMessage()]) == 1


def test_annotations_of_other_types_are_left_out_with_one_warning(
    traced: Traced, caplog: pytest.LogCaptureFixture
) -> None:
    with xray_recorder.in_segment() as root:
        for _ in range(3):
            root.put_annotation("list", [1])  # type: ignore[arg-type]
        root.put_annotation("nan", float("nan"))
        root.put_annotation("long", "x" * 2000)
        root.put_annotation("float", 1.5)
    assert traced()[0]["annotations"] == {"long": "x" * 1000, "float": 1.5}
    assert len([each for each in caplog.records if "'list'" in each.getMessage()]) == 1


def test_a_million_different_names_do_not_fill_the_memory() -> None:
    from aws_xray_sdk.core.models import _names

    for n in range(10_000):
        clean_name(f"name {n}")
        _names.name_text(f"text {n}")
        clean_key(f"key {n}")
    caches = (_names.clean_names, _names.name_texts, _names._keys)
    assert max(len(cache) for cache in caches) < 5_000
