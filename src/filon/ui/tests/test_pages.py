"""What every template of the house keeps to, whoever wrote it."""

import json
import re
from pathlib import Path

import pytest
from django.contrib.messages.storage.base import Message
from django.template.loader import render_to_string
from django.test import RequestFactory
from django.utils import translation

from filon.ui import context, navigation

ROOT = Path(__file__).resolve().parents[4]
MAILS = ROOT / "src/filon/nurture/templates/nurture/mail"  # of no page of ours: mail programs want styles in the tags
TEMPLATES = sorted(
    path for path in (ROOT / "src" / "filon").glob("*/**/templates/**/*.html") if MAILS not in path.parents
)
INLINE = re.compile(r"<style\b|\sstyle=|\son[a-z]+=[\"']|\shx-on|javascript:", re.IGNORECASE)
SCRIPT = re.compile(r"<script\b(?![^>]*(?:\bsrc=|application/json))", re.IGNORECASE)
ICON = re.compile(r"""\{% icon ["']([a-z0-9-]+)["']""")


def markup(path):
    """The template without its comments and tags, whose arguments are no attributes."""
    return re.sub(r"\{#.*?#\}|\{%.*?%\}", "", path.read_text("utf-8"))


@pytest.mark.parametrize("path", TEMPLATES, ids=lambda path: str(path.relative_to(ROOT)))
def test_no_template_needs_a_weaker_content_security_policy(path):
    source = markup(path)
    assert INLINE.findall(source) == []
    assert SCRIPT.findall(source) == []


def test_every_icon_in_use_is_built():
    built = set(json.loads((ROOT / "frontend" / "icons.json").read_text("utf-8")))
    used = {name for path in TEMPLATES for name in ICON.findall(path.read_text("utf-8"))}
    used |= {entry.icon for section in navigation.SECTIONS for entry in section.entries}
    assert used - built == set()


def test_the_lock_file_names_no_host():
    lock = (ROOT / "frontend" / "package-lock.json").read_text("utf-8")
    assert "://" not in lock
    assert '"resolved"' not in lock
    packages = json.loads(lock)["packages"]
    assert all("integrity" in entry for name, entry in packages.items() if name)


@pytest.fixture
def request_of():
    def make(theme=""):
        request = RequestFactory().get("/help/glossary")
        request.COOKIES["theme"] = theme
        return request

    return make


@pytest.mark.parametrize(("cookie", "painted"), [("dark", "dark"), ("light", "light"), ("auto", ""), ('"><b>', "")])
def test_the_chosen_theme_is_painted_by_the_server(request_of, cookie, painted):
    page = render_to_string("ui/glossary.html", {"chapters": []}, request=request_of(cookie))
    assert (f'data-theme="{painted}"' in page) == bool(painted)
    assert "<b>" not in page.split("<head>")[0]


def test_the_page_speaks_the_readers_language(request_of):
    with translation.override("en"):
        page = render_to_string("ui/glossary.html", {"chapters": []}, request=request_of())
        assert '<html lang="en"' in page
        assert "Skip to content" in page
    with translation.override("fr"):
        page = render_to_string("ui/glossary.html", {"chapters": []}, request=request_of())
        assert '<html lang="fr"' in page
        assert "Aller au contenu" in page


def test_the_charts_script_is_loaded_only_where_something_is_drawn(request_of):
    request = request_of()
    assert "charts.js" not in render_to_string("ui/glossary.html", {"chapters": []}, request=request)
    request.has_plots = True
    assert "charts.js" in render_to_string("ui/glossary.html", {"chapters": []}, request=request)


def test_an_error_page_needs_neither_request_nor_database():
    page = render_to_string("base_error.html")
    assert "app.css" in page
    assert "app.js" not in page


def test_messages_become_toasts_with_their_level():
    page = render_to_string("ui/toasts.html", {"messages": [Message(40, "<b>Refusé</b>")]})
    assert 'data-level="error" role="alert"' in page
    assert "&lt;b&gt;Refusé" in page


def test_scripts_find_every_word_they_ask_for():
    scripts = (ROOT / "frontend" / "src").glob("*.js")
    asked = {key for path in scripts for key in re.findall(r'\btext\("(\w+)"', path.read_text("utf-8"))}
    asked |= {"broken", "refused"}  # chosen by status in toast.js
    assert asked == set(context.Ui(RequestFactory().get("/")).texts)
