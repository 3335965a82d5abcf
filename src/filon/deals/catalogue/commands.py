"""What people say of products and of other systems' stage names: who brings data in (`imports.run`) explains it."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from typing import Any, Final

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from filon.core.access import Actor
from filon.core.line import Batch
from filon.deals import consequences, pipelines, rules
from filon.deals.catalogue import products
from filon.deals.changes import Changes
from filon.deals.events import ProductRecorded, StageNameMapped
from filon.deals.models import Opportunity, Product, StageName
from filon.deals.pipelines import Pipelines, StageRow
from filon.kit import sql
from filon.kit.errors import Kind, Refused, not_found
from filon.kit.text import fold
from filon.leads.commands import record_findings

PERMISSION: Final = "imports.run"


@transaction.atomic
def save_product(
    product_id: int | None, *, name: str, series: str, price: Decimal | None, by: Actor, at: datetime
) -> int:
    """Declare a product, or say what one is called, belongs to and costs; its id. Emits ProductRecorded.

    A product that only rows had named becomes known. Raises Refused: the name is taken or empty, the price negative.
    """
    by.require(PERMISSION)
    name = name.strip()
    if not products.key(name):
        raise _invalid("name", _("A product needs a name."))
    if price is not None and rules.amount_of(price) is None:
        raise _invalid("price", _("The price is negative or too large."))
    batch = Batch([], by=by, at=at)
    rows = batch.rows(Product)
    same_name = rows.load("name_folded = %s", [products.key(name)], lock=True)
    if any(row["id"] != product_id for row in same_name):
        raise Refused(
            _("Another product has this name."), Kind.CONFLICT, [{"field": "name", "message": _("Taken")}], "taken"
        )
    if product_id is None:
        row = rows.add(created_at=at, name="", name_folded="")
        rows.number()
    else:
        rows.load_ids([product_id], lock=True)
        if product_id not in rows.by_id:
            raise not_found(_("Product"))
        row = rows.by_id[product_id]
    cells: dict[str, Any] = {
        "name": name[:200],
        "name_folded": products.key(name),
        "series": series.strip()[:120],
        "price": None if price is None else rules.amount_of(price),
        "is_known": True,
    }
    changed = [column for column, value in cells.items() if rows.change(row, column, value)]
    if changed:
        batch.tell(ProductRecorded(at=at, product_id=row["id"], fields=sorted(changed)))
    batch.write()
    return int(row["id"])


@transaction.atomic
def map_stage_name(name: str, stage_id: int | None, *, by: Actor, at: datetime) -> int:
    """Say which of our stages another system's name means; how many opportunities that moved. Emits StageNameMapped.

    Opportunities that wait in an unexplained stage of this name go to the stage, closed on their close date where it
    is won or lost. None as stage takes the meaning back for later imports; nothing moves.
    """
    by.require(PERMISSION)
    folded = name_key(name)
    if not folded:
        raise _invalid("name", _("Give the name that the other system uses."))
    batch = Batch([], by=by, at=at)
    known = pipelines.load()
    if stage_id is not None and stage_id not in known.stage_by_id:
        raise _invalid("stage_id", _("There is no such stage."))
    rows = batch.rows(StageName)
    found = rows.load("name_folded = %s", [folded], lock=True)
    row = found[0] if found else rows.add(name=name.strip()[:120], name_folded=folded)
    rows.number()
    rows.change(row, "stage_id", stage_id)
    batch.tell(StageNameMapped(at=at, stage_name_id=row["id"], to_stage_id=stage_id))
    moved = 0 if stage_id is None else _move_waiting(batch, known, folded, known.stage_by_id[stage_id])
    record_findings(batch)
    batch.write()
    return moved


def _move_waiting(batch: Batch, known: Pipelines, folded: str, meant: StageRow) -> int:
    waiting = sql.fetch("SELECT DISTINCT stage_name FROM deals_opportunity WHERE stage_name <> ''")
    spellings = [name for (name,) in waiting if name_key(name) == folded]
    if not spellings:
        return 0
    rows = batch.rows(Opportunity).load(*sql.any_of("stage_name", spellings), lock=True)
    changes = Changes(batch, known)
    zone = timezone.get_default_timezone()
    for row in rows:
        stage = meant if meant.pipeline_id == row["pipeline_id"] else known.by_id[row["pipeline_id"]].like(meant)
        close_at = rules.start_of(row["close_date"], zone) if row["close_date"] else None
        standing = rules.standing(
            stage.state, at=batch.at, won_at=row["won_at"], lost_at=row["lost_at"], close_at=close_at
        )
        changes.place(row, stage, standing, since=standing.closed_at or row["stage_since"])
        changes.set(row, stage_name="")
    consequences.load_leads(batch, rows)
    changes.tell()
    consequences.follow(batch, changes.moves())
    return len(rows)


def name_key(name: str) -> str:
    """The folded form by which another system's stage name is found."""
    return fold(name)[:120]


def _invalid(field: str, message: str) -> Refused:
    return Refused(message, Kind.INVALID, [{"field": field, "message": message}], "invalid")
