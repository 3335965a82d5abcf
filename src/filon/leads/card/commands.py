"""What can be done from the page of a lead: log an act, type a lead in."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from django.utils.translation import gettext as _

from filon.core import line
from filon.core.access import Actor
from filon.core.line import Batch, Entry, Item
from filon.core.models import User
from filon.kit import identifiers
from filon.kit.errors import Kind, Refused, not_found
from filon.kit.identifiers import ValueProblem
from filon.leads import fields, rules
from filon.leads.events import ACTS, CallLogged, MeetingHeld, MessageSent, NoteWritten
from filon.leads.models import Lead, Person
from filon.leads.sight import seen_by

KINDS: Final = frozenset(ACTS)
"""Every kind of act that can be logged."""


BY_HAND: Final = (NoteWritten.kind, CallLogged.kind, MessageSent.kind, MeetingHeld.kind)
"""What colleagues log on the page; programs may log every act."""

_OWN_CHANNELS: Final = {CallLogged.kind: "phone", MessageSent.kind: "email"}
_LONGEST_TEXT: Final = 20_000
_AHEAD: Final = timedelta(minutes=5)  # clocks of other machines
_EARLIEST: Final = datetime(1900, 1, 1, tzinfo=UTC)


# Acts -----------------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class ActOn:
    """Something that happened with a lead. at: when, now when None. outcome: of a call, by code."""

    lead_id: int
    kind: str
    text: str = ""
    outcome: str = ""
    at: datetime | None = None
    path: str = ""
    channel: str = ""


def log_acts(acts: Sequence[ActOn], *, by: Actor, at: datetime, door: str = "manual") -> list[Refused | None]:
    """Log acts on leads, one answer an act: None, or why not. A constant number of statements. Needs `leads.act`.

    The acts go down the event line: the score follows, a call or message stops the clock of the first contact.
    """
    by.require("leads.act")
    found = [_refusal(act, at) for act in acts]
    taken = [act for act, refusal in zip(acts, found, strict=True) if refusal is None]
    if not taken:
        return found

    def make() -> Batch:
        return Batch([_entry(act, at, door) for act in taken], by=by, at=at)

    batch = line.run_with_retries(make, before=lambda batch: _know(batch, taken, by))
    answers = iter(item.refusal for item in batch.items)
    return [refusal if refusal is not None else next(answers) for refusal in found]


def log_act(act: ActOn, *, by: Actor, at: datetime, door: str = "manual") -> None:
    """Log one act. Raises Refused; see `log_acts`."""
    refusal = log_acts([act], by=by, at=at, door=door)[0]
    if refusal is not None:
        raise refusal


def _refusal(act: ActOn, at: datetime) -> Refused | None:
    if act.kind not in ACTS:
        return _invalid("kind", _("There is no act of this kind."))
    if act.kind == NoteWritten.kind and not act.text.strip():
        return _invalid("text", _("Write something first."))
    if act.kind == CallLogged.kind and act.outcome not in fields.OUTCOMES:
        return _invalid("outcome", _("Say what came of the call."))
    if act.kind != CallLogged.kind and act.outcome:
        return _invalid("outcome", _("Only a call has an outcome."))
    if len(act.text) > _LONGEST_TEXT:
        return _invalid("text", _("At most %(count)s characters.") % {"count": _LONGEST_TEXT})
    if act.at is not None and not _EARLIEST < act.at <= at + _AHEAD:
        return _invalid("at", _("This moment is yet to come, or too long ago."))
    return None


def _entry(act: ActOn, at: datetime, door: str) -> Entry:
    values: dict[str, Any] = {
        "kind": act.kind,
        "text": act.text.replace("\0", "").strip(),
        "outcome": act.outcome,
        "at": min(act.at, at) if act.at is not None else None,
        "path": act.path.replace("\0", ""),
        "channel": act.channel or _OWN_CHANNELS.get(act.kind, ""),
    }
    return Entry(kind="event", door=door, at=at, values={name: value for name, value in values.items() if value})


def _know(batch: Batch, acts: Sequence[ActOn], by: Actor) -> None:
    """Tell the line which lead, and so which person, each act is about. Three statements.

    People are locked before their leads, as everywhere in the line.
    """
    seen = seen_by(by, (act.lead_id for act in acts))
    leads, people = batch.rows(Lead), batch.rows(Person)
    people.load_ids(seen.values(), lock=True)
    leads.load_ids(seen, lock=True)
    for item, act in zip(batch.items, acts, strict=True):
        lead = leads.by_id.get(act.lead_id)
        if lead is None:
            item.outcome, item.refusal = "rejected", not_found(_("Lead"))
        else:
            item.lead, item.person, item.is_matched = lead, people.by_id[lead["person_id"]], True


# A lead typed in ------------------------------------------------------------------------------------------------------

TYPED_IN: Final = frozenset(
    {
        "first_name",
        "last_name",
        "email",
        "phone",
        "job_title",
        "linkedin_url",
        "city",
        "country",
        "company.name",
        "company.domain",
        "company.siren",
        "channel",
        "source",
        "campaign",
        "message",
    }
)
"""What can be said of a lead that is typed in; `owner_id` beside."""


@dataclass(frozen=True, slots=True)
class Created:
    """What became of a lead typed in. is_new: false when the person had an open lead, which it joined."""

    lead_id: int
    person_id: int
    is_new: bool


def create_leads(
    items: Sequence[Mapping[str, Any]], *, by: Actor, at: datetime, door: str = "manual"
) -> list[Created | Refused]:
    """Take leads that somebody types in down the line, one answer each. Needs `leads.create`.

    values: fields of `TYPED_IN`, and `owner_id`. Each needs an e-mail, a phone or a profile.
    """
    by.require("leads.create")
    owners = _owners({values.get("owner_id") for values in items})
    entries: list[Entry | Refused] = []
    for values in items:
        try:
            said = _said(values, owners)
        except Refused as refused:
            entries.append(refused)
        else:
            entries.append(Entry(kind="lead", door=door, at=at, values=said))
    taken = [entry for entry in entries if isinstance(entry, Entry)]
    batch = line.run_with_retries(lambda: Batch(taken, by=by, at=at)) if taken else None
    done = iter(batch.items if batch else ())
    return [entry if isinstance(entry, Refused) else _created(next(done)) for entry in entries]


def create_lead(values: Mapping[str, Any], *, by: Actor, at: datetime) -> Created:
    """Take one lead that somebody types in down the line. Raises Refused; see `create_leads`."""
    made = create_leads([values], by=by, at=at)[0]
    if isinstance(made, Refused):
        raise made
    return made


def _created(item: Item) -> Created | Refused:
    if item.refusal is not None:
        return item.refusal
    assert item.lead is not None  # noqa: S101 — the line makes a lead of what it does not refuse
    return Created(item.lead["id"], item.lead["person_id"], item.outcome == "created")


def _owners(ids: set[Any]) -> dict[int, str]:
    """The name by which the line finds each colleague: their e-mail, which is theirs alone, else their name."""
    wanted = [one for one in ids if isinstance(one, int)]
    rows = User.objects.filter(pk__in=wanted, is_active=True).values_list("pk", "email", "name") if wanted else []
    return {pk: email or name for pk, email, name in rows}


_NORMALISERS: Final[Mapping[str, Callable[[str], str]]] = {
    "email": identifiers.normalise_email,
    "linkedin_url": identifiers.normalise_profile_url,
    "country": identifiers.normalise_country,
    "company.domain": identifiers.normalise_domain,
    "company.siren": identifiers.normalise_siren,
}


def _said(values: Mapping[str, Any], owners: Mapping[int, str]) -> dict[str, Any]:
    """The values as the line takes them. Raises Refused with every field that is wrong."""
    said: dict[str, Any] = {}
    problems: list[dict[str, object]] = []
    for field, given in values.items():
        text = "" if given is None else str(given).replace("\0", "").strip()
        if field == "owner_id" or not text:
            continue
        try:
            said[field] = _value(field, text, values)
        except (ValueProblem, Refused) as problem:
            message = _(problem.message) % problem.params if isinstance(problem, ValueProblem) else problem.message
            problems.append({"field": field, "message": message})
    if not problems and not {"email", "phone", "linkedin_url"} & set(said):
        problems.append({"field": "email", "message": _("Give an e-mail, a phone number or a profile.")})
    owner_id = values.get("owner_id")
    if owner_id is not None and owner_id not in owners:
        problems.append({"field": "owner_id", "message": _("This colleague does not work here any more.")})
    if problems:
        raise Refused(str(problems[0]["message"]), Kind.INVALID, problems, "invalid")
    if owner_id is not None:
        said["owner"] = owners[owner_id]
    return said


def _value(field: str, text: str, values: Mapping[str, Any]) -> str:
    if field not in TYPED_IN:
        raise _invalid(field, _("There is no such field."))
    if len(text) > (_LONGEST_TEXT if field == "message" else 500):
        raise _invalid(field, _("At most %(count)s characters.") % {"count": 500})
    if field == "channel" and text not in rules.CHANNELS:
        raise _invalid(field, _("There is no such channel."))
    if field == "phone":
        country = identifiers.normalise_country(str(values.get("country") or "FR"))
        number = identifiers.normalise_phone(text, country if len(country) == 2 else "FR")
        if number is None:
            raise _invalid(field, _("“%(value)s” is not a phone number.") % {"value": text})
        return number
    return _NORMALISERS[field](text) if field in _NORMALISERS else text


def _invalid(field: str, message: str) -> Refused:
    return Refused(message, Kind.INVALID, [{"field": field, "message": message}], "invalid")
