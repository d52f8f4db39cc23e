"""Trace headers: whatever comes is read, and what is written is read back."""

from __future__ import annotations

from itertools import permutations
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from aws_xray_sdk.core.models.trace_header import TraceHeader
from aws_xray_sdk.core.models.traceid import TraceId

ROOT = "1-5759e988-bd862e3fe1be46a994272793"
PARENT = "53995c3f42cd8ad8"

hexadecimal = "0123456789abcdef"
roots = st.builds(
    "1-{}-{}".format, st.text(hexadecimal, min_size=8, max_size=8), st.text(hexadecimal, min_size=24, max_size=24)
)
parents = st.text(hexadecimal, min_size=16, max_size=16)
keys = st.text("abcXYZ09_-", min_size=1, max_size=8).filter(
    lambda key: key not in ("Root", "Parent", "Sampled", "Self")
)
values = st.text("abcXYZ09:|=-. ", min_size=1, max_size=20).map(str.strip).filter(bool)
thorough = settings(max_examples=200, deadline=None)


def facts(header: TraceHeader) -> tuple[Any, ...]:
    return header.root, header.parent, header.sampled, header.data


@thorough
@given(st.text(max_size=200) | st.text(alphabet="RotPaenSmpld=;?01- \t\n\x00é", max_size=400))
def test_any_text_is_read_without_an_error(text: str) -> None:
    header = TraceHeader.from_header_str(text)
    written = header.to_header_str()
    assert written.isascii()
    assert written.isprintable() or not written
    assert facts(TraceHeader.from_header_str(written)) == facts(header)


@thorough
@given(
    st.none() | roots,
    st.none() | parents,
    st.sampled_from([0, 1, "?", None]),
    st.none() | st.dictionaries(keys, values, min_size=1, max_size=4),
)
def test_what_is_written_is_read_back(root: Any, parent: Any, sampled: Any, data: Any) -> None:
    header = TraceHeader(root, parent, sampled, data)
    assert facts(TraceHeader.from_header_str(header.to_header_str())) == (root, parent, sampled, data)


@pytest.mark.parametrize("order", list(permutations([f"Root={ROOT}", f"Parent={PARENT}", "Sampled=1", "Lineage=a:1"])))
@pytest.mark.parametrize("joint", [";", "; ", " ; ", ";;", ";junk;", ";=;", ";x=;"])
def test_parts_come_in_any_order_with_blanks_and_junk_between(order: tuple[str, ...], joint: str) -> None:
    header = TraceHeader.from_header_str(f" {joint.join(order)} ;")
    assert facts(header) == (ROOT, PARENT, 1, {"Lineage": "a:1"})


@pytest.mark.parametrize(
    ("given", "sampled"),
    [("1", 1), ("0", 0), ("?", "?"), ("", None), ("yes", None), ("2", None), (" 1 ", 1)],
)
def test_the_decision_is_1_0_or_asked_for(given: str, sampled: Any) -> None:
    assert TraceHeader.from_header_str(f"Root={ROOT};Sampled={given}").sampled == sampled


@pytest.mark.parametrize(
    ("given", "sampled"), [(True, 1), (False, 0), (1, 1), (0, 0), ("1", 1), ("0", 0), ("?", "?"), (None, None)]
)
def test_a_header_made_by_hand_takes_the_decision_in_any_form(given: Any, sampled: Any) -> None:
    assert TraceHeader(sampled=given).sampled == sampled


def test_root_parent_and_sampled_are_written_first_and_what_was_passed_on_last() -> None:
    header = TraceHeader(root=ROOT, parent=PARENT, sampled=True, data={"Lineage": "a:1|b:2", "k": "v"})
    assert header.to_header_str() == f"Root={ROOT};Parent={PARENT};Sampled=1;Lineage=a:1|b:2;k=v"
    assert TraceHeader().to_header_str() == ""


def test_values_may_hold_an_equals_sign() -> None:
    assert TraceHeader.from_header_str(f"Root={ROOT};k=a=b").data == {"k": "a=b"}


def test_what_a_load_balancer_adds_for_itself_is_not_passed_on() -> None:
    header = TraceHeader.from_header_str(f"Self=1-67891234-12456789abcdef012345678;Root={ROOT}")
    assert header.data is None
    assert header.root == ROOT


@pytest.mark.parametrize("bad", ["x" * 100, "1-5759e988-bd86\r\nSet-Cookie: a", "1-é", '1-"'])
def test_an_id_that_would_break_a_header_or_a_document_is_not_taken(bad: str) -> None:
    header = TraceHeader.from_header_str(f"Root={bad};Parent={bad};Sampled=1")
    assert facts(header)[:3] == (None, None, 1)


@pytest.mark.parametrize("nothing", [None, "", b"Root=1", 5])
def test_nothing_is_read_from_nothing(nothing: Any) -> None:
    assert facts(TraceHeader.from_header_str(nothing)) == (None, None, None, None)


def test_a_huge_header_is_read_in_part() -> None:
    header = TraceHeader.from_header_str(f"Root={ROOT};" + ";".join(f"k{n}=v" for n in range(100_000)))
    assert header.root == ROOT
    assert len(header.data or ()) < 100


@pytest.mark.usefixtures("fixed")
def test_a_trace_id_is_version_time_and_96_random_bits() -> None:
    assert TraceId().to_id() == "1-6553f100-000000000000000000000001"
