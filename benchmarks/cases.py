"""The cases: what each is called, how its figure is computed from programs, and what it may cost."""

from dataclasses import dataclass, field
from itertools import compress


@dataclass(frozen=True)
class Target:
    """The most that ours may be: a share of the original's figure, of another case of ours, or a plain number."""

    limit: float
    of: str | None = "original"

    def __str__(self) -> str:
        words = {"original": "{:.2f}", None: "{:g} in all"}
        return "<= " + words.get(self.of, f"{{:.2f}} of {self.of}").format(self.limit)


@dataclass(frozen=True)
class Case:
    """Its figure is (plus - minus) / per; less the same for bare, where `bare` says so."""

    name: str
    title: str
    how: str
    target: Target | None
    group: str
    plus: str = ""
    minus: str = ""
    per: int = 1
    bare: bool = False
    unit: str = "us"


@dataclass
class Result:
    """A figure per round and variant, in the case's unit; bare is the cost of the same without tracing."""

    case: Case
    cpu: dict[str, list[float]] = field(default_factory=dict)
    wall: dict[str, list[float]] = field(default_factory=dict)
    steady: list[bool] = field(default_factory=list)  # Whether the machine kept its pace in that round, if known.

    def figures(self, variant: str) -> list[float]:
        """CPU times of the steady rounds, unless they are too few to go by."""
        steady = list(compress(self.cpu[variant], self.steady))
        return steady if len(steady) >= max(3, len(self.steady) / 4) else self.cpu[variant]


_RECORDER = (
    Case("root", "root segment", "a sampled segment with its datagram", Target(0.30), "recorder", plus="root"),
    Case(
        "child",
        "child, of 10",
        "(segment with 10 subsegments - segment) / 10",
        Target(0.22),
        "recorder",
        plus="children10",
        minus="root",
        per=10,
    ),
    Case(
        "child1000",
        "child, of 1,000",
        "(segment with 1,000 subsegments - segment) / 1,000",
        Target(1.10, "child"),
        "recorder",
        plus="children1000",
        minus="root",
        per=1_000,
    ),
    Case(
        "child10000",
        "child, of 10,000",
        "(segment with 10,000 subsegments - segment) / 10,000",
        Target(1.10, "child"),
        "recorder",
        plus="children10000",
        minus="root",
        per=10_000,
    ),
    Case(
        "unsampled",
        "unsampled root with 10 children",
        "a segment with sampling=False and 10 subsegments in it",
        Target(0.10),
        "recorder",
        plus="unsampled10",
    ),
    Case(
        "annotations",
        "5 annotations, 2 metadata dicts of 5",
        "segment with them - segment",
        None,
        "recorder",
        plus="annotated",
        minus="root",
    ),
    Case(
        "exception",
        "exception through capture",
        "segment with a captured call that raises 20 frames deep - the same, not captured",
        Target(0.15),
        "recorder",
        plus="raised_captured",
        minus="raised",
    ),
    Case(
        "capture",
        "capture",
        "(segment with 10 captured calls - segment with 10 plain calls) / 10",
        Target(0.25),
        "recorder",
        plus="captured10",
        minus="called10",
        per=10,
    ),
)

_ASYNC = (
    Case(
        "capture_async",
        "capture_async",
        "(segment with 10 captured awaits - segment with 10 plain awaits) / 10, AsyncContext",
        Target(0.25),
        "coroutines",
        plus="captured10",
        minus="called10",
        per=10,
    ),
)

_FRAMEWORKS = (
    Case(
        "flask",
        "Flask request, added",
        "the WSGI application called directly - bare",
        Target(0.33),
        "flask_hello",
        plus="hello",
        bare=True,
    ),
    Case(
        "django",
        "Django request, added",
        "the WSGI handler called directly, middleware only - bare",
        Target(0.33),
        "django_hello",
        plus="hello",
        bare=True,
    ),
    Case(
        "django_query",
        "Django sqlite query, added",
        "(request with 20 queries - request without) / 20, AUTO_INSTRUMENT - bare",
        None,
        "django_queries",
        plus="queries20",
        minus="queries0",
        per=20,
        bare=True,
    ),
    Case(
        "aiohttp_server",
        "aiohttp server request, added",
        "keep-alive requests over loopback, client a bare stream in the same process - bare",
        Target(0.33),
        "aiohttp_server",
        plus="hello",
        bare=True,
    ),
    Case(
        "aiohttp_client",
        "aiohttp client request, added",
        "(segment with 10 GETs, traced session - untraced session) / 10, canned server in the same process",
        Target(0.33),
        "aiohttp_client",
        plus="traced10",
        minus="plain10",
        per=10,
    ),
)

_STARTUP = (
    Case(
        "import",
        "import + configure",
        "fresh interpreter, CPU time - the same interpreter's with `pass`",
        Target(0.12),
        "startup",
        unit="ms",
    ),
    Case(
        "modules",
        "modules imported",
        "in sys.modules after import + configure - after `pass`",
        Target(60, None),
        "startup",
        unit="modules",
    ),
    Case("memory", "memory of it", "peak resident memory - with `pass`", None, "startup", unit="MiB"),
)

CASES = _RECORDER + _ASYNC + _FRAMEWORKS + _STARTUP


def chosen(names: list[str]) -> list[Case]:
    """The cases of these names (all if none), and those that their targets refer to. Raises ValueError."""
    known = {case.name: case for case in CASES}
    if unknown := set(names) - set(known):
        raise ValueError(f"no such case: {', '.join(sorted(unknown))}; there are: {', '.join(known)}")
    wanted = set(names or known)
    wanted |= {target.of for name in wanted if (target := known[name].target) and target.of in known}
    return [case for case in CASES if case.name in wanted]
