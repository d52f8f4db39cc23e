"""Time and identifiers, in one place so that tests can fix them.

Identifiers come from a generator of our own: ``random.seed()`` in the application does not make them repeat,
and every forked child draws from a seed of its own. ``_random`` is what the module ``random`` wraps; taking it
directly spares an import of a dozen modules at start.
"""

import os
import time
from _random import Random

_generator = Random()


def _reseed() -> None:
    _generator.seed(int.from_bytes(os.urandom(32), "big"))


_reseed()
if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_reseed)

now = time.time
"""Epoch seconds."""

bits = _generator.getrandbits
"""``bits(k)``: an integer of k random bits."""

chance = _generator.random
"""A number in [0, 1)."""
