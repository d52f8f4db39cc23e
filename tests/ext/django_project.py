"""A small Django project on disk, with a ``manage.py`` that is run as users run it: in a process of its own."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

from tests.conftest import VARIABLES

FILES = {
    "manage.py": """
        import os
        import sys

        from django.core.management import execute_from_command_line

        os.environ["DJANGO_SETTINGS_MODULE"] = "settings"
        execute_from_command_line(sys.argv)
        """,
    "settings.py": """
        import json
        import os
        from pathlib import Path

        HERE = Path(__file__).parent
        MIDDLEWARE = ["aws_xray_sdk.ext.django.middleware.XRayMiddleware"]
        INSTALLED_APPS = ["shop", "aws_xray_sdk.ext.django"]
        XRAY_RECORDER = json.loads(os.environ["SHOP_XRAY"])
        ALLOWED_HOSTS = ["127.0.0.1", "testserver"]
        DATABASES = {"default": {"ENGINE": "django.db.backends.sqlite3", "NAME": HERE / "shop.sqlite3"}}
        DEBUG = True
        DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
        ROOT_URLCONF = "shop.urls"
        SECRET_KEY = "tests have no secrets"
        TEMPLATES = [{"BACKEND": "django.template.backends.django.DjangoTemplates", "APP_DIRS": True}]
        USE_TZ = True
        """,
    "shop/__init__.py": "",
    "shop/models.py": """
        from django.db import models


        class Item(models.Model):
            name = models.CharField(max_length=80)
        """,
    "shop/migrations/__init__.py": "",
    "shop/migrations/0001_initial.py": """
        from django.db import migrations, models


        class Migration(migrations.Migration):
            initial = True
            dependencies = []
            operations = [
                migrations.CreateModel(
                    name="Item",
                    fields=[
                        ("id", models.BigAutoField(auto_created=True, primary_key=True, verbose_name="ID")),
                        ("name", models.CharField(max_length=80)),
                    ],
                )
            ]
        """,
    "shop/pricing/__init__.py": """
        from aws_xray_sdk.core import xray_recorder

        with xray_recorder.in_subsegment("load prices"):
            pass


        def price(name):
            return len(name)
        """,
    "shop/pricing/secret.py": """
        def discount(name):
            return 1
        """,
    "shop/templates/shop/items.html": "{{ count }} items",
    "shop/urls.py": """
        from django.http import HttpResponse
        from django.shortcuts import render
        from django.urls import path

        from aws_xray_sdk.core import xray_recorder
        from shop.models import Item


        def items(request):
            return render(request, "shop/items.html", {"count": Item.objects.count()})


        def name(request):
            return HttpResponse(xray_recorder.current_segment().name)


        def price(request):
            from shop import pricing
            from shop.pricing import secret

            return HttpResponse(pricing.price("lamp") - secret.discount("lamp"))


        urlpatterns = [path("items/", items), path("name/", name), path("price/", price)]
        """,
    "shop/tests.py": """
        from django.test import TestCase, override_settings

        from aws_xray_sdk.core import xray_recorder


        def named(name):
            return override_settings(XRAY_RECORDER={"AWS_XRAY_TRACING_NAME": name, "SAMPLING": False})


        class TestNames(TestCase):
            def ask(self):
                return self.client.get("/name/").content.decode()

            def test_the_settings(self):
                self.assertEqual(self.ask(), "shop")
                self.assertEqual(self.client.get("/items/").content, b"0 items")

            @named("market")
            def test_overridden(self):
                self.assertEqual(self.ask(), "market")
                with named("stall"):
                    self.assertEqual(self.ask(), "stall")
                self.assertEqual(self.ask(), "market")

            def test_overridden_in_part(self):
                with named("market"):
                    self.assertEqual(self.ask(), "market")
                self.assertEqual(self.ask(), "shop")


        @named("class")
        class TestClass(TestCase):
            def test_overridden_for_a_class(self):
                self.assertEqual(self.client.get("/name/").content, b"class")
                self.assertIsNone(xray_recorder.context.peek())
        """,
}


class Project:
    """The project in `folder`; `xray` is its setting ``XRAY_RECORDER``."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.xray: dict[str, Any] = {"AWS_XRAY_TRACING_NAME": "shop", "SAMPLING": False}
        for name, text in FILES.items():
            file = folder / name
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text("\n".join(line[8:] for line in text.split("\n")) if "\n" in text else text)

    def command(self, *arguments: str, options: tuple[str, ...] = ()) -> list[str]:
        """The words that run ``manage.py``; `options` are Python's."""
        return [sys.executable, *options, "manage.py", *arguments]

    def environment(self, **variables: str) -> dict[str, str]:
        """The environment of a command, with nothing in it that configures the recorder but `variables`."""
        inherited = {name: value for name, value in os.environ.items() if name not in VARIABLES}
        return {**inherited, "PYTHONUNBUFFERED": "1", "SHOP_XRAY": json.dumps(self.xray), **variables}

    def manage(self, *arguments: str, **variables: str) -> tuple[int, str, str]:
        """Run a command, warnings being errors; gives its status, what it printed and what it printed as errors."""
        done = subprocess.run(
            self.command(*arguments, options=("-W", "error")),
            cwd=self.folder,
            env=self.environment(**variables),
            capture_output=True,
            encoding="utf-8",
            timeout=60,
        )
        return done.returncode, done.stdout, done.stderr
