"""What can't be recorded yet is said once, and left as it is."""

import pytest

from aws_xray_sdk.core import patch_all, patcher
from aws_xray_sdk.sdk_config import SDKConfig


def test_patch_all_says_once_which_libraries_are_not_recorded(caplog: pytest.LogCaptureFixture) -> None:
    patch_all()
    patch_all()
    (line,) = caplog.messages
    assert "requests" in line
    assert "httplib" not in line
    assert not patcher._PATCHED_MODULES.intersection(patcher.SUPPORTED_MODULES)


def test_patch_all_says_nothing_while_the_sdk_is_off(caplog: pytest.LogCaptureFixture) -> None:
    SDKConfig.set_sdk_enabled(False)
    patch_all()
    assert not caplog.messages
