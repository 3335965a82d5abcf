-- The funnel of the leads captured in a period: how many of them have reached each stage by now.
-- In: lead. $is_counted says who belongs to the population, $is_chosen who is asked about, $is_in_period when.

-- section: cases
SELECT *, is_captured AND qualifying_at IS NOT NULL AS is_qualifying,
    is_captured AND nurturing_at IS NOT NULL AS is_nurturing,
    is_captured AND mql_at IS NOT NULL AS is_mql,
    is_captured AND sql_at IS NOT NULL AS is_sql,
    is_captured AND opportunity_at IS NOT NULL AS is_opportunity,
    is_captured AND customer_at IS NOT NULL AS is_customer,
    is_captured AND coalesce(was_nurturing, false) AS is_nurturing_visited,
    is_captured AND nurtured_to_mql_at IS NOT NULL AS is_nurtured_to_mql,
    is_captured AND stage = 'nurturing' AS is_nurturing_now,
    is_captured AND qualifying_at IS NOT NULL AND NOT was_qualifying AS is_qualifying_skipped,
    is_captured AND nurturing_at IS NOT NULL AND NOT was_nurturing AS is_nurturing_skipped,
    is_captured AND mql_at IS NOT NULL AND NOT was_mql AS is_mql_skipped,
    is_captured AND sql_at IS NOT NULL AND NOT was_sql AS is_sql_skipped,
    is_captured AND opportunity_at IS NOT NULL AND NOT was_opportunity AS is_opportunity_skipped,
    is_captured AND sql_accepted_at IS NOT NULL
        AND (sql_refused_at IS NULL OR sql_accepted_at >= sql_refused_at) AS is_sql_accepted,
    is_captured AND sql_refused_at IS NOT NULL
        AND (sql_accepted_at IS NULL OR sql_accepted_at < sql_refused_at) AS is_sql_refused,
    is_captured AND exit = 'disqualified' AS is_disqualified,
    is_captured AND exit = 'lost' AS is_lost,
    is_captured AND exit = 'attached' AS is_attached
FROM (
    SELECT *, captured_on AS day, true AS is_raw, coalesce($is_counted, false) AS is_captured
    FROM lead
    WHERE $is_chosen AND $is_in_period
)

-- section: figure
SELECT $keys
    count(*) AS raw,
    count(*) FILTER (is_captured) AS captured,
    count(*) FILTER (is_qualifying) AS qualifying,
    count(*) FILTER (is_nurturing) AS nurturing,
    count(*) FILTER (is_mql) AS mql,
    count(*) FILTER (is_sql) AS sql,
    count(*) FILTER (is_opportunity) AS opportunity,
    count(*) FILTER (is_customer) AS customer,
    count(*) FILTER (is_nurturing_visited) AS nurturing_visited,
    count(*) FILTER (is_nurtured_to_mql) AS nurtured_to_mql,
    count(*) FILTER (is_nurturing_now) AS nurturing_now,
    count(*) FILTER (is_qualifying_skipped) AS qualifying_skipped,
    count(*) FILTER (is_nurturing_skipped) AS nurturing_skipped,
    count(*) FILTER (is_mql_skipped) AS mql_skipped,
    count(*) FILTER (is_sql_skipped) AS sql_skipped,
    count(*) FILTER (is_opportunity_skipped) AS opportunity_skipped,
    count(*) FILTER (is_sql_accepted) AS sql_accepted,
    count(*) FILTER (is_sql_refused) AS sql_refused,
    count(*) FILTER (is_disqualified) AS disqualified,
    count(*) FILTER (is_lost) AS lost,
    count(*) FILTER (is_attached) AS attached,
    max(captured_at) FILTER (is_captured) AS last_captured_at
FROM cases
GROUP BY ALL

-- section: delay
-- How long a passage takes, by its moments $a_at and $b_at: waits in seconds, sorted, of those who passed and who did
-- not. Who has no dated entry of their own is left out.
SELECT list(wait ORDER BY wait) FILTER (is_dated AND is_passed) AS passed,
    list(wait ORDER BY wait) FILTER (is_dated AND NOT is_passed) AS still,
    count(*) FILTER (is_dated AND is_exit) AS exits,
    count(*) FILTER (NOT is_dated) AS left_out
FROM (
    SELECT *,
        greatest(date_diff('second', a_at, CASE WHEN is_passed THEN b_at WHEN is_exit THEN exit_at ELSE $as_of END), 0)
            AS wait
    FROM (
        SELECT a_at, b_at, exit_at, b_at IS NOT NULL AS is_passed,
            b_at IS NULL AND coalesce(exit_at >= a_at, false) AS is_exit,
            coalesce(a_dated, false) AND (b_at IS NULL OR (coalesce(b_dated, false) AND b_at >= a_at)) AS is_dated
        FROM (SELECT $a_at AS a_at, $b_at AS b_at, $a_dated AS a_dated, $b_dated AS b_dated, exit_at FROM $population)
        WHERE a_at IS NOT NULL
    )
)

-- section: waiting
-- Who reached $a_at and waits for $b_at now, and who of them longer than $p90 seconds.
SELECT count(*) AS waiting, count(*) FILTER (date_diff('second', $a_at, $as_of) > $p90) AS too_long
FROM cases
WHERE is_captured AND $a_at IS NOT NULL AND $b_at IS NULL AND exit IS NULL
