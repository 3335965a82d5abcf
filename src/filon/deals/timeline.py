"""What happened to an opportunity, in words: its facts, newest first."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from typing import Any, Final

from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, pgettext, pgettext_lazy

from filon.core.conditions import LIVE_FACT_SQL
from filon.core.models import ApiKey, User
from filon.deals import pipelines
from filon.deals.models import CATEGORY_LABELS, REASON_LABELS, ROLE_LABELS, Product
from filon.kit import sql
from filon.leads.models import Company, Person
from filon.ui import formats

_MOST: Final = 200
_ICONS: Final = {
    "opportunity_created": "plus",
    "opportunity_stage_changed": "arrow-right",
    "opportunity_won": "circle-check",
    "opportunity_lost": "circle-x",
    "opportunity_reopened": "undo-2",
    "opportunity_changed": "pencil",
    "opportunity_person_set": "user",
    "file_attached": "paperclip",
    "file_removed": "paperclip",
    "file_restored": "paperclip",
}
_LABELS: Final = {
    "name": pgettext_lazy("field of a deal", "name"),
    "company_id": pgettext_lazy("field of a deal", "company"),
    "lead_id": pgettext_lazy("field of a deal", "source lead"),
    "owner_id": pgettext_lazy("field of a deal", "owner"),
    "product_id": pgettext_lazy("field of a deal", "product"),
    "amount": pgettext_lazy("field of a deal", "amount"),
    "currency": pgettext_lazy("field of a deal", "currency"),
    "probability": pgettext_lazy("field of a deal", "probability"),
    "created_at": pgettext_lazy("field of a deal", "creation date"),
    "close_date": pgettext_lazy("field of a deal", "close date"),
    "reason": pgettext_lazy("field of a deal", "reason"),
    "postponed_to": pgettext_lazy("field of a deal", "postponed to"),
    "next_step": pgettext_lazy("field of a deal", "next step"),
    "next_on": pgettext_lazy("field of a deal", "next step on"),
    "category": pgettext_lazy("field of a deal", "forecast"),
    "proof": pgettext_lazy("field of a deal", "proof"),
    "attributes": pgettext_lazy("field of a deal", "attributes"),
}
_FILES: Final = {
    "file_attached": gettext_lazy("File attached: %(name)s"),
    "file_removed": gettext_lazy("File taken off: %(name)s"),
    "file_restored": gettext_lazy("File put back: %(name)s"),
}
_REFERENCES: Final = {"owner_id": User, "product_id": Product, "company_id": Company}


@dataclass(frozen=True, slots=True)
class Entry:
    """One line of the timeline, as `ui/timeline.html` takes it."""

    at: datetime
    icon: str
    who: str
    text: str
    is_human: bool
    body: str = ""


@dataclass(frozen=True, slots=True)
class Day:
    """The lines of one day of the workspace."""

    day: date
    entries: list[Entry] = field(default_factory=list)


def timeline(opportunity_id: int) -> list[Day]:
    """The facts that still hold of an opportunity, by day, newest first. Eight statements at the most.

    No permission is checked: the caller has shown the opportunity.
    """
    found = sql.fetch(
        'SELECT fact.kind, fact.at, fact.actor_kind, fact.actor_id, fact.value, fact.payload, detail."values" '
        "FROM core_fact fact LEFT JOIN core_factdetail detail ON detail.fact_id = fact.id "
        f"WHERE fact.opportunity_id = %s AND {LIVE_FACT_SQL} ORDER BY fact.at DESC, fact.id DESC LIMIT {_MOST}",
        [opportunity_id],
    )
    facts = [(*row[:5], sql.as_json(row[5]), sql.as_json(row[6]) or {}) for row in found]
    writer = _Writer(facts)
    days: dict[date, Day] = {}
    for kind, at, actor_kind, actor_id, value, payload, detail in facts:
        moment = sql.as_utc(at)
        if moment is None or kind not in _ICONS:
            continue
        day = timezone.localtime(moment).date()
        text, body = writer.words(kind, value, payload, detail)
        who = writer.who(actor_kind, actor_id)
        entry = Entry(moment, _ICONS[kind], who, text, actor_kind == "user", body)
        days.setdefault(day, Day(day)).entries.append(entry)
    return list(days.values())


class _Writer:
    """Puts facts into words, with the names of all they refer to."""

    def __init__(self, facts: Sequence[tuple[Any, ...]]) -> None:
        self.pipelines = pipelines.load()
        self._users = _names(User, {fact[3] for fact in facts if fact[2] == "user"} | _referred(facts, "owner_id"))
        members = {fact[5]["member_id"] for fact in facts if fact[0] == "opportunity_person_set"}
        self._people = {one.pk: str(one) for one in Person.objects.filter(pk__in=members)} if members else {}
        self._keys = _names(ApiKey, {fact[3] for fact in facts if fact[2] == "key"})
        self._named = {
            "owner_id": self._users,
            "product_id": _names(Product, _referred(facts, "product_id")),
            "company_id": _names(Company, _referred(facts, "company_id")),
        }

    def who(self, kind: str, actor_id: int | None) -> str:
        """Who did it, in words."""
        if kind == "user":
            return self._users.get(actor_id or 0, _("A colleague"))
        if kind == "key":
            return self._keys.get(actor_id or 0, _("A program"))
        return _("Import") if kind == "import" else "Filon"

    def words(self, kind: str, value: Any, payload: Mapping[str, Any], detail: Mapping[str, Any]) -> tuple[str, str]:
        """(what happened, its details)."""
        amount = "" if value is None else formats.money(Decimal(str(value)), payload.get("currency") or "")
        if kind == "opportunity_created":
            stage = self.pipelines.stage_by_id.get(payload.get("stage_id", 0))
            if stage is None or stage.state != "open":
                return pgettext("deal", "Created"), amount
            return _("Created in “%(stage)s”") % {"stage": stage.label}, amount
        if kind == "opportunity_stage_changed":
            names = {
                "before": self._stage(payload.get("from_stage_id"), payload["from_stage"]),
                "after": self._stage(payload.get("to_stage_id"), payload["to_stage"]),
            }
            return _("From “%(before)s” to “%(after)s”") % names, ""
        if kind == "opportunity_won":
            return pgettext("deal", "Won"), amount
        if kind == "opportunity_lost":
            code = payload.get("reason") or ""
            return pgettext("deal", "Lost"), str(REASON_LABELS.get(code, detail.get("reason_text", "")))
        if kind == "opportunity_reopened":
            return pgettext("deal", "Reopened"), ""
        if kind == "opportunity_person_set":
            return self._person_set(payload), ""
        if kind.startswith("file_"):
            return _FILES[kind] % {"name": detail.get("name", "")}, ""
        return self._changed(payload.get("fields", []), detail)

    def _person_set(self, payload: Mapping[str, Any]) -> str:
        said = {
            "name": self._people.get(payload["member_id"], _("A person")),
            "role": str(ROLE_LABELS.get(payload.get("role") or payload.get("was", ""), "")),
        }
        if payload.get("role"):
            return _("%(name)s: %(role)s") % said
        return _("%(name)s is no longer: %(role)s") % said

    def _changed(self, fields: Sequence[str], detail: Mapping[str, Any]) -> tuple[str, str]:
        names = ", ".join(str(_LABELS.get(name, name)) for name in fields)
        old, new = detail.get("old", {}), detail.get("new", {})
        shown = [
            f"{_LABELS.get(name, name)} : {self._value(name, old.get(name))} → {self._value(name, new.get(name))}"
            for name in fields
            if name in new and name != "attributes"
        ]
        return _("Changed: %(fields)s") % {"fields": names}, " · ".join(shown)

    def _value(self, name: str, value: Any) -> str:
        if value in (None, ""):
            return formats.MISSING
        if name in _REFERENCES:
            return self._named[name].get(value, f"#{value}")
        if name == "amount":
            return formats.number(Decimal(str(value)))
        if name == "probability":
            return formats.percent(Decimal(str(value)))
        if name in {"close_date", "postponed_to", "next_on"}:
            return formats.day(date.fromisoformat(str(value)))
        if name == "created_at":
            return formats.day(datetime.fromisoformat(str(value)))
        labels = {"reason": REASON_LABELS, "category": CATEGORY_LABELS}.get(name, {})
        return str(labels.get(value, value))

    def _stage(self, stage_id: int | None, code: str) -> str:
        stage = self.pipelines.stage_by_id.get(stage_id or 0)
        return stage.label if stage else code


def _referred(facts: Sequence[tuple[Any, ...]], name: str) -> set[int]:
    """Ids that the changes of a field speak of."""
    details = [fact[6] for fact in facts]
    return {
        value
        for detail in details
        for side in ("old", "new")
        if isinstance(value := detail.get(side, {}).get(name), int)
    }


def _names(model: Any, ids: Iterable[int | None]) -> dict[int, str]:
    wanted = sorted(row_id for row_id in ids if row_id is not None)
    if not wanted:
        return {}
    return dict(model.objects.filter(pk__in=wanted).values_list("pk", "name"))
