"""Templates as pages show them, and a template as one person would get it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from django.utils.translation import gettext as _

from filon.core.access import Actor
from filon.kit import plain, sql
from filon.kit.errors import Kind, Refused, not_found
from filon.leads.sight import seen_by
from filon.nurture.models import Sender, Template
from filon.nurture.writing.about import about
from filon.nurture.writing.liquid import WrongTemplate, parsed, rendered
from filon.nurture.writing.rendering import Footing, Rendered, render


@dataclass(frozen=True, slots=True)
class TemplateRow:
    """A template of the list. steps: how many steps of sequences send it. sent: how many times it was."""

    id: int
    name: str
    subject: str
    language: str
    updated_at: datetime
    steps: int
    sent: int


def templates(*, by: Actor) -> list[TemplateRow]:
    """Every template by name. One statement. Needs `nurture.see`."""
    by.require("nurture.see")
    rows = sql.fetch(
        "SELECT template.id, template.name, template.subject, template.language, template.updated_at, "
        "(SELECT count(*) FROM nurture_step step WHERE step.template_id = template.id AND NOT step.is_removed), "
        "(SELECT count(*) FROM nurture_step step JOIN nurture_delivery delivery ON delivery.step_id = step.id "
        "WHERE step.template_id = template.id AND delivery.state = 'sent') "
        "FROM nurture_template template ORDER BY template.name_folded"
    )
    return [
        TemplateRow(pk, name, subject, language, _moment(at), steps, sent)
        for pk, name, subject, language, at, steps, sent in rows
    ]


def _moment(value: object) -> datetime:
    moment = sql.as_utc(value)
    assert moment is not None  # noqa: S101 — the column has one always
    return moment


def template(template_id: int, *, by: Actor) -> Template:
    """One template. Raises Refused (not found). Needs `nurture.see`."""
    by.require("nurture.see")
    found = Template.objects.filter(pk=template_id).first()
    if found is None:
        raise not_found(_("Template"))
    return found


def sender() -> Sender | None:
    """In whose name the workspace writes, once somebody has said so."""
    return Sender.objects.first()


def someone(*, by: Actor) -> int | None:
    """A lead to show a template with: the newest with an address that the actor may see. Two statements."""
    found = sql.fetch(
        "SELECT lead.id FROM leads_lead lead JOIN leads_person person ON person.id = lead.person_id "
        "WHERE person.email <> '' ORDER BY lead.captured_at DESC, lead.id DESC LIMIT 20"
    )
    seen = seen_by(by, [row[0] for row in found])
    return next((row[0] for row in found if row[0] in seen), None)


def preview(subject: str, html: str, language: str, lead_id: int, *, by: Actor) -> Rendered:
    """A message as the person of a lead would get it, with its links as written. Three statements.

    Raises Refused: a lead that is not there, or what the template does with its words.
    """
    by.require("nurture.see")
    if lead_id not in seen_by(by, [lead_id]):
        raise not_found(_("Lead"))
    from_whom = sender()
    whom = about([lead_id], from_whom)[lead_id]
    footing = Footing(
        company=from_whom.company if from_whom else _("[your company]"),
        postal_address=from_whom.postal_address if from_whom else _("its postal address"),
        privacy_url=from_whom.privacy_url if from_whom else "",
        origin=whom.origin,
        leave_url="#",
    )
    try:
        return render(subject=subject, html=html, language=language, words=whom.words, footing=footing)
    except WrongTemplate as wrong:
        raise Refused(wrong.message, Kind.INVALID, code="template") from wrong


def named(by: Actor) -> list[tuple[int, str]]:
    """(id, name) of every template a colleague can begin a mail of their own with. One statement."""
    if not by.may("nurture.see"):
        return []
    return list(Template.objects.order_by("name_folded").values_list("pk", "name"))


def as_letter(template_id: int, lead_id: int, by: Actor) -> tuple[str, str]:
    """(subject, plain words) of a template for a lead's person, without what a mass message must say below.

    Three statements. Raises Refused: a lead or template that is not there, or what the template does with its words.
    """
    found = template(template_id, by=by)
    if lead_id not in seen_by(by, [lead_id]):
        raise not_found(_("Lead"))
    words = about([lead_id], sender())[lead_id].words
    try:
        subject = rendered(parsed(found.subject, escapes=False), words)
        return " ".join(subject.split()), plain.to_text(rendered(parsed(found.html, escapes=True), words)).strip()
    except WrongTemplate as wrong:
        raise Refused(wrong.message, Kind.INVALID, code="template") from wrong
