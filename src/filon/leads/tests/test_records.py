"""How records of outside systems are found: by their keys, whatever the database believes of their kinds."""

from __future__ import annotations

import pytest

from filon.kit import sql
from filon.leads.records import named


@pytest.mark.parametrize("kind", ["event", "lead"])
def test_records_are_found_by_key_also_before_the_first_of_their_kind_were_counted(db: None, kind: str) -> None:
    if not sql.is_postgresql():
        pytest.skip("SQLite does not count kinds")
    sql.execute(
        'INSERT INTO leads_sourcerecord (kind, system, "key", record_id, digest, given) '
        "SELECT 'lead', 'made', number::text, number, '', '{}' FROM generate_series(1, 20000) AS number"
    )
    sql.execute("ANALYZE leads_sourcerecord")
    where, params = named(kind, [str(number) for number in range(2000)])
    plan = " ".join(row[0] for row in sql.fetch(f"EXPLAIN SELECT id FROM leads_sourcerecord WHERE {where}", params))
    assert "leads_source_record_of" not in plan, plan
