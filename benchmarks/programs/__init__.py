"""What is measured: user-level code over the public API, the same for the original and for ours.

Each module's `programs(traced)` returns them by name; a program does its thing n times. `cases.py` says how figures
are computed from them.
"""

from collections.abc import Awaitable, Callable

Program = Callable[[int], Awaitable[None] | None]
Programs = dict[str, Program]
