"""The people of a deal, and who could be one."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from filon.deals.models import ROLE_LABELS
from filon.deals.rows import OpportunityRow
from filon.kit import sql
from filon.kit.text import fold

_OFFERED: Final = 100
_NAME: Final = "COALESCE(NULLIF(person.full_name, ''), NULLIF(person.email, ''), person.phone)"


@dataclass(frozen=True, slots=True)
class DealPersonRow:
    """A person with a role in a deal."""

    person_id: int
    name: str
    job_title: str
    email: str
    role: str

    @property
    def role_label(self) -> str:
        """The role in words."""
        return str(ROLE_LABELS[self.role])


@dataclass(frozen=True, slots=True)
class Around:
    """The people of a deal, the decision-maker first, and who could be given a role: (id, name)."""

    people: list[DealPersonRow]
    candidates: list[tuple[int, str]]


def around(deal: OpportunityRow) -> Around:
    """Who has a say in a deal, and who else is known of its account or is the person of its lead. One statement.

    No permission is checked: the caller has read the deal.
    """
    cells = f"person.id, {_NAME}, person.job_title, person.email"
    unknown = (
        "NOT EXISTS (SELECT 1 FROM deals_dealperson known WHERE known.person_id = person.id "
        "AND known.opportunity_id = %s)"
    )
    found = sql.fetch(
        f"SELECT {cells}, deal_person.role FROM deals_dealperson deal_person "
        "JOIN leads_person person ON person.id = deal_person.person_id WHERE deal_person.opportunity_id = %s "
        f"UNION SELECT {cells}, '' FROM leads_lead lead JOIN leads_person person ON person.id = lead.person_id "
        f"WHERE lead.id = %s AND {unknown} "
        f"UNION SELECT * FROM (SELECT {cells}, '' FROM leads_person person "
        f"WHERE person.company_id = %s AND {unknown} ORDER BY person.id LIMIT {_OFFERED}) AS account",
        [deal.id, deal.lead_id or 0, deal.id, deal.company_id or 0, deal.id],
    )
    rows = [DealPersonRow(*row) for row in found]
    order = list(ROLE_LABELS)
    people = sorted((one for one in rows if one.role), key=lambda one: (order.index(one.role), one.name, one.person_id))
    candidates = sorted(((one.person_id, one.name) for one in rows if not one.role), key=lambda pair: fold(pair[1]))
    return Around(people, candidates)
