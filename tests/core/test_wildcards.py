"""Patterns of sampling rules and dynamic naming."""

from __future__ import annotations

import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from aws_xray_sdk.core.models.default_dynamic_naming import DefaultDynamicNaming
from aws_xray_sdk.core.utils.search_pattern import wildcard_match


def matches(pattern: str, text: str) -> bool:
    """The rule, told by a table: which lengths of the text the pattern so far can fit."""
    reached = {0}
    for sign in pattern:
        if sign == "*":
            reached = set(range(min(reached), len(text) + 1)) if reached else reached
        else:
            reached = {n + 1 for n in reached if n < len(text) and sign in ("?", text[n])}
    return len(text) in reached


@settings(max_examples=400, deadline=None)
@given(st.text("ab*?.", max_size=10), st.text("ab.\n", max_size=12))
def test_a_pattern_fits_as_its_rule_says(pattern: str, text: str) -> None:
    assert wildcard_match(pattern, text) is matches(pattern, text)


@settings(max_examples=100, deadline=None)
@given(st.text(max_size=10), st.text(max_size=10))
def test_any_text_is_a_pattern(pattern: str, text: str) -> None:
    wildcard_match(pattern, text)
    plain = pattern.replace("*", "").replace("?", "")
    assert wildcard_match(plain, plain)


@pytest.mark.parametrize("pattern", ["*a" * 30 + "b", "*" * 500 + "b", "?*" * 30 + "b", "*a?" * 20 + "*b"])
def test_no_pattern_takes_exponential_time(pattern: str) -> None:
    started = time.process_time()
    assert not wildcard_match(pattern, "a" * 5_000)
    assert time.process_time() - started < 2


def test_case_matters_only_when_asked_for() -> None:
    assert wildcard_match("GET", "get")
    assert wildcard_match("*.Example.com", "WWW.eXAMPLE.COM")
    assert not wildcard_match("GET", "get", case_insensitive=False)


@pytest.mark.parametrize(("pattern", "text"), [(None, "a"), ("a", None), (None, None)])
def test_nothing_fits_nothing(pattern: str | None, text: str | None) -> None:
    assert not wildcard_match(pattern, text)


def test_a_star_fits_the_empty_text() -> None:
    assert wildcard_match("*", "")
    assert not wildcard_match("?", "")


def test_a_host_names_the_segment_where_it_fits() -> None:
    naming = DefaultDynamicNaming("*.example.com", "shop")
    assert naming.get_name("www.example.com") == "www.example.com"
    assert naming.get_name("10.0.0.1") == "shop"
    assert naming.get_name(None) == "shop"
