"""The recorder's synchronous verbs."""

from collections.abc import Callable

from aws_xray_sdk.core import xray_recorder
from programs import Program, Programs

CUSTOMER = {"id": "c-1138", "plan": "premium", "since": 2019, "verified": True, "balance": 12.5}
ORDER = {"id": 4711, "items": 3, "currency": "EUR", "express": False, "note": "leave at the door"}


def programs(traced: bool) -> Programs:
    xray_recorder.configure(service="benchmark", sampling=False)
    return {
        "root": root,
        "annotated": annotated,
        "unsampled10": unsampled10,
        "raised": raising(dig),
        "raised_captured": raising(xray_recorder.capture("dig")(dig)),
        "called10": calling(add),
        "captured10": calling(xray_recorder.capture("add")(add)),
        **{f"children{count}": children(count) for count in (10, 1_000, 10_000)},
    }


def root(n: int) -> None:
    for _ in range(n):
        with xray_recorder.in_segment("app"):
            pass


def children(count: int) -> Program:
    def program(n: int) -> None:
        for _ in range(n):
            with xray_recorder.in_segment("app"):
                for _ in range(count):
                    with xray_recorder.in_subsegment("work"):
                        pass

    return program


def unsampled10(n: int) -> None:
    for _ in range(n):
        with xray_recorder.in_segment("app", sampling=False):
            for _ in range(10):
                with xray_recorder.in_subsegment("work"):
                    pass


def annotated(n: int) -> None:
    for _ in range(n):
        with xray_recorder.in_segment("app") as segment:
            segment.put_annotation("tenant", "acme")
            segment.put_annotation("region", "eu-central-1")
            segment.put_annotation("attempt", 2)
            segment.put_annotation("ratio", 0.75)
            segment.put_annotation("cached", True)
            segment.put_metadata("customer", CUSTOMER)
            segment.put_metadata("order", ORDER)


def dig(depth: int = 19) -> None:
    """Raise 20 frames down, its own included."""
    if depth:
        dig(depth - 1)
    else:
        raise ValueError("no such order")


def raising(function: Callable[[], None]) -> Program:
    def program(n: int) -> None:
        for _ in range(n):
            with xray_recorder.in_segment("app"):
                try:
                    function()
                except ValueError:
                    pass

    return program


def add(a: int, b: int) -> int:
    return a + b


def calling(function: Callable[[int, int], int]) -> Program:
    def program(n: int) -> None:
        for _ in range(n):
            with xray_recorder.in_segment("app"):
                for _ in range(10):
                    function(1, 2)

    return program
