"""The http block: the names of its fields and of the headers that carry a trace, and the block of an integration."""

from __future__ import annotations

from _json import encode_basestring_ascii as quoted

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

URL = "url"
METHOD = "method"
USER_AGENT = "user_agent"
CLIENT_IP = "client_ip"
X_FORWARDED_FOR = "x_forwarded_for"

STATUS = "status"
CONTENT_LENGTH = "content_length"

XRAY_HEADER = "X-Amzn-Trace-Id"
ALT_XRAY_HEADER = "HTTP_X_AMZN_TRACE_ID"  # the same header in a WSGI environment

request_keys = (URL, METHOD, USER_AGENT, CLIENT_IP, X_FORWARDED_FOR)
response_keys = (STATUS, CONTENT_LENGTH)


class HttpBlock:
    """The http block of a request or a call, by its fields; it becomes dicts when somebody looks at it.

    Most are only written into a document, and the text of five fields is much cheaper than two dicts and their text.
    """

    __slots__ = ("client_ip", "content_length", "method", "status", "url", "user_agent", "x_forwarded_for")

    client_ip: str | None
    status: int | None
    content_length: int | None

    def __init__(
        self,
        method: str,
        url: str,
        client_ip: str | None = None,
        x_forwarded_for: bool = False,
        user_agent: str | None = None,
    ) -> None:
        self.method = method
        self.url = url
        self.client_ip = client_ip
        self.x_forwarded_for = x_forwarded_for
        self.user_agent = user_agent
        self.status = self.content_length = None

    def as_dict(self) -> dict[str, Any]:
        """The block as users know it."""
        block: dict[str, Any] = {"request": {key: value for key in request_keys if (value := getattr(self, key))}}
        answer = {key: value for key in response_keys if (value := getattr(self, key)) is not None}
        if answer:
            block["response"] = answer
        return block

    def text(self) -> str:
        """The block as JSON text."""
        text = f'{{"request":{{"method":{quoted(self.method)},"url":{quoted(self.url)}'
        if self.client_ip:
            text += f',"client_ip":{quoted(self.client_ip)}'
        if self.x_forwarded_for:
            text += ',"x_forwarded_for":true'
        if self.user_agent:
            text += f',"user_agent":{quoted(self.user_agent)}'
        if self.status is None:
            return text + "}}"
        if self.content_length is None:
            return f'{text}}},"response":{{"status":{self.status}}}}}'
        return f'{text}}},"response":{{"status":{self.status},"content_length":{self.content_length}}}}}'
