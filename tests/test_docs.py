"""What README.md and docs/ say is true: their code runs, their links lead somewhere, their tables are whole.

A page's ``python`` blocks are run in order, as one module, in an interpreter of their own; a fault of ours is an error
there. What a reader does not need to see stands in comments:

- ``<!-- run`` starts a comment that is code too: it tries what the page has just shown.
- ``<!-- not run: reason -->`` above a block leaves that block out.
- ``<!-- records: name, name -->`` names segments and subsegments that the page's code must have recorded.
"""

from __future__ import annotations

import inspect
import json
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from aws_xray_sdk.core import xray_recorder
from aws_xray_sdk.core._settings import SETTINGS
from tests.conftest import VARIABLES, Daemon, Document

ROOT = Path(__file__).resolve().parent.parent
SOURCE = ROOT / "src" / "aws_xray_sdk"
DOCS = sorted((ROOT / "docs").glob("*.md"))
PAGES = [ROOT / "README.md", *DOCS]
LINKED = [*PAGES, ROOT / "ARCHITECTURE.md", ROOT / "CHANGELOG.md", ROOT / "CONTRIBUTING.md"]

_CODE = re.compile(
    r"^(?:(?P<skip><!-- not run: .+ -->)\n)?```python\n(?P<shown>.*?)^```$|^<!-- run\n(?P<hidden>.*?)^-->$", re.M | re.S
)
_FENCED = re.compile(r"^```.*?^```$", re.M | re.S)
_RECORDS = re.compile(r"^<!-- records: (.+) -->$", re.M)
_LINK = re.compile(r"\[[^\]]+\]\(([^)\s]+)\)")
_HEADING = re.compile(r"^#+ (.+)$", re.M)
_ROW = re.compile(r"^\| `([^`]+)` \| (.+) \|$", re.M)

# A default that is an object is told in words.
_IN_WORDS = ("context", "daemon_address", "emitter", "plugins", "sampler", "sampling_rules", "streaming")


def _name(path: Path) -> str:
    return str(path.relative_to(ROOT))


def _module(text: str) -> str:
    """The page's code as a module of as many lines, so that an error's line is the page's."""
    lines = [""] * text.count("\n")
    for block in _CODE.finditer(text):
        group = "shown" if block["shown"] is not None else "hidden"
        if not block["skip"]:
            first = text.count("\n", 0, block.start(group))
            code = block[group].splitlines()
            lines[first : first + len(code)] = code
    return "\n".join(lines) + "\n"


def _names(entities: list[Document]) -> Iterator[str]:
    for entity in entities:
        yield entity["name"]
        yield from _names(entity.get("subsegments", []))


@pytest.mark.parametrize("page", PAGES, ids=_name)
def test_the_code_of_a_page_runs_and_records_what_the_page_says(page: Path, tmp_path: Path, daemon: Daemon) -> None:
    text = page.read_text(encoding="utf-8")
    code = _module(text)
    if not code.strip():
        return
    name = f"page_{page.stem.replace('-', '_').lower()}"
    (tmp_path / f"{name}.py").write_text(code, encoding="utf-8")
    environment = {key: value for key, value in os.environ.items() if key not in VARIABLES}
    environment["AWS_XRAY_DAEMON_ADDRESS"] = daemon.address
    start = f"from aws_xray_sdk.core._guard import Guard; Guard.raising = True; import {name}"
    done = subprocess.run(
        [sys.executable, "-c", start], cwd=tmp_path, env=environment, capture_output=True, text=True, timeout=60
    )
    assert done.returncode == 0, done.stderr
    promised = {name.strip() for names in _RECORDS.findall(text) for name in names.split(",")}
    assert promised <= set(_names(daemon.documents())), done.stderr


def test_a_page_that_shows_code_says_what_is_recorded() -> None:
    silent = {"docs/configuration.md"}  # shows settings alone
    shows = [page for page in PAGES if _module(page.read_text(encoding="utf-8")).strip()]
    assert {_name(page) for page in shows if not _RECORDS.search(page.read_text(encoding="utf-8"))} <= silent


@pytest.mark.parametrize("page", LINKED, ids=_name)
def test_every_relative_link_leads_somewhere(page: Path) -> None:
    links = _LINK.findall(_FENCED.sub("", page.read_text(encoding="utf-8")))
    broken = []
    for link in links:
        target, _, anchor = link.partition("#")
        if "://" in target:
            continue
        found = page if not target else page.parent / target
        if not found.is_file() or (anchor and anchor not in _anchors(found)):
            broken.append(link)
    assert not broken


def _anchors(page: Path) -> set[str]:
    headings = _HEADING.findall(_FENCED.sub("", page.read_text(encoding="utf-8")))
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


def test_every_page_can_be_reached_from_the_index() -> None:
    links = _LINK.findall((ROOT / "docs" / "index.md").read_text(encoding="utf-8"))
    assert {page.name for page in DOCS} - {"index.md"} <= set(links)


def _table(page: str) -> dict[str, str]:
    """The rows of a page's tables that begin with a name in code: the name and the rest."""
    return dict(_ROW.findall((ROOT / "docs" / page).read_text(encoding="utf-8")))


@pytest.mark.parametrize("option", inspect.signature(xray_recorder.configure).parameters)
def test_every_option_of_configure_is_told_with_its_default(option: str) -> None:
    told = _table("configuration.md")[option]
    if option not in _IN_WORDS:
        holder: Any = xray_recorder.context if option == "context_missing" else xray_recorder
        assert told.startswith(f"`{getattr(holder, option)!r}` |".replace("'", '"'))
    variable = SETTINGS[option].variable
    assert variable is None or f"`{variable}`" in told


def test_every_key_of_the_django_setting_is_told_with_its_default() -> None:
    # In another interpreter, since Django's settings can be configured but once.
    program = """
import json
from django.conf import settings
settings.configure()
from aws_xray_sdk.ext.django.conf import DEFAULTS
print(json.dumps({key: repr(value) for key, value in DEFAULTS.items()}))
"""
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    told = _table("django.md")
    for key, default in json.loads(done.stdout).items():
        assert told[key].startswith(f"`{default}` |".replace("'", '"')), key


def test_every_environment_variable_is_told() -> None:
    source = "\n".join(path.read_text(encoding="utf-8") for path in sorted((SOURCE / "core").rglob("*.py")))
    source += (SOURCE / "sdk_config.py").read_text(encoding="utf-8")
    variables = set(re.findall(r"\"(AWS_XRAY_[A-Z_]+)\"", source))
    assert {"AWS_XRAY_SDK_ENABLED", "AWS_XRAY_NOOP_ID"} <= variables
    assert variables <= _table("configuration.md").keys()


def test_the_layout_in_the_architecture_names_every_file() -> None:
    text = (ROOT / "ARCHITECTURE.md").read_text(encoding="utf-8")
    layout = text.partition("## Layout")[2].partition("\n## ")[0]
    told = set(re.findall(r"^\| `([\w/.]+)` \|", layout, re.M))
    files = {str(path.relative_to(SOURCE)) for path in SOURCE.rglob("*.py") if path.read_text(encoding="utf-8").strip()}
    assert told == files
