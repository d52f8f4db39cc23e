"""The errors of the SDK, by the names that applications catch."""


class InvalidSamplingManifestError(Exception):
    """Local sampling rules that break the format; the message names the rule and the key."""


class SegmentNotFoundException(Exception):
    """No segment is open and ``context_missing`` is ``RUNTIME_ERROR``."""


class InvalidDaemonAddressException(Exception):
    """A daemon address that is none of the accepted forms."""


class SegmentNameMissingException(Exception):
    """A segment was to begin and nobody gave it a name."""


class InvalidSettingError(ValueError):
    """A wrong argument of ``configure``; the message names the option, the value and what is accepted."""


class SubsegmentNameMissingException(Exception):
    """Kept so that ``except`` clauses still import; never raised."""


class FacadeSegmentMutationException(Exception):
    """Kept so that ``except`` clauses still import; a write to a facade segment is ignored with one log line."""


class MissingPluginNames(Exception):
    """Kept so that ``except`` clauses still import; never raised."""


class AlreadyEndedException(Exception):
    """Kept so that ``except`` clauses still import; a write to an ended entity is ignored with one log line."""
