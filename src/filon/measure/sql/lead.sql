-- One row a lead: its dimensions, when it first reached each stage, how it left, and each time a human became due.
-- In: row (the leads), fact (what the ledger tells of them, revoked facts left out), shift (working hours).
-- Times are UTC; $zone is the workspace's.

-- section: build
WITH lead_row AS (
    SELECT *, captured_at::TIMESTAMP AS captured
    FROM row
),
told AS (
    SELECT fact.id, lead_id, kind, "at"::TIMESTAMP AS "at", import_id, fact.channel, fact.campaign_id, payload,
        lead_row.captured, lead_row.channel AS lead_channel, lead_row.campaign_id AS lead_campaign_id
    FROM fact JOIN lead_row ON lead_row.id = fact.lead_id
),

-- Stages ----------------------------------------------------------------------------------------------------------
-- An entry that an import wrote at the very moment of capture says where the lead stood, not when it got there.
entry AS (
    SELECT id, lead_id, "at", stage, list_position($stages, stage) - 1 AS rank, import_id IS NOT NULL AS imported,
        NOT (import_id IS NOT NULL AND "at" = captured) AS dated
    FROM (
        SELECT *, payload ->> 'to_stage' AS stage FROM told WHERE kind = 'stage_changed'
        UNION ALL
        SELECT *, payload ->> 'stage' AS stage FROM told
        WHERE kind = 'lead_captured' AND payload ->> 'stage' <> 'captured'
    )
),
journey AS (
    SELECT lead_id,
        min("at") FILTER (rank >= 1) AS qualifying_at,
        min("at") FILTER (rank >= 2) AS nurturing_at,
        min("at") FILTER (rank >= 3) AS mql_at,
        min("at") FILTER (rank >= 4) AS sql_proposed_at,
        min("at") FILTER (rank >= 5) AS opportunity_at,
        min("at") FILTER (rank >= 6) AS customer_at,
        arg_min(dated, ("at", id)) FILTER (rank >= 1) AS qualifying_dated,
        arg_min(dated, ("at", id)) FILTER (rank >= 2) AS nurturing_dated,
        arg_min(dated, ("at", id)) FILTER (rank >= 3) AS mql_dated,
        arg_min(dated, ("at", id)) FILTER (rank >= 4) AS sql_dated,
        arg_min(imported, ("at", id)) FILTER (rank >= 4) AS sql_imported,
        arg_min(dated, ("at", id)) FILTER (rank >= 5) AS opportunity_dated,
        arg_min(dated, ("at", id)) FILTER (rank >= 6) AS customer_dated,
        coalesce(bool_or(rank = 1), false) AS was_qualifying,
        coalesce(bool_or(rank = 2), false) AS was_nurturing,
        coalesce(bool_or(rank = 3), false) AS was_mql,
        coalesce(bool_or(rank = 4), false) AS was_sql,
        coalesce(bool_or(rank = 5), false) AS was_opportunity,
        coalesce(bool_or(rank = 6), false) AS was_customer,
        min("at") FILTER (rank = 2) AS nurtured_at,
        min("at") FILTER (stage = 'mql' AND "at" > first_nurtured) AS nurtured_to_mql_at,
        arg_max(stage, ("at", id)) AS last_stage,
        arg_max("at", ("at", id)) AS last_stage_at
    FROM (SELECT *, min("at") FILTER (rank = 2) OVER (PARTITION BY lead_id) AS first_nurtured FROM entry)
    GROUP BY lead_id
),
verdict AS (
    SELECT lead_id,
        max("at") FILTER (kind = 'sql_accepted') AS accepted_at,
        max("at") FILTER (kind = 'sql_refused') AS refused_at
    FROM told WHERE kind IN ('sql_accepted', 'sql_refused')
    GROUP BY lead_id
),

-- First touch: the earliest voluntary act at or before capture, else the capture itself ----------------------------
touch AS (
    SELECT lead_id, arg_min(channel, ("at", id)) AS channel, arg_min(campaign_id, ("at", id)) AS campaign_id
    FROM told
    WHERE "at" < captured AND channel NOT IN ('', 'unknown')
        AND (list_contains($touches, kind) OR (kind = 'page_viewed' AND campaign_id IS NOT NULL))
    GROUP BY lead_id
),

-- Speed -----------------------------------------------------------------------------------------------------------
act AS (
    SELECT lead_id, "at",
        list_contains($responses, kind) AS is_response,
        list_contains($exchanges, kind)
            OR (kind = 'call_logged' AND list_contains($spoken, payload ->> 'outcome')) AS is_conversation,
        kind = 'call_logged' AS is_call
    FROM told
    WHERE list_contains($responses, kind) OR list_contains($exchanges, kind)
),
routing AS (
    SELECT lead_id, "at", id, route, lag(route) OVER (PARTITION BY lead_id ORDER BY "at", id) AS route_before, captured
    FROM (
        SELECT *, payload ->> 'route' AS route FROM told WHERE kind = 'lead_routed'
        UNION ALL
        SELECT *, 'nurture' AS route FROM told WHERE kind = 'stage_changed' AND payload ->> 'to_stage' = 'nurturing'
    )
),
-- A human becomes due at the capture when the lead is routed at once, else at each passage out of nurturing.
due AS (
    SELECT lead_id, CASE WHEN route_before IS NULL THEN captured ELSE "at" END AS origin_at, true AS is_due
    FROM routing
    WHERE route IN ('sdr', 'direct_sales') AND (route_before IS NULL OR route_before = 'nurture')
),
origin AS (
    SELECT lead_id, origin_at, is_due FROM due
    UNION ALL
    SELECT id, captured, false FROM lead_row ANTI JOIN due ON due.lead_id = lead_row.id
),
exit AS (
    SELECT lead_id, last_stage AS stage, last_stage_at AS "at" FROM journey WHERE list_contains($exits, last_stage)
),
waiting AS (
    SELECT origin.lead_id, origin_at, is_due,
        least(
            (SELECT min(r."at") FROM routing AS r
             WHERE r.lead_id = origin.lead_id AND r.route = 'nurture' AND r."at" > origin_at),
            (SELECT min(x."at") FROM exit AS x WHERE x.lead_id = origin.lead_id AND x."at" >= origin_at)
        ) AS end_at,
        row_number() OVER (PARTITION BY origin.lead_id ORDER BY origin_at) = 1 AS is_first
    FROM origin
),
answered AS (
    SELECT w.lead_id, w.origin_at, w.is_due, any_value(w.end_at) AS end_at,
        min(a."at") FILTER (a.is_response AND a."at" >= w.origin_at) AS response_at,
        min(a."at") FILTER (a.is_conversation AND a."at" >= w.origin_at) AS conversation_at,
        coalesce(bool_or(w.is_first AND a.is_response AND a."at" < r.captured), false) AS responded_before,
        coalesce(bool_or(w.is_first AND a.is_conversation AND a."at" < r.captured), false) AS conversed_before
    FROM waiting AS w
    JOIN lead_row AS r ON r.id = w.lead_id
    LEFT JOIN act AS a ON a.lead_id = w.lead_id
    GROUP BY w.lead_id, w.origin_at, w.is_due
),
-- The same moments on the clock that runs in working hours only: seconds worked since the calendar began.
moment AS (
    SELECT DISTINCT lead_id, calendar, "at"
    FROM (
        SELECT lead_id, unnest([origin_at, response_at, conversation_at, end_at]) AS "at" FROM answered
    )
    JOIN (SELECT id, calendar FROM lead_row) ON id = lead_id
    WHERE "at" IS NOT NULL
),
worked AS (
    SELECT m.lead_id, m."at",
        CASE WHEN m.calendar IN (SELECT calendar FROM shift)
            THEN coalesce(s.before + date_diff('second', s.start_at, least(s.end_at, m."at")), 0)::BIGINT
        END AS seconds
    FROM moment AS m
    ASOF LEFT JOIN shift AS s ON s.calendar = m.calendar AND m."at" >= s.start_at
),
-- A wait is counted from the origin, in seconds: until the answer (none after the lead had left), or until it left.
approach AS (
    SELECT a.lead_id, a.origin_at, {
            'origin_at': a.origin_at,
            'origin_on': (a.origin_at AT TIME ZONE 'UTC' AT TIME ZONE $zone)::DATE,
            'is_due': is_due,
            'responded_before': responded_before,
            'conversed_before': conversed_before,
            'response_s': CASE WHEN is_answered THEN date_diff('second', a.origin_at, response_at)::INTEGER END,
            'conversation_s': CASE WHEN is_talked THEN date_diff('second', a.origin_at, conversation_at)::INTEGER END,
            'end_s': date_diff('second', a.origin_at, end_at)::INTEGER,
            'response_w': CASE WHEN is_answered THEN (r.seconds - o.seconds)::INTEGER END,
            'conversation_w': CASE WHEN is_talked THEN (c.seconds - o.seconds)::INTEGER END,
            'end_w': (e.seconds - o.seconds)::INTEGER,
            'origin_worked': o.seconds
        } AS approach
    FROM (
        SELECT *, response_at <= coalesce(end_at, response_at) AS is_answered,
            conversation_at <= coalesce(end_at, conversation_at) AS is_talked
        FROM answered
    ) AS a
    LEFT JOIN worked AS o ON o.lead_id = a.lead_id AND o."at" = a.origin_at
    LEFT JOIN worked AS r ON r.lead_id = a.lead_id AND r."at" = a.response_at
    LEFT JOIN worked AS c ON c.lead_id = a.lead_id AND c."at" = a.conversation_at
    LEFT JOIN worked AS e ON e.lead_id = a.lead_id AND e."at" = a.end_at
),
-- The first stands in columns of its own, which are quick to read; the few after it in a list.
approached AS (
    SELECT lead_id, approaches[1] AS opening, nullif(approaches[2:], []) AS again
    FROM (SELECT lead_id, list(approach ORDER BY origin_at) AS approaches FROM approach GROUP BY lead_id)
),
promise AS (
    SELECT lead_id, payload ->> 'promise_id' AS promise_id,
        min(((payload ->> 'due_at')::TIMESTAMPTZ) AT TIME ZONE 'UTC') FILTER (kind = 'promise_made') AS due_at,
        bool_or(kind = 'promise_met') AS is_met,
        bool_or(kind = 'promise_cancelled') AS is_cancelled
    FROM told
    WHERE kind IN ('promise_made', 'promise_met', 'promise_cancelled')
    GROUP BY ALL
),
promises AS (
    SELECT lead_id, all_promises[1] AS promised, nullif(all_promises[2:], []) AS promised_again
    FROM (
        SELECT lead_id,
            list({
                'due_at': due_at,
                'due_on': (due_at AT TIME ZONE 'UTC' AT TIME ZONE $zone)::DATE,
                'is_met': is_met,
                'is_cancelled': is_cancelled
            } ORDER BY due_at, promise_id) AS all_promises
        FROM promise
        WHERE due_at IS NOT NULL
        GROUP BY lead_id
    )
),
calls AS (
    SELECT lead_id, count(*) AS attempts, count(*) FILTER (is_conversation) AS reached
    FROM act WHERE is_call
    GROUP BY lead_id
)
SELECT r.id, r.person_id, r.company_id, r.owner_id, r.campaign_id, r.calendar,
    r.channel, r.source, r.source_folded, r.medium, r.door, r.route, r.lead_class, r.motion, r.product_line,
    r.sector, r.sector_folded, r.country, r.country_folded,
    coalesce(j.last_stage, 'captured') AS stage,
    r.is_history::BOOLEAN AS is_history,
    r.captured AS captured_at,
    (r.captured AT TIME ZONE 'UTC' AT TIME ZONE $zone)::DATE AS captured_on,
    r.is_captured_at_known::BOOLEAN AS captured_dated,
    j.qualifying_at, j.nurturing_at, j.mql_at, s.sql_at, j.opportunity_at, j.customer_at,
    (j.qualifying_at AT TIME ZONE 'UTC' AT TIME ZONE $zone)::DATE AS qualifying_on,
    (j.nurturing_at AT TIME ZONE 'UTC' AT TIME ZONE $zone)::DATE AS nurturing_on,
    (j.mql_at AT TIME ZONE 'UTC' AT TIME ZONE $zone)::DATE AS mql_on,
    (s.sql_at AT TIME ZONE 'UTC' AT TIME ZONE $zone)::DATE AS sql_on,
    (j.opportunity_at AT TIME ZONE 'UTC' AT TIME ZONE $zone)::DATE AS opportunity_on,
    (j.customer_at AT TIME ZONE 'UTC' AT TIME ZONE $zone)::DATE AS customer_on,
    j.qualifying_dated, j.nurturing_dated, j.mql_dated, j.sql_dated, j.opportunity_dated, j.customer_dated,
    coalesce(j.was_qualifying, false) AS was_qualifying, coalesce(j.was_nurturing, false) AS was_nurturing,
    coalesce(j.was_mql, false) AS was_mql, coalesce(j.was_sql, false) AS was_sql,
    coalesce(j.was_opportunity, false) AS was_opportunity, coalesce(j.was_customer, false) AS was_customer,
    j.nurtured_at, j.nurtured_to_mql_at,
    -- Yes and no in one number, a bit each, so that a million of them are counted at a glance: funnel.sql reads it.
    (j.qualifying_at IS NOT NULL)::INTEGER
        + (1 << 1) * (j.nurturing_at IS NOT NULL)::INTEGER
        + (1 << 2) * (j.mql_at IS NOT NULL)::INTEGER
        + (1 << 3) * (s.sql_at IS NOT NULL)::INTEGER
        + (1 << 4) * (j.opportunity_at IS NOT NULL)::INTEGER
        + (1 << 5) * (j.customer_at IS NOT NULL)::INTEGER
        + (1 << 6) * coalesce(j.was_qualifying, false)::INTEGER
        + (1 << 7) * coalesce(j.was_nurturing, false)::INTEGER
        + (1 << 8) * coalesce(j.was_mql, false)::INTEGER
        + (1 << 9) * coalesce(j.was_sql, false)::INTEGER
        + (1 << 10) * coalesce(j.was_opportunity, false)::INTEGER
        + (1 << 11) * coalesce(v.accepted_at >= coalesce(v.refused_at, v.accepted_at), false)::INTEGER
        + (1 << 12) * (v.refused_at IS NOT NULL AND coalesce(v.refused_at > v.accepted_at, true))::INTEGER
        + (1 << 13) * (j.nurtured_to_mql_at IS NOT NULL)::INTEGER
        + (1 << 14) * coalesce(j.last_stage = 'nurturing', false)::INTEGER
        + (1 << 15) * coalesce(x.stage = 'disqualified', false)::INTEGER
        + (1 << 16) * coalesce(x.stage = 'lost', false)::INTEGER
        + (1 << 17) * coalesce(x.stage = 'attached', false)::INTEGER
        + (1 << 18) * coalesce(j.sql_imported, false)::INTEGER AS marks,
    x.stage AS exit, x."at" AS exit_at,
    coalesce(t.channel, r.channel) AS first_channel,
    CASE WHEN t.channel IS NULL THEN r.campaign_id ELSE t.campaign_id END AS first_campaign_id,
    r.id IN (SELECT lead_id FROM told WHERE kind = 'lead_routed') AS was_routed,
    opening.*, a.again,
    promised.*, p.promised_again,
    coalesce(c.attempts, 0) AS attempts, coalesce(c.reached, 0) AS attempts_reached
FROM lead_row AS r
LEFT JOIN journey AS j ON j.lead_id = r.id
LEFT JOIN verdict AS v ON v.lead_id = r.id
LEFT JOIN (
    -- An SQL that sales refused and has not accepted since counts as reached only when it went further all the same.
    SELECT j.lead_id, j.sql_proposed_at AS sql_at
    FROM journey AS j LEFT JOIN verdict AS v ON v.lead_id = j.lead_id
    WHERE j.opportunity_at IS NOT NULL OR v.refused_at IS NULL OR coalesce(v.accepted_at >= v.refused_at, false)
) AS s ON s.lead_id = r.id
LEFT JOIN exit AS x ON x.lead_id = r.id
LEFT JOIN touch AS t ON t.lead_id = r.id
LEFT JOIN approached AS a ON a.lead_id = r.id
LEFT JOIN promises AS p ON p.lead_id = r.id
LEFT JOIN calls AS c ON c.lead_id = r.id
