"""The shop's settings: the first three are all that tracing needs."""

import os

# First, so that a request's segment lasts as long as the request.
MIDDLEWARE = ["aws_xray_sdk.ext.django.middleware.XRayMiddleware"]

INSTALLED_APPS = ["aws_xray_sdk.ext.django", "shop"]

XRAY_RECORDER = {
    "AWS_XRAY_TRACING_NAME": "shop",
    "AUTO_INSTRUMENT": True,  # queries and templates become subsegments
    "SAMPLING": False,  # every request is recorded; with True it is 1 a second and 5 % of the rest
}

ALLOWED_HOSTS = ["127.0.0.1"]
DATABASES = {"default": {"ENGINE": "django.db.backends.sqlite3", "NAME": os.environ["SHOP_DATABASE"]}}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
ROOT_URLCONF = "shop.urls"
SECRET_KEY = "a demo has no secrets"
TEMPLATES = [{"BACKEND": "django.template.backends.django.DjangoTemplates", "APP_DIRS": True}]

INVENTORY_URL = os.environ["INVENTORY_URL"]
PRICING_URL = os.environ["PRICING_URL"]
