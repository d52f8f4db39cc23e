"""Parts joined into traces, in whatever order and number they come."""

from itertools import permutations

from hypothesis import given, settings
from hypothesis import strategies as st

from tests.local import Document, detached, identity, parts, segment, subsegment, trace

WHOLE: list[Document] = [
    segment(1, "shop", 0, 100, subsegments=[subsegment(2, "call", 10, 90)]),
    segment(3, "inventory", 20, 80, parent_id=identity(2)),
    detached(4, 3, "pick", 30, 70),
    segment(5, "pricing", 40, 60, parent_id=identity(4)),
]


def test_documents_in_any_order_make_one_complete_tree() -> None:
    for documents in permutations(WHOLE):
        found = trace(*documents)
        assert found.is_tree
        assert found.is_complete
        assert found.parts == trace(*WHOLE).parts
        assert found.services == {"shop", "inventory", "pricing"}


def test_a_trace_is_incomplete_while_a_parent_is_missing() -> None:
    for documents in permutations(WHOLE):
        # Nothing says that the last service was called, until it reports.
        assert trace(*documents[:-1]).is_complete == (documents[-1] is WHOLE[-1])


def test_the_complete_document_replaces_the_one_in_progress() -> None:
    running, ended = segment(1, "shop", end=None), segment(1, "shop", end=100)
    assert not trace(running).is_complete
    assert trace(running, ended).parts == trace(ended).parts
    assert trace(running, ended).is_complete


def test_a_document_in_progress_that_comes_late_changes_nothing() -> None:
    running, ended = segment(1, "shop", end=None), segment(1, "shop", end=100)
    assert trace(ended, running).parts == trace(ended).parts


def test_an_embedded_subsegment_in_progress_is_replaced_by_its_detached_end() -> None:
    found = trace(segment(1, "shop", subsegments=[subsegment(2, "work", end=None)]), detached(2, 1, "work", end=50))
    assert found.is_complete


def test_a_duplicate_tells_nothing_new() -> None:
    found = trace(*WHOLE)
    assert [found.add(part) for part in parts(*WHOLE)] == [False] * 5
    assert found.is_complete


def test_the_first_of_two_complete_documents_stays() -> None:
    assert trace(segment(1, "first"), segment(1, "second")).services == {"first"}


def test_an_absent_parent_is_named_and_the_trace_is_no_tree() -> None:
    found = trace(WHOLE[0], WHOLE[3])
    assert found.absent == {identity(4)}
    assert not found.is_tree


def test_two_roots_are_no_tree() -> None:
    found = trace(segment(1, "shop"), segment(2, "inventory"))
    assert found.absent == set()
    assert not found.is_tree


def test_parents_in_a_loop_are_no_tree() -> None:
    found = trace(segment(1, "shop"), detached(2, 3, "hen"), detached(3, 2, "egg"), detached(4, 3, "chick"))
    assert {part.name for part in found.looped()} == {"hen", "egg", "chick"}
    assert found.absent == set()
    assert not found.is_tree


def test_a_part_that_is_its_own_parent_is_no_tree() -> None:
    assert not trace(segment(1, "shop", parent_id=identity(1))).is_tree


def test_a_chain_longer_than_pythons_stack_is_followed() -> None:
    chain = [segment(0, "shop"), *(detached(number, number - 1, "link") for number in range(1, 5000))]
    assert trace(*reversed(chain)).is_complete


@settings(deadline=None)
@given(st.lists(st.integers(0, 8), max_size=9))
def test_a_tree_is_what_has_one_root_that_reaches_everything(parents: list[int]) -> None:
    # Part n + 1 hangs below the n-th parent of the list, or is a root where that is 0.
    documents = [
        detached(number, parent, "part") if parent else segment(number, "root")
        for number, parent in enumerate(parents, start=1)
    ]
    reached, wave = set[int](), {number for number, parent in enumerate(parents, start=1) if not parent}
    is_one_root = len(wave) == 1
    while wave - reached:
        reached |= wave
        wave = {number for number, parent in enumerate(parents, start=1) if parent in reached}
    assert trace(*documents).is_tree == (is_one_root and len(reached) == len(parents))
