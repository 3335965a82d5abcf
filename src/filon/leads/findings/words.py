"""Findings in plain words: what was found, what it means, and where its records stand."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final
from urllib.parse import urlencode

from django.urls import NoReverseMatch, reverse
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

Text = str | Promise

KINDS: Final[Mapping[str, Text]] = {
    "lead": _("Leads"),
    "event": _("Acts"),
    "company": _("Accounts"),
    "opportunity": _("Opportunities"),
    "product": _("Products"),
    "campaign": _("Campaigns"),
    "cost": _("Costs"),
    "user": _("Colleagues"),
}
"""What findings are about, in the order in which they are shown."""


@dataclass(frozen=True, slots=True)
class Wording:
    """title: what was found, with `%(subject)s` where that matters. advice: what it does and what can be done.
    url: the address of the records, of a subject; empty when they have no page."""

    title: Text
    advice: Text
    url: Callable[[str], str] = lambda _subject: ""


def _page(name: str, **query: str) -> str:
    """The address of a page, or nothing while this house has none."""
    try:
        address = reverse(name)
    except NoReverseMatch:
        return ""
    return f"{address}?{urlencode(query)}" if query else address


def _leads(condition: str) -> Callable[[str], str]:
    """The leads of a condition; `{}` in it is what the subject says, quoted."""
    return lambda subject: _page("leads:list", filter=condition.format(_quoted(_value(subject))))


def _leads_of_sector(subject: str) -> str:
    return _leads("company.sector = {}")(shown("misspelt_sector", subject))


def _opportunities(condition: str) -> Callable[[str], str]:
    return lambda subject: _page("deals:list", filter=condition.format(_quoted(_value(subject))))


_OF_A_COLUMN: Final = frozenset(
    {
        "phone",
        "misspelt_sector",
        "unknown_country",
        "unknown_act",
        "unknown_outcome",
        "unknown_direction",
        "unknown_state",
    }
)
"""Codes whose words say what their subject is, so that its column (`company.sector: …`) needs no mention."""


def shown(code: str, subject: str) -> str:
    """The subject as its words show it."""
    return subject.partition(": ")[2] or subject if code in _OF_A_COLUMN or code.startswith("email_") else subject


def _value(subject: str) -> str:
    """What was written, without what was probably meant."""
    return subject.partition(" → ")[0]


def _quoted(text: str) -> str:
    escaped = text.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'


WORDINGS: Final[Mapping[tuple[str, str], Wording]] = {
    ("lead", "lead_without_source"): Wording(
        _("Leads without a source"),
        _("They count in no source: fill it in where someone knows it."),
        _leads("source is empty"),
    ),
    ("lead", "lead_without_date"): Wording(
        _("Leads of an old base without a date"),
        _("They are dated when they were imported: what is counted by month counts them there."),
    ),
    ("lead", "identifiers_disagree"): Wording(
        _("%(subject)s also names somebody else"),
        _("The entry went to the person its strongest identifier names. They may be one and the same."),
        lambda subject: _page("leads:list", q=subject),
    ),
    ("lead", "misspelt_sector"): Wording(
        _("Sector perhaps misspelt: %(subject)s"),
        _("Kept as it was written; rules that look for the sector miss it."),
        _leads_of_sector,
    ),
    ("event", "act_changed"): Wording(
        _("Acts that came again with other values"),
        _("They stay as they were first told. Only what was planned and is done now, or is called off, is told again."),
    ),
    ("company", "misspelt_sector"): Wording(
        _("Sector perhaps misspelt: %(subject)s"),
        _("Kept as it was written; rules that look for the sector miss it."),
        _leads_of_sector,
    ),
    ("opportunity", "opportunity_without_company"): Wording(
        _("Opportunities without an account"),
        _("They count for no account and no sector: name the account."),
        _opportunities("company is empty"),
    ),
    ("opportunity", "opportunity_without_creation"): Wording(
        _("Opportunities without a creation date"),
        _("They are left out of the sales cycle."),
        _opportunities("state in (open, won, lost)"),
    ),
    ("opportunity", "won_without_amount"): Wording(
        _("Won opportunities without an amount"),
        _("They count as won, but for nothing."),
        _opportunities("state = won and amount is empty"),
    ),
    ("opportunity", "closed_without_date"): Wording(
        _("Opportunities closed without a date"),
        _("The day they came in stands for it: the sales cycle is wrong by as much."),
        _opportunities("state in (won, lost)"),
    ),
    ("opportunity", "closed_before_created"): Wording(
        _("“%(subject)s” was closed before it was created"),
        _("One of the two dates is wrong."),
        _opportunities("name = {}"),
    ),
    ("opportunity", "won_before_first_contact"): Wording(
        _("“%(subject)s” was won before its lead was first contacted"),
        _("It is left out of delays, and counted."),
        _opportunities("name = {}"),
    ),
    ("opportunity", "opportunity_of_exited_lead"): Wording(
        _("“%(subject)s” is open, but its lead has left"),
        _("Close the opportunity, or let the lead come back."),
        _opportunities("name = {}"),
    ),
    ("opportunity", "unknown_stage"): Wording(
        _("Nobody has said what the stage “%(subject)s” means"),
        _("Its opportunities stand at the beginning until someone does."),
        lambda _subject: _page("deals:stage_names"),
    ),
    ("opportunity", "unknown_lead"): Wording(
        _("An opportunity names a lead that is not here: %(subject)s"),
        _("Import that lead; the opportunity stands without it."),
    ),
    ("opportunity", "unknown_pipeline"): Wording(
        _("Pipeline “%(subject)s” was not known: created"),
        _("Its stages are the usual ones until someone changes them."),
        _opportunities("pipeline = {}"),
    ),
    ("product", "misspelt_product"): Wording(
        _("Product perhaps misspelt: %(subject)s"),
        _("Kept by its own name: figures by product count it apart."),
        lambda _subject: _page("deals:products"),
    ),
    ("product", "unknown_product"): Wording(
        _("Product “%(subject)s” was never declared"),
        _("Kept by its name. Declare it, or say which one is meant."),
        lambda _subject: _page("deals:products"),
    ),
    ("campaign", "unknown_campaign"): Wording(
        _("Campaign “%(subject)s” was not known: created"),
        _("It has no dates and no costs yet."),
        _leads("campaign = {}"),
    ),
    ("user", "unknown_owner"): Wording(
        _("“%(subject)s” owns records, but was not known"),
        _("Kept by name, without sign-in. Invite them, or give their records to somebody else."),
        _leads("owner = {}"),
    ),
    ("user", "unknown_role"): Wording(
        _("“%(subject)s” is no role known here"), _("The colleague kept the role they had.")
    ),
    ("user", "role_not_given"): Wording(
        _("The role “%(subject)s” was not given"), _("Only an administrator gives it.")
    ),
    ("user", "colleague_not_changed"): Wording(
        _("%(subject)s was left as they are"), _("An import changes nobody's rights who can sign in.")
    ),
}
"""By kind and code; what is not here is said by `_ANY` or, for codes nobody has words for, by its code."""

_ANY: Final[Mapping[str, Wording]] = {
    "unknown_channel": Wording(
        _("“%(subject)s” is no channel"),
        _("Taken as unknown: it counts in no channel."),
        _leads("channel = unknown"),
    ),
    "owner_kept": Wording(
        _("Leads were not given to %(subject)s"),
        _("They have another owner, and the program that named this one may not assign leads: do it by hand."),
    ),
    "unknown_stage": Wording(_("“%(subject)s” is no stage known here"), _("The lead stays where it was.")),
    "follows_deals": Wording(
        _("Said of known leads, which have it by their opportunities only: %(subject)s"),
        _("They stayed where they were: record the opportunity, or move it."),
    ),
    "unknown_act": Wording(
        _("No kind of act known here: %(subject)s"),
        _("Kept as a note. Name it in the preset's kinds, undo the import and take the file in again."),
    ),
    "unknown_outcome": Wording(
        _("No outcome of a call known here: %(subject)s"),
        _("The call is there without an outcome; the word is kept in its text."),
    ),
    "unknown_direction": Wording(
        _("Neither in nor out: %(subject)s"), _("Kept as a note: nobody can tell who called or wrote to whom.")
    ),
    "unknown_state": Wording(
        _("Neither done nor to do: %(subject)s"), _("Taken as done, a task as to do; the word is kept in the text.")
    ),
    "unknown_kind": Wording(_("“%(subject)s” is no kind of cost"), _("Taken as media.")),
    "other_currency": Wording(_("Amounts in %(subject)s"), _("They stay out of the sums: there is no rate for them.")),
    "unknown_country": Wording(_("Country not known here: %(subject)s"), _("Kept as it was written.")),
    "placeholder": Wording(pgettext_lazy("finding", "A placeholder: %(subject)s"), _("Taken as empty.")),
    "phone": Wording(_("No phone number: %(subject)s"), _("Kept as it was written, among the attributes.")),
}
_EMAIL: Final = Wording(_("No e-mail address: %(subject)s"), _("Kept as it was written, among the attributes."))
_OTHER: Final = Wording(_("A value that cannot be right: %(subject)s"), _("Kept as it was written."))


def said_of(kind: str, code: str, subject: str) -> str:
    """A finding in one sentence of the active language."""
    return str(wording(kind, code).title) % {"subject": shown(code, subject)}


def wording(kind: str, code: str) -> Wording:
    """The words for a kind and code of finding."""
    of_email = _EMAIL if code.startswith("email_") else None
    return WORDINGS.get((kind, code)) or _ANY.get(code) or of_email or _OTHER
