"""The front door: the recorder, and patching of libraries."""

from .async_recorder import AsyncAWSXRayRecorder
from .patcher import patch, patch_all
from .recorder import AWSXRayRecorder

xray_recorder = AsyncAWSXRayRecorder()

__all__ = ["AWSXRayRecorder", "AsyncAWSXRayRecorder", "patch", "patch_all", "xray_recorder"]
