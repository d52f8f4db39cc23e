"""The variants: in which interpreter each runs, what environment it sees, and how the original's is made."""

import json
import os
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
ORIGINAL = "aws-xray-sdk==2.15.0"
VENV = ROOT / ".venv-original"

# All that a framework case runs through: a difference in any of them would be measured as ours.
SHARED = [
    "aiohappyeyeballs",
    "aiohttp",
    "aiosignal",
    "asgiref",
    "attrs",
    "blinker",
    "click",
    "django",
    "flask",
    "frozenlist",
    "idna",
    "itsdangerous",
    "jinja2",
    "markupsafe",
    "multidict",
    "propcache",
    "sqlparse",
    "typing_extensions",
    "werkzeug",
    "yarl",
]

FOREIGN = ("PYTHON", "AWS_", "LAMBDA_", "_X_AMZN")

_VERSIONS = """
import json, sys
from importlib.metadata import PackageNotFoundError, version
found = {"python": ".".join(map(str, sys.version_info[:3]))}
for name in sys.argv[1:]:
    try:
        found[name] = version(name)
    except PackageNotFoundError:
        pass
print(json.dumps(found))
"""


class WrongPackage(Exception):
    """A variant imported another variant's aws_xray_sdk."""


@dataclass(frozen=True)
class Variant:
    """One side of the comparison: `bare`, `original` or `ours`."""

    name: str
    python: str
    path: str = ""

    @property
    def environment(self) -> dict[str, str]:
        """The driver's, without what could make variants differ: Python's, the SDK's and Lambda's variables."""
        kept = {name: value for name, value in os.environ.items() if not name.startswith(FOREIGN)}
        return kept | ({"PYTHONPATH": self.path} if self.path else {})

    def check(self, imported: str | None) -> None:
        """Raise WrongPackage if the file it imported is not where this variant's SDK is."""
        if self.name == "bare":
            right = imported is None
        else:
            right = imported is not None and imported.startswith(self.path or str(Path(self.python).parent.parent))
        if not right:
            raise WrongPackage(f"{self.name} imported {imported}")


def variants(python_ours: str, ours_path: str, python_original: str | None) -> list[Variant]:
    """Bare, original and ours; makes the original's environment if none is given."""
    if ours_path and not (Path(ours_path) / "aws_xray_sdk" / "core").exists():
        raise FileNotFoundError(f"no aws_xray_sdk.core in {ours_path}")
    python_ours = _absolute(python_ours)
    return [
        Variant("bare", python_ours),
        Variant("original", _absolute(python_original) if python_original else _original(python_ours)),
        Variant("ours", python_ours, os.path.abspath(ours_path) if ours_path else ""),
    ]


def versions(python: str, names: list[str]) -> dict[str, str]:
    """The installed ones of these distributions, and `python`."""
    environment = Variant("", python).environment
    command = [python, "-c", _VERSIONS, *names]
    output = subprocess.run(command, env=environment, check=True, stdout=subprocess.PIPE).stdout
    found: dict[str, str] = json.loads(output)
    return found


def differences(left: str, right: str) -> list[str]:
    """The shared libraries that two interpreters have in different versions."""
    one, other = versions(left, SHARED), versions(right, SHARED)
    names = sorted(one.keys() | other.keys())
    return [f"{name} {one.get(name)} / {other.get(name)}" for name in names if one.get(name) != other.get(name)]


def _absolute(python: str) -> str:
    """The interpreter by its own path, links not followed: a virtual environment's is a link out of it."""
    return os.path.abspath(shutil.which(python) or python)


def _original(python_ours: str) -> str:
    """The interpreter of a virtual environment with the original and our versions of what it traces."""
    python = VENV / "bin" / "python"
    shared = versions(python_ours, SHARED)
    stamp = VENV / "benchmark.json"
    if not stamp.exists() or json.loads(stamp.read_text()) != [ORIGINAL, shared]:
        print(f"making {VENV.name} with {ORIGINAL}", file=sys.stderr, flush=True)
        subprocess.run([python_ours, "-m", "venv", "--clear", str(VENV)], check=True)
        wanted = [f"{name}=={version}" for name, version in shared.items() if name != "python"]
        install = [str(python), "-m", "pip", "install", "--quiet", ORIGINAL, *wanted]
        subprocess.run(install, check=True, stdout=sys.stderr)
        (VENV / ".gitignore").write_text("*\n")
        stamp.write_text(json.dumps([ORIGINAL, shared]))
    return str(python)
