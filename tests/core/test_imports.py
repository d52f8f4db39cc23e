"""What an import costs, and who may import whom."""

from __future__ import annotations

import ast
import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

import aws_xray_sdk

ROOT = Path(aws_xray_sdk.__file__).parent
FILES = sorted(ROOT.rglob("*.py"))
CORE = [path for path in FILES if path.is_relative_to(ROOT / "core")]

PROBE = """
import sys, os, site  # which every start loads
before = set(sys.modules)
import aws_xray_sdk.core
found = sorted(set(sys.modules) - before)
import json, threading, gc, socket
print(json.dumps([found, threading.active_count(), [str(o) for o in gc.get_objects() if isinstance(o, socket.socket)]]))
"""
HEAVY = {"asyncio", "boto3", "botocore", "http", "inspect", "json", "logging", "random", "re", "socket", "threading",
         "traceback", "typing", "urllib", "wrapt"}  # fmt: skip


@pytest.fixture(scope="module")
def imported() -> tuple[list[str], int, list[str]]:
    """What a fresh interpreter has after the import: more modules, threads, sockets."""
    done = subprocess.run(
        # Without what the environment loads at start, which would hide what we load.
        [sys.executable, "-I", "-S", "-c", f"import sys; sys.path.insert(0, {str(ROOT.parent)!r})\n{PROBE}"],
        capture_output=True, text=True, timeout=30, check=True,
    )  # fmt: skip
    assert done.stderr == ""
    modules, threads, sockets = json.loads(done.stdout)
    return modules, threads, sockets


def test_the_core_loads_few_modules(imported: tuple[list[str], int, list[str]]) -> None:
    assert "aws_xray_sdk.core.recorder" in imported[0]
    assert len(imported[0]) < 60, imported[0]


def test_the_core_loads_nothing_heavy(imported: tuple[list[str], int, list[str]]) -> None:
    assert {name.partition(".")[0] for name in imported[0]} & HEAVY == set()


def test_the_import_starts_no_thread_and_opens_no_socket(imported: tuple[list[str], int, list[str]]) -> None:
    assert imported[1:] == (1, [])


def test_every_module_of_the_core_can_be_imported_first() -> None:
    names = [str(path.relative_to(ROOT.parent).with_suffix("")).replace("/", ".") for path in CORE]
    program = """
import importlib, sys
for name in sys.argv[1:]:
    for loaded in [each for each in sys.modules if each.startswith("aws_xray_sdk")]:
        del sys.modules[loaded]
    importlib.import_module(name.removesuffix(".__init__"))
"""
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", program, *names], capture_output=True, text=True, timeout=60, check=False
    )
    assert (done.returncode, done.stderr) == (0, "")


def imports_of(path: Path) -> Iterator[str]:
    """The full names of the modules that a file imports, anywhere in it."""
    package = list(path.relative_to(ROOT.parent).parent.parts)
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            base = package[: len(package) + 1 - node.level] if node.level else []
            module = ".".join([*base, *([node.module] if node.module else [])])
            yield module
            yield from (f"{module}.{alias.name}" for alias in node.names)


def ours_allowed(path: Path) -> tuple[str, ...]:
    """What of ours a file may import."""
    shared = ("aws_xray_sdk._log", "aws_xray_sdk.sdk_config", "aws_xray_sdk.version")
    part = path.relative_to(ROOT).parts[0]
    if part == "core":
        return (*shared, "aws_xray_sdk.core")
    if part == "ext":
        return (*shared, "aws_xray_sdk.core", "aws_xray_sdk.ext", "aws_xray_sdk.global_sdk_config")
    if part == "local":
        return (*shared, "aws_xray_sdk.core", "aws_xray_sdk.local")
    return shared


def is_within(name: str, allowed: tuple[str, ...]) -> bool:
    return any(name == each or name.startswith(f"{each}.") or each.startswith(f"{name}.") for each in allowed)


@pytest.mark.parametrize("path", FILES, ids=[str(path.relative_to(ROOT)) for path in FILES])
def test_a_module_imports_only_what_is_below_it(path: Path) -> None:
    ours = [name for name in imports_of(path) if name.split(".")[0] == "aws_xray_sdk"]
    allowed = ours_allowed(path)
    assert [name for name in ours if not is_within(name, allowed)] == []


@pytest.mark.parametrize("path", FILES, ids=[str(path.relative_to(ROOT)) for path in FILES])
def test_a_library_is_imported_only_in_its_own_folder(path: Path) -> None:
    parts = path.relative_to(ROOT).parts
    if parts[0] == "ext":
        return  # told by the tests of ext, which know which library a folder is for
    known = set(sys.stdlib_module_names) | {"aws_xray_sdk"}
    assert {name.partition(".")[0] for name in imports_of(path)} - known == set()


def test_the_rule_is_kept_by_a_test_that_can_fail(tmp_path: Path) -> None:
    assert not is_within("aws_xray_sdk.ext.util", ours_allowed(ROOT / "core" / "recorder.py"))
    assert not is_within("aws_xray_sdk.local.tree", ours_allowed(ROOT / "ext" / "util.py"))
    assert "aws_xray_sdk.core.models.entity" in set(imports_of(ROOT / "core" / "models" / "segment.py"))
