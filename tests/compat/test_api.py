"""Every name of ``api.txt`` is where it says, takes the arguments that it lists, and has the value that it tells."""

from __future__ import annotations

import ast
import importlib
import importlib.util
import inspect
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

import pytest

# Modules that a later version brings. One that has come must be taken off this list.
LATER = {
    "aws_xray_sdk.core.lambda_launcher",
    "aws_xray_sdk.core.plugins",
    "aws_xray_sdk.core.sampling.sampling_rule",
    "aws_xray_sdk.core.utils.sqs_message_helper",
    "aws_xray_sdk.ext.boto_utils",
    "aws_xray_sdk.ext.bottle.middleware",
    "aws_xray_sdk.ext.dbapi2",
    "aws_xray_sdk.ext.flask_sqlalchemy.query",
    "aws_xray_sdk.ext.httplib",
    "aws_xray_sdk.ext.httpx.patch",
    "aws_xray_sdk.ext.sqlalchemy.query",
    "aws_xray_sdk.ext.sqlalchemy.util.decorators",
}
# Values that differ on purpose: the version is ours, and what can be patched grows from version to version.
OWN_VALUES = {"VERSION", "SUPPORTED_MODULES"}


class Entry(NamedTuple):
    """A line of the list: the name within its module, what is in its parentheses, what follows it."""

    module: str
    name: str
    kind: str  # "", "class", "property", "call" or "instance"
    arguments: str | None
    value: str | None
    text: str


def entries() -> Iterator[Entry]:
    module = ""
    for line in (Path(__file__).parent / "api.txt").read_text(encoding="utf-8").splitlines():
        if not line.strip() or line.startswith("#"):
            continue
        if not line.startswith(" "):
            module = line.split()[0]
            continue
        yield parsed(module, line.strip().removeprefix("* "))


def parsed(module: str, text: str) -> Entry:
    subject, equals, value = text.partition("  = ")
    told = value if equals else None
    if found := re.fullmatch(r"(.+?)  class *(?:\((.*)\))?", subject):
        return Entry(module, found[1], "class", found[2], told, text)
    if found := re.fullmatch(r"(.+?)  property", subject):
        return Entry(module, found[1], "property", None, told, text)
    if re.match(r"\w+\(.*\)\.", subject):
        return Entry(module, subject, "instance", None, told, text)
    if found := re.fullmatch(r"([\w.]+)\((.*)\)(?: -> .*)?", subject):
        return Entry(module, found[1], "call", found[2], told, text)
    return Entry(module, subject, "", None, told, text)


ENTRIES = list(entries())
MODULES = sorted({entry.module for entry in ENTRIES} | LATER)
NOW = [entry for entry in ENTRIES if entry.module not in LATER and f"{entry.module}.{entry.name}" not in LATER]


def exists(module: str) -> bool:
    try:
        spec = importlib.util.find_spec(module)
    except ModuleNotFoundError:
        return False
    return spec is not None and spec.origin is not None


def resolved(entry: Entry) -> Any:
    """What the entry names; a module that has not been imported yet is."""
    found: Any = importlib.import_module(entry.module)
    path = entry.module
    for part in entry.name.split("."):
        path = f"{path}.{part}"
        if not hasattr(found, part) and exists(path):
            importlib.import_module(path)
        if entry.kind == "property" and isinstance(found, type) and not hasattr(found, part):
            found = found()  # a plain attribute that instances have does as well
        found = getattr(found, part)
    return found


def listed_parameters(arguments: str) -> list[inspect.Parameter] | None:
    """The parameters in the list, without ``self``; None for what is no Python (the text of an object)."""
    try:
        function: Any = ast.parse(f"def f({arguments}): ...").body[0]
    except SyntaxError:
        return None
    spec, kinds = function.args, inspect.Parameter
    positional = [*spec.posonlyargs, *spec.args]
    required = len(positional) - len(spec.defaults)
    found = [
        kinds(each.arg, kinds.POSITIONAL_OR_KEYWORD, default=kinds.empty if n < required else None)
        for n, each in enumerate(positional)
        if each.arg not in ("self", "cls")
    ]
    found += [
        kinds(each.arg, kinds.KEYWORD_ONLY, default=kinds.empty if default is None else None)
        for each, default in zip(spec.kwonlyargs, spec.kw_defaults, strict=True)
    ]
    return found


def disagreements(listed: list[inspect.Parameter], actual: inspect.Signature) -> Iterator[str]:
    """What a call written by the list could not do."""
    kinds = inspect.Parameter
    ours = [each for each in actual.parameters.values() if each.name not in ("self", "cls")]
    takes_any_position = any(each.kind is kinds.VAR_POSITIONAL for each in ours)
    takes_any_keyword = any(each.kind is kinds.VAR_KEYWORD for each in ours)
    positional = [each for each in ours if each.kind in (kinds.POSITIONAL_OR_KEYWORD, kinds.POSITIONAL_ONLY)]
    for n, each in enumerate([one for one in listed if one.kind is kinds.POSITIONAL_OR_KEYWORD]):
        if n >= len(positional):
            if not (takes_any_position or takes_any_keyword):
                yield f"{each.name} is not taken"
        elif positional[n].name != each.name:
            yield f"{each.name} is called {positional[n].name}"
        elif each.default is not kinds.empty and positional[n].default is kinds.empty:
            yield f"{each.name} is required"
    by_name = {each.name: each for each in ours}
    for each in (one for one in listed if one.kind is kinds.KEYWORD_ONLY):
        if each.name not in by_name and not takes_any_keyword:
            yield f"{each.name} is not taken"
    known = {each.name for each in listed}
    for each in ours:
        if each.name not in known and each.default is kinds.empty and each.kind not in (
            kinds.VAR_POSITIONAL, kinds.VAR_KEYWORD,
        ):  # fmt: skip
            yield f"{each.name} is new and required"


def check_signature(function: Callable[..., Any], arguments: str | None) -> None:
    listed = listed_parameters(arguments or "")
    assert callable(function)
    if listed is not None:
        assert list(disagreements(listed, inspect.signature(function))) == []


def check_instance(entry: Entry) -> None:
    """An entry such as ``Segment('s').name  = 's'``."""
    from aws_xray_sdk.core.models.segment import Segment

    module = importlib.import_module(entry.module)
    maker, rest = re.fullmatch(r"(\w+\(.*?\))\.(\w+.*)", entry.name).groups()  # type: ignore[union-attr]
    scope = {**vars(module)}
    if maker == "Subsegment(...)":
        scope["it"] = scope["Subsegment"]("s", "local", Segment("s"))
    else:
        scope["it"] = eval(maker, scope)
    attribute = re.match(r"\w+", rest)[0]  # type: ignore[index]
    found = getattr(scope["it"], attribute)
    if entry.value is not None:
        assert eval(f"it.{rest}", scope) == ast.literal_eval(entry.value)
    elif "(" in rest:
        check_signature(found, rest[rest.index("(") + 1 : -1])


def test_the_list_is_read() -> None:
    assert len(ENTRIES) > 350
    assert {"class", "property", "call", "instance", ""} == {entry.kind for entry in ENTRIES}


@pytest.mark.parametrize("module", MODULES)
def test_a_module_is_there_or_listed_as_coming_later(module: str) -> None:
    assert exists(module) is (module not in LATER)


@pytest.mark.parametrize("entry", NOW, ids=[f"{entry.module}: {entry.text}" for entry in NOW])
def test_a_name_is_where_the_list_says(entry: Entry) -> None:
    if entry.kind == "instance":
        check_instance(entry)
        return
    found = resolved(entry)
    if entry.kind == "class":
        assert isinstance(found, type)
        if entry.arguments is not None:
            check_signature(found, entry.arguments)
    elif entry.kind == "call":
        check_signature(found, entry.arguments)
    elif entry.value is not None and entry.name not in OWN_VALUES:
        assert found == ast.literal_eval(entry.value)


def test_a_disagreement_is_seen() -> None:
    def ours(a: Any, c: Any, d: Any) -> None: ...

    listed = listed_parameters("self, a, b=None, *, e=1") or []
    assert list(disagreements(listed, inspect.signature(ours))) == [
        "b is called c",
        "e is not taken",
        "c is new and required",
        "d is new and required",
    ]
