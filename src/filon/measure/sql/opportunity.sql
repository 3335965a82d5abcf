-- One row an opportunity: its dimensions, where it stands, and how long it took.
-- In: row (the opportunities), fact (what the ledger tells of them, revoked facts left out; read for a past time only).
-- A moment is counted on the workspace's wall clock ($zone), so that a deal from one midnight to another takes whole days.

-- section: build
WITH told AS (
    SELECT opportunity_id AS id,
        arg_max(kind, fact.id) FILTER (kind IN ('opportunity_won', 'opportunity_lost', 'opportunity_reopened')) AS last_kind,
        arg_max("at"::TIMESTAMP, fact.id) FILTER (kind IN ('opportunity_won', 'opportunity_lost')) AS last_at,
        arg_max(value::DECIMAL(18, 2), fact.id) FILTER (value IS NOT NULL) AS amount,
        arg_max(coalesce(payload ->> 'to_stage_id', payload ->> 'stage_id'), fact.id)
            FILTER (kind IN ('opportunity_created', 'opportunity_stage_changed')) AS stage_id
    FROM fact
    GROUP BY opportunity_id
),
standing AS (
    SELECT row.* REPLACE (
            CASE WHEN $is_past THEN told.amount ELSE row.amount::DECIMAL(18, 2) END AS amount,
            CASE WHEN $is_past THEN told.stage_id::BIGINT ELSE row.stage_id END AS stage_id,
            CASE WHEN NOT $is_past THEN won_at::TIMESTAMP WHEN last_kind = 'opportunity_won' THEN last_at END AS won_at,
            CASE WHEN NOT $is_past THEN lost_at::TIMESTAMP WHEN last_kind = 'opportunity_lost' THEN last_at END AS lost_at,
            CASE WHEN is_created_at_known = 1 THEN created_at::TIMESTAMP END AS created_at,
            captured_at::TIMESTAMP AS captured_at
        )
    FROM row
    LEFT JOIN told ON told.id = row.id
    WHERE told.id IS NOT NULL OR NOT $is_past
),
dated AS (
    SELECT *, coalesce(won_at, lost_at) AS closed_at,
        created_at AT TIME ZONE 'UTC' AT TIME ZONE $zone AS created_local,
        captured_at AT TIME ZONE 'UTC' AT TIME ZONE $zone AS captured_local,
        coalesce(won_at, lost_at) AT TIME ZONE 'UTC' AT TIME ZONE $zone AS closed_local
    FROM standing
)
SELECT id, lead_id, company_id, owner_id, product_id, pipeline_id, stage_id,
    sector, sector_folded, country, country_folded, currency, amount,
    close_date::DATE AS close_date, created_at, won_at, lost_at, closed_at,
    created_local::DATE AS created_on, closed_local::DATE AS closed_on,
    CASE WHEN won_at IS NOT NULL THEN date_diff('second', created_local, closed_local) END AS cycle_s,
    CASE WHEN won_at IS NOT NULL THEN date_diff('second', captured_local, closed_local) END AS revenue_s
FROM dated
