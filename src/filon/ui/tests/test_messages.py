"""The two scripts that keep the French complete: scripts/compile_messages.py and scripts/check_messages.py."""

import gettext
import sys
from io import BytesIO
from pathlib import Path

import pytest

SCRIPTS = Path(__file__).resolve().parents[4] / "scripts"
CATALOGUES = sorted((SCRIPTS.parent / "src" / "filon").glob("*/locale/*/LC_MESSAGES/*.po"))
HEADER = r"""
msgid ""
msgstr ""
"Content-Type: text/plain; charset=UTF-8\n"
"Plural-Forms: nplurals=2; plural=(n > 1);\n"
"""
PO = (
    HEADER
    + r"""
# a comment
#: views.py:3
msgid "Say \"hi\"\n"
msgstr "Dites « bonjour »\n"

msgctxt "stage"
msgid "Lost"
msgstr "Perdu"

msgid "Lost"
msgstr "Égaré"

msgid "%(n)s lead"
msgid_plural "%(n)s leads"
msgstr[0] "%(n)s lead"
msgstr[1] "%(n)s leads à "
"traiter"

#, fuzzy
msgid "Almost"
msgstr "Presque"

msgid "Empty"
msgstr ""

#~ msgid "Gone"
#~ msgstr "Parti"
"""
)


@pytest.fixture(scope="module")
def scripts():
    sys.path.insert(0, str(SCRIPTS))
    import check_messages
    import compile_messages

    yield compile_messages, check_messages
    sys.path.remove(str(SCRIPTS))


def babel_mo(path):
    from babel.messages.mofile import write_mo
    from babel.messages.pofile import read_po

    buffer = BytesIO()
    with path.open("rb") as file:
        write_mo(buffer, read_po(file))
    return gettext.GNUTranslations(BytesIO(buffer.getvalue()))


def our_mo(compiler, path):
    return gettext.GNUTranslations(BytesIO(compiler.to_mo(compiler.read_po(path))))


def texts_of(translations):
    """All texts but the header, to which Babel adds its own lines."""
    return {key: text for key, text in translations._catalog.items() if key != ""}


@pytest.fixture
def po(tmp_path):
    path = tmp_path / "django.po"
    path.write_text(PO, "utf-8")
    return path


def test_contexts_plurals_and_escapes_come_through(scripts, po):
    texts = our_mo(scripts[0], po)
    assert texts.gettext('Say "hi"\n') == "Dites « bonjour »\n"
    assert (texts.pgettext("stage", "Lost"), texts.gettext("Lost")) == ("Perdu", "Égaré")
    assert texts.ngettext("%(n)s lead", "%(n)s leads", 1) == "%(n)s lead"
    assert texts.ngettext("%(n)s lead", "%(n)s leads", 2) == "%(n)s leads à traiter"


def test_what_is_fuzzy_empty_or_gone_stays_in_english(scripts, po):
    texts = our_mo(scripts[0], po)
    assert [texts.gettext(text) for text in ("Almost", "Empty", "Gone")] == ["Almost", "Empty", "Gone"]


@pytest.mark.parametrize("path", CATALOGUES, ids=lambda path: path.parents[3].name)
def test_our_catalogues_are_those_that_babel_makes(scripts, path):
    assert texts_of(our_mo(scripts[0], path)) == texts_of(babel_mo(path))


def test_a_made_catalogue_is_the_one_that_babel_makes(scripts, po):
    assert texts_of(our_mo(scripts[0], po)) == texts_of(babel_mo(po))


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ('msgid "a"\nmsgstr "b\n', 2),
        ('"lost"\n', 1),
        ('msgid "a"\nmsgstr "b"\nmsgid "c"\nmsgstr "d"\n', 3),
        ('msgid "a"\nmsgstr "b"\n\nmsgid "a"\nmsgstr "c"\n', 4),
    ],
)
def test_a_broken_catalogue_is_refused_with_its_line(scripts, tmp_path, text, line):
    path = tmp_path / "broken.po"
    path.write_text(text, "utf-8")
    with pytest.raises(scripts[0].WrongCatalogue, match=rf"broken\.po:{line}: "):
        scripts[0].read_po(path)


@pytest.fixture
def house(tmp_path):
    """A little source tree: one slice with code and a template, and a module outside any slice."""
    (tmp_path / "deals" / "templates").mkdir(parents=True)
    (tmp_path / "deals" / "apps.py").write_text("")
    (tmp_path / "deals" / "views.py").write_text(
        '_("Won on %(day)s")\nngettext("%(n)s deal", "%(n)s deals", 2)\npgettext_lazy("stage", "Lost")\n'
    )
    (tmp_path / "deals" / "templates" / "list.html").write_text(
        '{% load i18n %}\n<ul>\n  <li>{% translate "Open" %}</li>\n {% include "x.html" with label=_("Close") %}\n'
        "   {% blocktranslate with a=b %}Hello {{ a }}{% endblocktranslate %}"
    )
    (tmp_path / "deals" / "tests").mkdir()
    (tmp_path / "deals" / "tests" / "test_x.py").write_text('_("Never asked")')
    (tmp_path / "flow.py").write_text('_("Whole")')

    def french(slice_name, text):
        folder = tmp_path / slice_name / "locale" / "fr" / "LC_MESSAGES"
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "django.po").write_text(HEADER + text, "utf-8")

    french("config", '\nmsgid "Whole"\nmsgstr "Entier"\n')
    french("deals", COMPLETE)
    return tmp_path, french


COMPLETE = """
msgid "Won on %(day)s"
msgstr "Gagnée le %(day)s"

msgid "%(n)s deal"
msgid_plural "%(n)s deals"
msgstr[0] "une affaire"
msgstr[1] "%(n)s affaires"

msgctxt "stage"
msgid "Lost"
msgstr "Perdue"

msgid "Open"
msgstr "Ouvrir"

msgid "Close"
msgstr "Fermer"

msgid "Hello %(a)s"
msgstr "Bonjour %(a)s"
"""


def test_a_complete_house_has_no_finding(scripts, house):
    assert list(scripts[1]._findings(house[0])) == []
    assert scripts[1].main(house[0]) == 0


@pytest.mark.parametrize(
    ("change", "finding"),
    [
        (('msgid "Open"\nmsgstr "Ouvrir"\n', ""), "no French for 'Open'"),
        (('msgstr "Fermer"', 'msgstr ""'), "empty or fuzzy French for 'Close'"),
        (('msgid "Open"', '#, fuzzy\nmsgid "Open"'), "empty or fuzzy French for 'Open'"),
        (('msgctxt "stage"\n', ""), "no French for 'Lost' (stage)"),
        (("Bonjour %(a)s", "Bonjour %(b)s"), "%(a)s differs"),
        (("%(n)s affaires", "%(m)s affaires"), "%(m)s differs"),
        (('msgstr "Ouvrir"', 'msgstr "Ouvre ton dossier"'), "“ton” says tu"),
        (('msgstr "Fermer"', 'msgstr "Connecte-toi"'), "“-toi” says tu"),
        (('msgstr "Fermer"', 'msgstr "Fermer"\n\nmsgid "Old"\nmsgstr "Vieux"'), "nothing uses 'Old'"),
        (('"%(n)s deals"', '"%(n)s sales"'), "the plural of '%(n)s deal'"),
    ],
)
def test_each_fault_of_a_catalogue_is_named(scripts, house, change, finding):
    source, french = house
    french("deals", COMPLETE.replace(*change))
    findings = list(scripts[1]._findings(source))
    assert any(finding in found and found.startswith("deals: ") for found in findings), findings
    assert scripts[1].main(source) == 1


def test_words_that_only_look_familiar_pass(scripts, house):
    source, french = house
    french("deals", COMPLETE.replace("Fermer", "Y a-t-il un tunnel ? L’étage, le statut et l’attente"))
    assert list(scripts[1]._findings(source)) == []


def test_one_text_has_one_translation_in_the_whole_house(scripts, house):
    source, french = house
    (source / "flow.py").write_text('_("Whole")\n_("Open")')
    french("config", '\nmsgid "Whole"\nmsgstr "Entier"\n\nmsgid "Open"\nmsgstr "Ouverte"\n')
    assert any("“Ouvrir” here and “Ouverte” in config" in found for found in scripts[1]._findings(source))
