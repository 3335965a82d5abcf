import pytest
from django.http import HttpResponse
from django.test import RequestFactory, override_settings
from django.urls import include, path

from filon.ui import navigation
from filon.ui.navigation import Entry, Section


def page(request):
    return HttpResponse()


urlpatterns = [
    path("", page, name="home"),
    path("leads", page, name="leads"),
    path("leads/board", page, name="board"),
    path("settings", page, name="settings"),
    path("x/", include(([path("only", page, name="only")], "x"))),
]

SECTIONS = [
    Section("", [Entry("Home", "house", "home", on_phone=True)]),
    Section(
        "Records", [Entry("Leads", "target", "leads"), Entry("Board", "kanban", "board"), Entry("X", "x", "x:only")]
    ),
    Section("Workspace", [Entry("Settings", "settings", "settings", frozenset({"admin"}))]),
    Section("Later", [Entry("Proposals", "send", "proposals:list")]),
]


class Reader:
    def __init__(self, role):
        self.role = role


def shown(address, role="sdr"):
    request = RequestFactory().get(address)
    request.user = Reader(role)
    with override_settings(ROOT_URLCONF=__name__):
        return navigation.shown(request, SECTIONS)


def test_an_entry_appears_once_its_address_exists():
    assert [section.label for section in shown("/")] == ["", "Records"]


def test_an_entry_of_other_roles_stays_away():
    assert [section.label for section in shown("/", role="admin")] == ["", "Records", "Workspace"]


@pytest.mark.parametrize(
    ("address", "current"),
    [
        ("/", ["Home"]),
        ("/leads", ["Leads"]),
        ("/leads/42", ["Leads"]),
        ("/leads/board?stage=mql", ["Board"]),
        ("/leadsheet", []),
        ("/elsewhere", []),
    ],
)
def test_the_deepest_entry_the_page_lies_under_is_the_current_one(address, current):
    assert [entry.label for section in shown(address) for entry in section.entries if entry.is_current] == current


def test_a_counter_shows_its_number_and_nothing_for_zero(monkeypatch):
    monkeypatch.setattr(navigation, "_counters", {})
    navigation.register_counter("leads", lambda user: 12 if user.role == "sdr" else 0)
    counts = {entry.label: entry.count for section in shown("/") for entry in section.entries}
    assert counts == {"Home": None, "Leads": 12, "Board": None, "X": None}
    assert {entry.count for section in shown("/", role="head") for entry in section.entries} == {None}


def test_every_entry_of_the_house_has_its_own_address_and_icon():
    entries = [entry for section in navigation.SECTIONS for entry in section.entries]
    assert len({entry.url_name for entry in entries}) == len(entries)
    assert len({str(entry.label) for entry in entries}) == len(entries)
