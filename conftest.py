"""The frame of every test: settings of its own, fixtures, and what a skip means in CI."""

from __future__ import annotations

import atexit
import math
import os
import shutil
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).parent
sys.path[:0] = [str(ROOT / "src"), str(ROOT)]

_PLACE = tempfile.mkdtemp(prefix="filon-tests-")
atexit.register(shutil.rmtree, _PLACE, ignore_errors=True)
os.environ |= {
    "DJANGO_SETTINGS_MODULE": "filon.config.settings",
    "FILON_DATA_DIR": _PLACE,
    "FILON_SECRET_KEY": "of the tests, and of nothing else than the tests, at all",
    "FILON_BASE_URL": "http://testserver",
}
for name in (
    "FILON_LANGUAGE",
    "FILON_TIME_ZONE",
    "FILON_CURRENCY",
    "FILON_EMAIL_URL",
    "FILON_MAILBOX_URL",
    "FILON_DEBUG",
):
    os.environ.pop(name, None)

import django  # noqa: E402 — after the settings it reads

django.setup()

from hypothesis import settings  # noqa: E402

settings.register_profile("unhurried", settings(), deadline=None)  # a busy machine is no bug
settings.load_profile("unhurried")
del os.environ["DJANGO_SETTINGS_MODULE"]  # or the processes of xdist would load the settings before they have a place

import pytest  # noqa: E402
from django.utils import translation  # noqa: E402

from filon.demo import banner  # noqa: E402
from filon.leads.customs import known  # noqa: E402


@pytest.fixture(autouse=True)
def _own_language():
    """No test speaks the language that another one chose."""
    with translation.override(None):
        translation.deactivate()
        yield


@pytest.fixture(autouse=True)
def _no_banner_asked(monkeypatch):
    """No page asks for sample data because the seconds for which the last answer stands ran out on a busy machine."""
    monkeypatch.setattr(banner._Known, "until", math.inf)
    monkeypatch.setattr(banner._Known, "is_there", False)


@pytest.fixture(autouse=True)
def _no_custom_fields_kept(monkeypatch):
    """Custom fields of one test are not those of the next; none are asked for until some are made."""
    monkeypatch.setattr(known._Known, "until", math.inf)
    monkeypatch.setattr(known._Known, "fields", ())


pytest_plugins = ["tests.frame.databases", "tests.frame.people", "tests.frame.servers"]
