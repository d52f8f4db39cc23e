"""When a trace is shown: after a quiet moment, later when something is missing, again when it grew."""

from aws_xray_sdk.local.assembly import PATIENCE, Assembly
from aws_xray_sdk.local.traces import Trace
from tests.local import OTHER_TRACE_ID, TRACE_ID, Document, detached, identity, parts, segment

IDLE = 1.0


def add(assembly: Assembly, now: float, *documents: Document) -> None:
    for part in parts(*documents):
        assembly.add(part, now)


def ids(traces: list[Trace]) -> list[str]:
    return [trace.id for trace in traces]


def test_a_complete_trace_is_due_once_when_it_has_been_quiet() -> None:
    assembly = Assembly(IDLE)
    add(assembly, 10, segment(1, "shop"))
    assert ids(assembly.due(10.9)) == []
    assert ids(assembly.due(11)) == [TRACE_ID]
    assert ids(assembly.due(100)) == []
    assert not assembly.waiting


def test_each_arrival_starts_the_quiet_time_anew() -> None:
    assembly = Assembly(IDLE)
    add(assembly, 10, segment(1, "shop"))
    add(assembly, 10.8, detached(2, 1, "late"))
    assert ids(assembly.due(11.5)) == []
    assert ids(assembly.due(11.8)) == [TRACE_ID]


def test_a_trace_with_something_missing_is_given_more_time() -> None:
    assembly = Assembly(IDLE)
    add(assembly, 10, segment(3, "inventory", parent_id=identity(2)))
    assert ids(assembly.due(10 + IDLE * PATIENCE - 0.1)) == []
    assert ids(assembly.due(10 + IDLE * PATIENCE)) == [TRACE_ID]


def test_a_trace_that_grows_after_it_was_shown_is_shown_again_and_a_duplicate_shows_nothing() -> None:
    assembly = Assembly(IDLE)
    add(assembly, 10, segment(1, "shop"))
    assert [trace.times_shown for trace in assembly.due(11)] == [1]
    add(assembly, 12, segment(1, "shop"))
    assert assembly.due(20) == []
    add(assembly, 21, detached(2, 1, "late"))
    assert [trace.times_shown for trace in assembly.due(22)] == [2]


def test_traces_do_not_wait_for_each_other() -> None:
    assembly = Assembly(IDLE)
    add(assembly, 10, segment(1, "shop"))
    add(assembly, 10.5, {**segment(1, "shop"), "trace_id": OTHER_TRACE_ID})
    assert ids(assembly.due(11)) == [TRACE_ID]
    assert ids(assembly.due(11.5)) == [OTHER_TRACE_ID]


def test_what_is_still_waiting_at_the_end_is_the_rest() -> None:
    assembly = Assembly(IDLE)
    add(assembly, 10, segment(1, "shop"))
    assert ids(assembly.rest()) == [TRACE_ID]
    assert ids(assembly.rest()) == []


def test_when_there_is_no_more_room_the_oldest_trace_is_shown_and_forgotten() -> None:
    assembly = Assembly(IDLE, room=2)
    add(assembly, 10, segment(1, "shop"))
    add(assembly, 10, {**segment(1, "shop"), "trace_id": OTHER_TRACE_ID})
    add(assembly, 10, {**segment(2, "more"), "trace_id": OTHER_TRACE_ID})
    assert ids(assembly.due(10)) == [TRACE_ID]
    add(assembly, 10, segment(1, "shop"))
    assert ids(assembly.due(10)) == [OTHER_TRACE_ID]
    assert ids(assembly.due(11)) == [TRACE_ID]
