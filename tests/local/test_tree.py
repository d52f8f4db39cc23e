"""The text of a trace: compared whole, and harmless whatever the documents say."""

from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from aws_xray_sdk.local._text import width
from aws_xray_sdk.local.style import ASCII, Style
from aws_xray_sdk.local.tree import render
from tests.local import START, Document, detached, http, identity, segment, subsegment, trace

SQL = 'SELECT "product"."id", "product"."name", "product"."price"\n  FROM "product" WHERE "product"."id" = %s LIMIT 21'
STACK = [
    {"path": "app.py", "line": 9, "label": "reserve"},
    {"path": "inventory.py", "line": 48, "label": "pick"},
]
CHAIN = [
    {"id": identity(90), "type": "OutOfStock", "message": "product 2\nis sold out", "stack": STACK},
    {"id": identity(91), "type": "KeyError", "message": "2"},
]

SHOP: Document = segment(
    1,
    "shop",
    0,
    100,
    fault=True,
    http=http("POST", "http://127.0.0.1:8000/checkout/2?gift=1", 500),
    annotations={"product": "Desk lamp", "in_stock": False, "pieces": 2},
    subsegments=[
        subsegment(2, "execute", 4, 6, namespace="remote", sql={"database_type": "sqlite", "sanitized_query": SQL}),
        subsegment(
            3, "127.0.0.1", 10, 70, namespace="remote", fault=True, http=http("POST", "http://127.0.0.1:8001/r/2", 500)
        ),
        subsegment(
            4,
            "dynamodb",
            72,
            90,
            namespace="aws",
            error=True,
            throttle=True,
            aws={"operation": "GetItem", "table_name": "orders"},
            http={"response": {"status": 400}},
        ),
        subsegment(5, "error.html", 91, 99.96),
    ],
)
INVENTORY: Document = segment(
    6,
    "inventory",
    12,
    68,
    parent_id=identity(3),
    fault=True,
    cause=identity(90),
    http=http("POST", "http://127.0.0.1:8001/r/2", 500),
    subsegments=[subsegment(7, "pick", 30, 60, fault=True, cause={"exceptions": CHAIN})],
)
COLOURS: Document = segment(
    1,
    "shop",
    annotations={"a": 1},
    subsegments=[
        subsegment(2, "fault", 0, 50, fault=True, cause={"exceptions": CHAIN[:1]}),
        subsegment(3, "throttle", 50, 100, error=True, throttle=True),
        subsegment(4, "error", 0, 25, error=True),
        subsegment(5, "running", 75, None),
    ],
)
CODES = {
    "\x1b[0m": "</>",
    "\x1b[1m": "<bold>",
    "\x1b[2m": "<dim>",
    "\x1b[31m": "<red>",
    "\x1b[32m": "<green>",
    "\x1b[33m": "<yellow>",
    "\x1b[35m": "<purple>",
}
MISSING: list[Document] = [
    segment(8, "pricing", 20, 25, parent_id=identity(99), error=True, http=http("GET", "http://pricing/1", 404)),
    detached(9, 1, "audit", 95, None),
]

WHOLE = """\
1-65a0b1c2-0123456789abcdef01234567  100.0 ms  2 services, 5 subsegments
◆ shop  POST /checkout/2?gift=1                                F 500  100.0 ms  ━━━━━━━━━━━━━━━━━━━━
│  product="Desk lamp"  in_stock=false  pieces=2
├─ sqlite execute  SELECT … FROM "product" WHERE "product"."…  ✓        2.0 ms  ╺
├─ → 127.0.0.1  POST :8001/r/2                                 F 500   60.0 ms    ━━━━━━━━━━━━
│  └─ ◆ inventory  POST /r/2                                   F 500   56.0 ms    ━━━━━━━━━━━╸
│     └─ pick                                                  F       30.0 ms        ━━━━━━
│           ! OutOfStock: product 2 is sold out  at inventory.py:48 in pick
│             caused by KeyError: 2
├─ aws dynamodb  GetItem orders                                T 400   18.0 ms                ━━━━
└─ error.html                                                  ✓        9.0 ms                    ━━"""

NARROW_ASCII_WITH_GAPS = """\
1-65a0b1c2-0123456789abcdef01234567  100.0 ms  3 services, 6 subsegments
  ! 1 parent absent, 1 still in progress
* shop  POST /checkout/2?gift=1                F 500  100.0 ms  ================
|  product="Desk lamp"  in_stock=false  pieces=2
|- sqlite execute  SELECT ~ FROM "product" W~  +        2.0 ms  =
|- > 127.0.0.1  POST :8001/r/2                 F 500   60.0 ms   ==========
|  `- * inventory  POST /r/2                   F 500   56.0 ms   ==========
|     `- pick                                  F       30.0 ms      ======
|           ! OutOfStock: product 2 is sold out  at inventory.py:48 in pick
|             caused by KeyError: 2
|- aws dynamodb  GetItem orders                T 400   18.0 ms             ====
|- error.html                                  +        9.0 ms                ==
`- audit                                       ~       running                 -
? 0000000000000063 has not arrived
`- * pricing  GET /1                           E 404    5.0 ms     ="""

WITHOUT_BARS = """\
1-65a0b1c2-0123456789abcdef01234567  100.0 ms  1 service, 4…
◆ shop  POST /checkout/2?gift=1              F 500  100.0 ms
│  product="Desk lamp"  in_stock=false  pieces=2
├─ sqlite execute  SELECT … FROM "product"…  ✓        2.0 ms
├─ → 127.0.0.1  POST :8001/r/2               F 500   60.0 ms
├─ aws dynamodb  GetItem orders              T 400   18.0 ms
└─ error.html                                ✓        9.0 ms"""

COLOURED = """\
<bold>1-65a0b1c2-0123456789abcdef01234567</>  100.0 ms<dim>  1 service, 4 subsegments</>
<yellow>  ! 1 still in progress</>
<green>◆ </><bold>shop</>                                    <green>✓    </>  100.0 ms  <green>━━━━━━━━━━━━━━━━</>
<dim>│  </><dim>a=1</>
<dim>├─ </><red>fault</>                                  <red>F    </>   50.0 ms  <red>━━━━━━━━</>
<dim>│     </><red>! OutOfStock: product 2 is sold out</><dim>  at inventory.py:48 in pick</>
<dim>├─ </><yellow>error</>                                  <yellow>E    </>   25.0 ms  <yellow>━━━━</>
<dim>├─ </><purple>throttle</>                               <purple>T    </>   50.0 ms  <purple>        ━━━━━━━━</>
<dim>└─ </>running                                <green>…    </>   running  <green>            ╌╌╌╌</>"""


def test_a_trace_is_a_tree_of_names_outcomes_durations_and_bars() -> None:
    assert render(trace(INVENTORY, SHOP), Style(100)) == WHOLE


def test_what_is_missing_is_said_and_a_terminal_without_the_signs_gets_others() -> None:
    assert render(trace(SHOP, INVENTORY, *MISSING), Style(80, signs=ASCII)) == NARROW_ASCII_WITH_GAPS


def test_a_narrow_terminal_gets_no_bars() -> None:
    assert render(trace(SHOP), Style(60)) == WITHOUT_BARS


def test_colours_are_those_of_x_ray_and_a_letter_says_the_same() -> None:
    text = render(trace(COLOURS), Style(80, colour=True))
    for code, name in CODES.items():
        text = text.replace(code, name)
    assert text == COLOURED


def test_colours_change_nothing_but_colours() -> None:
    text = render(trace(SHOP, INVENTORY, *MISSING), Style(100, colour=True))
    for code in CODES:
        text = text.replace(code, "")
    assert text == render(trace(SHOP, INVENTORY, *MISSING), Style(100))


def test_a_trace_that_is_shown_again_says_so() -> None:
    again = trace(segment(1, "shop"))
    again.times_shown = 2
    assert render(again, Style(100)).splitlines()[0].endswith("0 subsegments  ! shown before, has grown")


def test_parents_in_a_loop_are_shown_once_and_told() -> None:
    looped = trace(segment(1, "shop"), detached(2, 3, "hen"), detached(3, 2, "egg"))
    lines = render(looped, Style(120)).splitlines()
    assert lines[0].endswith("! 2 parents in a loop")
    assert [line.split()[0:2] for line in lines[2:]] == [["hen", "✓"], ["└─", "egg"]]


HOSTILE = "a\x1b[2J\x9b31m\u202eevil\u2028\r\n\x07\ud800\x00z"
SEEN = r"a\x1b[2J\x9b31m\u202eevil\u2028\r\n\x07\ud800\x00z"


def test_what_a_terminal_could_obey_is_made_visible() -> None:
    text = render(trace(segment(1, HOSTILE)), Style(120))
    assert text.splitlines()[1].startswith(f"◆ {SEEN}  ")


def everywhere(text: str) -> Document:
    """A document with the text in every field that is shown."""
    raised = {"type": text, "message": text, "stack": [{"path": text, "line": 1, "label": text}]}
    return segment(
        1,
        text,
        http=http(text, f"http://{text}", 200),
        annotations={text: text},
        cause={"exceptions": [raised, raised]},
        subsegments=[
            subsegment(2, text, namespace="remote", sql={"database_type": text, "sanitized_query": text}),
            subsegment(3, text, namespace="aws", aws={"operation": text, "table_name": text}),
        ],
    )


TEXTS = st.text(min_size=1) | st.sampled_from(
    [HOSTILE, "\x1b]0;title\x07", "日本語" * 40, "e\u0301" * 200, "SELECT " * 999]
)


@settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(TEXTS, st.sampled_from([Style(40), Style(100), Style(80, signs=ASCII)]))
def test_no_text_reaches_the_terminal_raw_or_wider_than_it(text: str, style: Style) -> None:
    for line in render(trace(everywhere(text)), style).split("\n"):
        assert line.isprintable()
        assert width(line) <= style.width


@pytest.mark.parametrize("columns", [40, 100])
def test_a_chain_deeper_than_pythons_stack_stays_in_the_terminals_width(columns: int) -> None:
    chain = [segment(0, "shop"), *(detached(number, number - 1, "link") for number in range(1, 3000))]
    lines = render(trace(*chain), Style(columns)).splitlines()
    assert len(lines) == 3001
    assert max(map(width, lines)) <= columns


def test_times_that_make_no_sense_are_shown_as_they_are() -> None:
    odd: list[dict[str, Any]] = [
        segment(1, "shop", 0, 0),
        detached(2, 1, "before its parent", -50, -40),
        detached(3, 1, "ends first", 10, 5),
        {**detached(4, 1, "year 1970"), "start_time": 0, "end_time": START},
    ]
    text = render(trace(*odd), Style(120))
    assert "1,700,000,000,000.0 ms" in text
    assert "-5.0 ms" in text
