"""AWS X-Ray SDK for Python: requests become segments, the work inside them subsegments."""

from .sdk_config import SDKConfig
from .version import VERSION as __version__

global_sdk_config = SDKConfig()

__all__ = ["SDKConfig", "__version__", "global_sdk_config"]
