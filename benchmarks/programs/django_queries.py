"""Django with everything instrumented, its database above all."""

from programs import Programs
from programs.django_site import site
from programs.wsgi import getting


def programs(traced: bool) -> Programs:
    application = site(traced, auto_instrument=True)
    return {
        "queries0": getting(application, "/hello", b"hello"),
        "queries20": getting(application, "/queries", b"hello"),
    }
