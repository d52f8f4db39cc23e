"""Three traced services, a handful of requests, and each request's trace as a tree.

Needs no AWS: the segments are received here, over UDP, as the X-Ray daemon would receive them.
"""

from __future__ import annotations

import argparse
import os
import signal
import sys
import time
from dataclasses import dataclass
from http.client import HTTPResponse
from urllib.error import HTTPError
from urllib.request import ProxyHandler, Request, build_opener

from servers import NAMES, Failed, NoPort, Servers, choose_ports

from aws_xray_sdk.local.collector import Collector
from aws_xray_sdk.local.documents import Refused
from aws_xray_sdk.local.style import Ink, Style, style_of
from aws_xray_sdk.local.traces import Trace
from aws_xray_sdk.local.tree import render

SECONDS_TO_ARRIVE = 3
ALL = frozenset(NAMES)
WHERE_TO_LOOK = """\
Where to look next, in examples/demo:
  shop/settings.py   Django: one middleware, one app, three settings
  shop/views.py      sync and async views, calls to other services, annotations and metadata
  inventory.py       Flask: two lines, and subsegments of your own with @xray_recorder.capture
  pricing.py         aiohttp: one middleware
See your own application like this:
  python -m aws_xray_sdk.local tail"""


@dataclass(frozen=True)
class Visit:
    """A request to the shop, the status it must get, and the services that must report."""

    method: str
    path: str
    status: int
    services: frozenset[str]
    about: str


VISITS = (
    Visit("GET", "/", 200, frozenset({"shop"}), "a template and its SQL"),
    Visit("GET", "/product/1", 200, ALL, "two services asked at the same time"),
    Visit("POST", "/checkout/1", 201, ALL, "one service asks the next"),
    Visit("POST", "/checkout/2", 500, ALL, "an exception, deep in inventory"),
    Visit("GET", "/product/3", 200, ALL, "slow: which service is it?"),
    Visit("GET", "/product/99", 404, frozenset({"shop"}), "a wrong address"),
)


class Demo:
    """The visitor of the shop, who then reads what the services reported."""

    def __init__(self, shop: str, collector: Collector, style: Style) -> None:
        self.traces: dict[str, Trace] = {}
        self._shop = shop
        self._collector = collector
        self._style = style
        self._open = build_opener(ProxyHandler({})).open

    def show(self, visit: Visit) -> list[str]:
        """Make a request, print its trace, and return what is wrong with it."""
        status, trace_id = self._request(visit)
        heading = [(f"{visit.method} {visit.path}", Ink.BOLD), (f"  {visit.about}", Ink.DIM)]
        print(self._style.paint(heading))
        problems = [] if status == visit.status else [f"answered {status}, not {visit.status}"]
        trace = self._await_trace(trace_id, visit.services)
        if trace:
            print(render(trace, self._style), end="\n\n", flush=True)
        return problems + find_problems(trace, visit.services)

    def _request(self, visit: Visit) -> tuple[int, str]:
        """The status of the answer, and the trace id that its header tells."""
        response: HTTPResponse | HTTPError
        try:
            response = self._open(Request(self._shop + visit.path, method=visit.method), timeout=10)
        except HTTPError as error:
            response = error
        with response:
            response.read()
            header = response.headers.get("X-Amzn-Trace-Id", "")
        return response.status, header.partition("Root=")[2].partition(";")[0]

    def _await_trace(self, trace_id: str, services: frozenset[str]) -> Trace | None:
        deadline = time.monotonic() + SECONDS_TO_ARRIVE
        while (left := deadline - time.monotonic()) > 0:
            trace = self.traces.get(trace_id)
            if trace and trace.is_complete and trace.services >= services:
                break
            try:
                parts = self._collector.receive(left)
            except Refused:
                continue  # told at the end
            for part in parts:
                self.traces.setdefault(part.trace_id, Trace(part.trace_id)).add(part)
        return self.traces.get(trace_id)


def find_problems(trace: Trace | None, services: frozenset[str]) -> list[str]:
    """What keeps a trace from being one whole tree of the expected services, a line each."""
    if trace is None:
        return ["no trace arrived"]
    problems = [f"{name} did not report" for name in sorted(services - trace.services)]
    problems += [f"parent {parent} has not arrived" for parent in sorted(trace.absent)]
    problems += [f"{part.name} is still in progress" for part in trace.in_progress]
    return problems if problems or trace.is_tree else ["not one tree"]


def run(collector: Collector, ports: dict[str, int]) -> int:
    """Start the servers, make the requests, and return the exit code."""
    print("Starting shop (Django), inventory (Flask) and pricing (aiohttp) ...\n", flush=True)
    servers = Servers(ports, collector.port)
    with servers:
        demo = Demo(f"http://127.0.0.1:{ports['shop']}", collector, style_of(sys.stdout))
        problems = [f"{visit.method} {visit.path}: {problem}" for visit in VISITS for problem in demo.show(visit)]
        problems += [f"{number} datagrams refused: {reason.value}" for reason, number in collector.refused.items()]
        if len(demo.traces) != len(VISITS):
            problems.append(f"{len(demo.traces)} traces came from {len(VISITS)} requests")
        if problems:
            print("\n".join([*problems, servers.logs()]), file=sys.stderr)
            return 1
    print(f"{len(VISITS)} requests, {len(demo.traces)} traces, each of them one connected tree.\n\n{WHERE_TO_LOOK}")
    return 0


def main() -> int:
    parser = argparse.ArgumentParser(description="Three traced services, a few requests, and their traces.")
    for name in (*NAMES, "daemon"):
        parser.add_argument(f"--{name}-port", type=int, default=0, metavar="PORT", help="0, the default: a free one")
    options = vars(parser.parse_args())
    # Stopped by another program is stopped as by Ctrl-C: servers first.
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        ports = choose_ports({name: options[f"{name}_port"] for name in NAMES})
        with open_collector(options["daemon_port"]) as collector:
            return run(collector, ports)
    except (NoPort, Failed) as error:
        print(f"{parser.prog}: {error}", file=sys.stderr)
        return 2 if isinstance(error, NoPort) else 1
    except KeyboardInterrupt:
        return 130
    except BrokenPipeError:
        # The reader has seen enough, and so has the interpreter, which would flush once more.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0


def open_collector(port: int) -> Collector:
    try:
        return Collector(port=port)
    except (OSError, OverflowError) as error:
        raise NoPort("daemon", port, error) from error


if __name__ == "__main__":
    sys.exit(main())
