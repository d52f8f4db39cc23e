"""Django with the middleware alone."""

from programs import Programs
from programs.django_site import site
from programs.wsgi import getting


def programs(traced: bool) -> Programs:
    return {"hello": getting(site(traced, auto_instrument=False), "/hello", b"hello")}
