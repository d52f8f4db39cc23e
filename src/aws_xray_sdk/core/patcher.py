"""Libraries and modules whose calls are recorded once they are patched.

An integration is found by its name, ``aws_xray_sdk.ext.<library>.patch``; this module imports none by itself.
"""

from __future__ import annotations

from .._log import Log
from ..sdk_config import SDKConfig
from ._guard import warn_once

TYPE_CHECKING = False
if TYPE_CHECKING:
    import re
    from collections.abc import Iterable
    from types import ModuleType
    from typing import Any

log = Log(__name__)

SUPPORTED_MODULES = (
    "aiobotocore",
    "botocore",
    "pynamodb",
    "requests",
    "sqlite3",
    "mysql",
    "httplib",
    "pymongo",
    "pymysql",
    "psycopg2",
    "psycopg",
    "pg8000",
    "sqlalchemy_core",
    "httpx",
)
_ALIASES = {"boto3": "botocore", "aioboto3": "aiobotocore"}
_PATCHED_MODULES: set[str] = set()

# Methods that objects are handled with all the time, by Python itself: a subsegment for each would tell nothing.
_LEFT_ALONE = frozenset(
    (
        "__class_getitem__",
        "__del__",
        "__delattr__",
        "__eq__",
        "__format__",
        "__getattr__",
        "__getattribute__",
        "__getstate__",
        "__hash__",
        "__init_subclass__",
        "__ne__",
        "__new__",
        "__reduce__",
        "__reduce_ex__",
        "__repr__",
        "__set_name__",
        "__setattr__",
        "__setstate__",
        "__sizeof__",
        "__str__",
        "__subclasshook__",
    )
)


def patch_all(double_patch: bool = False) -> None:
    """Record the calls of every supported library that is installed.

    ``httplib`` is what others build on; it is left out unless `double_patch` is true.
    """
    wanted = [name for name in SUPPORTED_MODULES if name != "httplib" or double_patch]
    patch(wanted, raise_errors=False)
    if SDKConfig.enabled:
        missing = [name for name in wanted if name not in _PATCHED_MODULES and not _has_integration(name)]
        if missing:
            _tell_missing(", ".join(missing))


def patch(
    modules_to_patch: Iterable[str], raise_errors: bool = True, ignore_module_patterns: Iterable[str] | None = None
) -> None:
    """Record the calls of the libraries, and of the functions in the application's own modules, that are named.

    Of an own module every function and method that it defines is recorded under its name, in submodules too, unless
    one of `ignore_module_patterns` (regular expressions) matches the module's dotted path. With `raise_errors`, a
    name that can't be imported raises ModuleNotFoundError.
    """
    if not SDKConfig.enabled:
        return
    import re

    patterns = [re.compile(pattern) for pattern in ignore_module_patterns or ()]
    for name in [modules_to_patch] if isinstance(modules_to_patch, str) else modules_to_patch:
        library = _ALIASES.get(name, name)
        if library in _PATCHED_MODULES:
            continue
        try:
            if library in SUPPORTED_MODULES:
                _patch_library(library, raise_errors)
            else:
                _patch_module(library.replace("/", "."), patterns)
                _PATCHED_MODULES.add(library)
        except ImportError:
            if raise_errors:
                raise


def _patch_library(library: str, asked_for: bool) -> None:
    import importlib

    if not _has_integration(library):
        if asked_for:
            _tell_missing(library)
        return
    importlib.import_module(f"aws_xray_sdk.ext.{library}.patch").patch()
    _PATCHED_MODULES.add(library)


def _has_integration(library: str) -> bool:
    import importlib.util

    return importlib.util.find_spec(f"aws_xray_sdk.ext.{library}") is not None


def _tell_missing(libraries: str) -> None:
    warn_once(log, "Calls are not recorded of %s: this version has no integration for that", libraries)


def _patch_module(name: str, patterns: list[re.Pattern[str]]) -> None:
    """Record the functions of the module `name` and of its submodules."""
    import importlib
    import pkgutil

    if any(pattern.match(name) for pattern in patterns):
        return
    try:
        module = importlib.import_module(name)
    except ModuleNotFoundError as error:
        if error.name is not None and (name == error.name or name.startswith(f"{error.name}.")):
            raise ModuleNotFoundError(f"{name!r} cannot be patched: {_unknown(name)}", name=name) from None
        raise
    _patch_functions(module)
    for found in pkgutil.iter_modules(getattr(module, "__path__", ())):
        if found.name != "__main__":
            _patch_module(f"{name}.{found.name}", patterns)


def _patch_functions(module: ModuleType) -> None:
    from ._capture import captured, is_captured

    for name, value in list(vars(module).items()):
        if getattr(value, "__module__", None) != module.__name__:
            continue
        if isinstance(value, type):
            _patch_class(value)
        elif _is_function(value) and not is_captured(value):
            setattr(module, name, captured(_recorder(), value, None))


def _patch_class(kind: type) -> None:
    from ._capture import captured, is_captured

    for name, value in list(vars(kind).items()):
        function = getattr(value, "__func__", value)  # of a static or class method
        if name in _LEFT_ALONE or not _is_function(function) or is_captured(function):
            continue
        called = f"{kind.__name__}.{name}" if name.startswith("__") else name
        try:
            setattr(kind, name, captured(_recorder(), value, called))
        except (AttributeError, TypeError):  # a class that can't be changed
            return


def _is_function(value: object) -> bool:
    return type(value) is type(_is_function)


def _recorder() -> Any:
    from . import xray_recorder

    return xray_recorder


def _unknown(name: str) -> str:
    import difflib

    near = difflib.get_close_matches(name, SUPPORTED_MODULES, 1)
    hint = f" (did you mean {near[0]!r}?)" if near else ""
    return f"it is neither a supported library{hint} nor a module that can be imported"
