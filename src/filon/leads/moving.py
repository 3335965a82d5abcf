"""Moving leads from stage to stage by hand, and taking a move back.

Stages that follow from opportunities are no choice of people: a lead becomes an opportunity when one is recorded, a
customer when it is won, and leaves these stages as its opportunities do.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from django.db import transaction
from django.utils.translation import gettext as _

from filon.core.access import Actor
from filon.core.line import Batch
from filon.kit import sql
from filon.kit.errors import Kind, Refused, not_found
from filon.leads import giving_back, reasons, rules, stages
from filon.leads.events import StageChanged, StageMoveUndone
from filon.leads.giving_back import Told, passages_of
from filon.leads.models import Lead
from filon.leads.sight import seen_by

MOVES_TO: Final = ("captured", "qualifying", "nurturing", "mql", "sql", "disqualified", "lost")
"""The stages that people choose."""
FOLLOWS_DEALS: Final = ("opportunity", "customer", "attached")
"""The stages that follow from opportunities."""
UNDO: Final = timedelta(hours=24)
"""How long a move can be taken back."""

WithDeals = Callable[[Sequence[int]], set[int]]
_with_deals: WithDeals | None = None


def connect(with_deals: WithDeals) -> None:
    """Set who knows which of some leads have opportunities; called once at start."""
    global _with_deals  # noqa: PLW0603 — wired once, as `core.ledger.connect` is
    _with_deals = with_deals


@dataclass(frozen=True, slots=True)
class Move:
    """A lead and where it shall go. seen: the stage it was shown at, version: of the lead; None: whatever they are."""

    lead_id: int
    stage: str
    reason: str = ""
    seen: str | None = None
    version: int | None = None


@transaction.atomic
def move_lead(move: Move, *, by: Actor, at: datetime) -> None:
    """Move one lead. Raises Refused; see `move_leads`."""
    refusal = move_leads([move], by=by, at=at)[0]
    if refusal is not None:
        raise refusal


def move_leads(items: Sequence[Move], *, by: Actor, at: datetime) -> list[Refused | None]:
    """Move leads, one answer an item: None, or why not. Needs `leads.move`. Must run in a transaction.

    An exit asks for its reason. A closed lead comes back unless its person has another one open. Emits StageChanged.
    """
    by.require("leads.move")
    batch = Batch([], by=by, at=at)
    rows = batch.rows(Lead)
    rows.load_ids(seen_by(by, (item.lead_id for item in items)), lock=True)
    bound = _bound_to_deals(rows.by_id.values())
    taken = giving_back.people_with_open_lead(rows.by_id.values())
    answers: list[Refused | None] = []
    for item in items:
        lead = rows.by_id.get(item.lead_id)
        refusal = _refusal(item, lead, bound, taken)
        answers.append(refusal)
        if refusal is None and lead is not None and _move(batch, lead, item.stage, item.reason, at):
            taken.add((lead["person_id"], lead["product_line"]))
    batch.write()
    return answers


def _move(batch: Batch, lead: dict[str, Any], stage: str, reason: str, at: datetime) -> bool:
    """Move a loaded lead; whether it is open now and was not before."""
    was_open = lead["is_open"]
    if stages.move(batch, lead, stage, at=at, reason=reason.strip()[:500]):
        _touch(batch, lead, at)
    return bool(lead["is_open"] and not was_open)


def _touch(batch: Batch, lead: dict[str, Any], at: datetime) -> None:
    batch.rows(Lead).change(lead, "version", lead["version"] + 1)
    batch.rows(Lead).change(lead, "updated_at", at)


# Why not --------------------------------------------------------------------------------------------------------------


def _refusal(item: Move, lead: dict[str, Any] | None, bound: set[int], taken: set[tuple[int, str]]) -> Refused | None:
    if lead is None:
        return not_found(_("Lead"))
    is_stale = (item.seen is not None and item.seen != lead["stage"]) or item.version not in {None, lead["version"]}
    if is_stale:
        return Refused(
            _("Someone moved or changed this lead while you were looking at it. Reload the page and try again."),
            Kind.STALE,
            code="stale",
        )
    if item.stage == lead["stage"]:
        return None
    refusal = _no_such_way(item.stage, lead, is_bound=lead["id"] in bound)
    if refusal is None and item.stage in reasons.OF_EXIT and not item.reason.strip():
        errors: list[dict[str, object]] = [{"field": "reason", "message": _("Choose a reason.")}]
        return Refused(_("Say why this lead leaves."), Kind.INVALID, errors, "reason_missing")
    comes_back = not lead["is_open"] and rules.is_open(item.stage)
    if refusal is None and comes_back and (lead["person_id"], lead["product_line"]) in taken:
        return Refused(
            _("This person has another open lead. Work with that one."), Kind.CONFLICT, code="other_open_lead"
        )
    return refusal


def _no_such_way(stage: str, lead: dict[str, Any], *, is_bound: bool) -> Refused | None:
    if stage not in rules.ALL_STAGES:
        return Refused(_("There is no such stage."), Kind.INVALID, code="stage")
    message = {
        "opportunity": _("A lead becomes an opportunity when one is recorded for it: open the lead to create it."),
        "customer": _("A lead becomes a customer when its opportunity is won."),
        "attached": _("A lead is attached when another one of its account is won."),
    }.get(stage)
    if message is None and lead["stage"] in FOLLOWS_DEALS and is_bound:
        message = _("This lead follows its opportunity: move or reopen the opportunity.")
    return Refused(message, Kind.CONFLICT, code="follows_opportunity") if message else None


def _bound_to_deals(leads: Iterable[dict[str, Any]]) -> set[int]:
    """Those of these leads whose stage follows an opportunity. One statement when any stands at such a stage."""
    ids = [lead["id"] for lead in leads if lead["stage"] in FOLLOWS_DEALS]
    return _with_deals(ids) if ids and _with_deals is not None else set()


# Taking back ----------------------------------------------------------------------------------------------------------


def last_moves(lead_ids: Sequence[int]) -> dict[int, int]:
    """The fact of the last change of stage of each of these leads: what an undo names. One statement."""
    return {lead_id: last.fact_id for lead_id, told in passages_of(lead_ids).items() if (last := _last(told))}


@transaction.atomic
def undo_moves(facts: Sequence[int], *, by: Actor, at: datetime) -> list[Refused | None]:
    """Take back changes of stage named by their facts, one answer each. Needs `leads.move`.

    Only the last change of a lead can be taken back, by who made it or may assign leads, within a day. The lead is
    again what it was; the fact that says so revokes the other. Emits StageMoveUndone.
    """
    by.require("leads.move")
    where, params = sql.any_of("id", sorted(set(facts)))
    found = sql.fetch(
        f"SELECT id, lead_id, learnt_at, actor_kind, actor_id FROM core_fact WHERE {where} AND kind = %s",
        [*params, StageChanged.kind],
    )
    told = {row[0]: row for row in found}
    batch = Batch([], by=by, at=at)
    rows = batch.rows(Lead)
    rows.load_ids(seen_by(by, (row[1] for row in found)), lock=True)
    history = passages_of(rows.by_id)
    taken = giving_back.people_with_open_lead(rows.by_id.values())
    answers = [_undo(batch, told.get(fact_id), history, taken) for fact_id in facts]
    batch.write()
    return answers


def _undo(
    batch: Batch,
    told: tuple[Any, ...] | None,
    history: Mapping[int, Sequence[Told]],
    taken: set[tuple[int, str]],
) -> Refused | None:
    lead = batch.rows(Lead).by_id.get(told[1]) if told else None
    if told is None or lead is None:
        return not_found(_("Lead"))
    fact_id, lead_id, learnt_at, *author = told
    passages = history.get(lead_id, [])
    last = _last(passages)
    if last is None or last.fact_id != fact_id or lead["stage"] != last.new:
        return Refused(
            _("This lead has been moved again since: the first move cannot be taken back."), Kind.STALE, code="stale"
        )
    is_own = tuple(author) == (batch.by.kind, batch.by.id)
    if not is_own and not batch.by.may("leads.assign"):
        return Refused(_("Only who moved a lead can take that back."), Kind.FORBIDDEN, code="forbidden")
    since = sql.as_utc(learnt_at)
    if since is not None and batch.at - since > UNDO:
        return Refused(_("A move can be taken back for a day."), Kind.CONFLICT, code="too_late")
    before = giving_back.standing(lead, passages, [told for told in passages if told.counts and told is not last])
    if before["is_open"] and not lead["is_open"] and (lead["person_id"], lead["product_line"]) in taken:
        return Refused(
            _("This person has another open lead. Work with that one."), Kind.CONFLICT, code="other_open_lead"
        )
    _put_back(batch, lead, before, last)
    return None


def _last(passages: Sequence[Told]) -> Told | None:
    """The last passage that counts: those of undone imports are forgotten."""
    return next((passage for passage in reversed(passages) if passage.counts), None)


def _put_back(batch: Batch, lead: dict[str, Any], before: dict[str, Any], last: Told) -> None:
    """The lead as it was before its last passage."""
    giving_back.stand(batch.rows(Lead), lead, before)
    _touch(batch, lead, batch.at)
    batch.tell(
        StageMoveUndone(
            at=batch.at,
            lead_id=lead["id"],
            person_id=lead["person_id"],
            company_id=lead["company_id"],
            from_stage=last.new,
            to_stage=before["stage"],
            revokes_id=last.fact_id,
        )
    )
