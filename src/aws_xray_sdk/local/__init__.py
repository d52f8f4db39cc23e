"""The seed of a local X-Ray: receives what X-Ray SDKs send, joins it into traces and shows them, without AWS.

``python -m aws_xray_sdk.local tail`` prints each trace as a tree. The standard library is all it needs.
"""
