"""``patch``: an application's own modules are recorded function by function; what is not supported stays as it is."""

from __future__ import annotations

import asyncio
import importlib
import inspect
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import requests.sessions

from aws_xray_sdk.core import patch, patch_all, patcher, xray_recorder
from aws_xray_sdk.sdk_config import SDKConfig
from tests.core import Traced, outline

FILES = {
    "__init__.py": """
from functools import lru_cache
from json import dumps

from aws_xray_sdk.core import xray_recorder

LIMIT = 3


def plain(number: int, *, times: int = 2) -> int:
    "Multiply."
    return number * times


async def coroutine():
    return 1


def generator():
    yield from (1, 2)


async def async_generator():
    yield 1


@lru_cache
def cached():
    return 1


@xray_recorder.capture("by its own name")
def captured():
    return 1


def broken():
    raise LookupError("nothing there")


double = lambda number: 2 * number  # noqa: E731
""",
    "shelf.py": """
import shop_of_tests


class Base:
    def inherited(self):
        return 0


class Shelf(Base):
    kinds = ("wood",)

    def __init__(self, items):
        self.items = items

    def __len__(self):
        return len(self.items)

    def __repr__(self):
        return "shelf"

    def count(self):
        return shop_of_tests.plain(len(self.items), times=1)

    async def wait(self):
        return self.count()

    @classmethod
    def of(cls, *items):
        return cls(items)

    @staticmethod
    def check(item):
        return bool(item)

    @property
    def size(self):
        return 1


class Metal(Shelf):
    @classmethod
    def of(cls, *items):
        return super().of("metal", *items)
""",
    "deep/__init__.py": "",
    "deep/inner.py": "def inner():\n    return 1\n",
    "deep/__main__.py": "raise SystemExit('run, not imported')\n",
    "vendor.py": "def foreign():\n    return 1\n",
}

Load = Callable[[], Any]


@pytest.fixture
def load(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Load:
    """Imports the package ``shop_of_tests``, written anew for each test."""
    for name, text in FILES.items():
        file = tmp_path / "shop_of_tests" / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text)
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.setattr(patcher, "_PATCHED_MODULES", set())
    for name in [name for name in sys.modules if name.partition(".")[0] == "shop_of_tests"]:
        monkeypatch.delitem(sys.modules, name)
    return lambda: importlib.import_module("shop_of_tests")


def use(package: Any) -> None:
    """Call everything in the package, within a segment."""
    shelf = importlib.import_module("shop_of_tests.shelf")
    inner = importlib.import_module("shop_of_tests.deep.inner")
    vendor = importlib.import_module("shop_of_tests.vendor")

    async def main() -> None:
        assert await package.coroutine() == 1
        assert [item async for item in package.async_generator()] == [1]
        assert await shelf.Shelf(["a"]).wait() == 1

    with xray_recorder.in_segment("app"):
        assert package.plain(2) == package.double(2) == 4
        assert list(package.generator()) == [1, 2]
        assert package.cached() == package.captured() == inner.inner() == vendor.foreign() == 1
        assert shelf.Shelf.of("a", "b").count() == 2
        assert len(shelf.Metal.of("a")) == 2
        assert shelf.Shelf.check("a") and shelf.Shelf([]).size == 1
        assert (shelf.Shelf([]).inherited(), repr(shelf.Shelf([]))) == (0, "shelf")
        asyncio.run(main())


INIT = "Shelf.__init__"
PLAIN = ["plain", "lambda", "generator"]
MODULES = ["by its own name", "inner", "foreign"]
SHELF: list[Any] = [
    ("of", [INIT]),
    ("count", ["plain"]),
    ("of", [("of", [INIT])]),
    "Shelf.__len__",
    "check",
    INIT,
    INIT,
    "inherited",
    INIT,
]
ASYNC: list[Any] = ["coroutine", "async_generator", INIT, ("wait", [("count", ["plain"])])]


def recorded(traced: Traced) -> list[Any]:
    """The outline of what hangs below the one segment that has arrived."""
    (document,) = traced()
    below: Any = outline(document)
    return list(below[1]) if isinstance(below, tuple) else []


# -- own modules


def test_all_functions_and_methods_of_a_package_and_its_modules_are_recorded(load: Load, traced: Traced) -> None:
    patch(("shop_of_tests",))
    use(load())
    assert recorded(traced) == [*PLAIN, *MODULES, *SHELF, *ASYNC]


def test_what_is_patched_keeps_name_signature_and_kind(load: Load) -> None:
    patch(("shop_of_tests",))
    package = load()
    shelf = importlib.import_module("shop_of_tests.shelf")
    assert (package.plain.__name__, package.plain.__doc__) == ("plain", "Multiply.")
    assert str(inspect.signature(package.plain)) == "(number: int, *, times: int = 2) -> int"
    assert inspect.iscoroutinefunction(package.coroutine)
    assert inspect.isgeneratorfunction(package.generator)
    assert inspect.isasyncgenfunction(package.async_generator)
    assert isinstance(vars(shelf.Shelf)["of"], classmethod)
    assert isinstance(vars(shelf.Shelf)["check"], staticmethod)
    assert isinstance(vars(shelf.Shelf)["size"], property)
    assert (package.LIMIT, package.cached.cache_info().hits, shelf.Shelf.kinds) == (3, 0, ("wood",))
    assert not hasattr(package.dumps, "__wrapped__")  # defined elsewhere


def test_an_exception_passes_and_is_the_functions_fault(load: Load, traced: Traced) -> None:
    patch(("shop_of_tests",))
    with xray_recorder.in_segment("app"), pytest.raises(LookupError) as raised:
        load().broken()
    assert vars(raised.value) == {} and raised.value.__context__ is None
    (document,) = traced()
    (broken,) = document["subsegments"]
    assert broken["fault"] and broken["cause"]["exceptions"][0]["stack"][-1]["label"] == "broken"


def test_modules_that_a_pattern_matches_are_left_out(load: Load, traced: Traced) -> None:
    patch(("shop_of_tests",), ignore_module_patterns=[r"shop_of_tests\.(vendor|shelf)", ".*deep.*"])
    use(load())
    assert recorded(traced) == [*PLAIN, "by its own name", "plain", "coroutine", "async_generator", "plain"]


def test_a_module_may_be_named_by_its_path_and_by_a_single_text(load: Load, traced: Traced) -> None:
    patch(["shop_of_tests/deep"])
    patch("shop_of_tests.vendor")
    use(load())
    assert recorded(traced) == MODULES


@pytest.mark.parametrize(
    "calls",
    [
        [["shop_of_tests"], ["shop_of_tests"]],
        [["shop_of_tests", "shop_of_tests"]],
        [["shop_of_tests.deep", "shop_of_tests.shelf"], ["shop_of_tests"]],
        [["shop_of_tests"], ["shop_of_tests.shelf"]],
    ],
    ids=str,
)
def test_nothing_is_recorded_twice_however_often_it_is_patched(
    calls: list[list[str]], load: Load, traced: Traced
) -> None:
    for names in calls:
        patch(names)
    use(load())
    assert recorded(traced) == [*PLAIN, *MODULES, *SHELF, *ASYNC]


def test_nothing_is_patched_while_the_sdk_is_off(load: Load, traced: Traced) -> None:
    SDKConfig.set_sdk_enabled(False)
    patch(("shop_of_tests", "no_such_module"))
    patch_all()
    SDKConfig.set_sdk_enabled(True)
    use(load())
    assert recorded(traced) == ["by its own name"]


# -- names that lead nowhere


def test_an_unknown_name_is_refused_with_the_nearest_known_one() -> None:
    with pytest.raises(
        ModuleNotFoundError, match=r"'request' cannot be patched: .*did you mean 'requests'\?"
    ) as raised:
        patch(("request",))
    assert raised.value.name == "request"
    with pytest.raises(ModuleNotFoundError, match=r"'no\.such\.module' cannot be patched: it is neither"):
        patch(("no.such.module",))


def test_an_unknown_name_is_passed_over_where_errors_are_not_wanted(load: Load, traced: Traced) -> None:
    patch(("no_such_module", "shop_of_tests.vendor"), raise_errors=False)
    with xray_recorder.in_segment("app"):
        importlib.import_module("shop_of_tests.vendor").foreign()
    assert recorded(traced) == ["foreign"]


def test_a_module_of_the_application_that_lacks_something_says_what(load: Load) -> None:
    package = Path(inspect.getfile(load())).parent
    (package / "lame.py").write_text("import no_such_leg\n")
    with pytest.raises(ModuleNotFoundError, match="No module named 'no_such_leg'"):
        patch(("shop_of_tests.lame",))


# -- libraries that this version does not record


def test_a_library_without_an_integration_stays_as_it_is_with_one_warning(
    load: Load, caplog: pytest.LogCaptureFixture
) -> None:
    before = dict(vars(requests.sessions.Session))
    for _ in range(2):
        patch(("requests", "boto3"))
    assert dict(vars(requests.sessions.Session)) == before
    assert [(each.levelname, each.getMessage()) for each in caplog.records] == [
        ("WARNING", "Calls are not recorded of requests: this version has no integration for that"),
        ("WARNING", "Calls are not recorded of botocore: this version has no integration for that"),
    ]


def test_patch_all_says_in_one_line_what_it_leaves_out(load: Load, caplog: pytest.LogCaptureFixture) -> None:
    before = dict(vars(requests.sessions.Session))
    patch_all()
    patch_all(double_patch=False)
    assert dict(vars(requests.sessions.Session)) == before
    (line,) = [each.getMessage() for each in caplog.records]
    assert line.startswith("Calls are not recorded of aiobotocore, botocore,") and "httplib" not in line
