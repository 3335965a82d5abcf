-- The funnel of the leads captured in a period: how many of them have reached each stage by now.
-- In: lead. $is_counted says who belongs to the population, $is_chosen who is asked about, $is_in_period when.

-- section: cases
SELECT *, $marked
FROM (
    SELECT *, captured_on AS day, coalesce($is_counted, false) AS is_captured
    FROM lead
)
WHERE $is_chosen AND $is_in_period

-- section: marked
-- What the bits of `marks` say (lead.sql writes them).
    true AS is_raw,
    is_captured AND (marks & 1) > 0 AS is_qualifying,
    is_captured AND (marks >> 1 & 1) > 0 AS is_nurturing,
    is_captured AND (marks >> 2 & 1) > 0 AS is_mql,
    is_captured AND (marks >> 3 & 1) > 0 AS is_sql,
    is_captured AND (marks >> 4 & 1) > 0 AS is_opportunity,
    is_captured AND (marks >> 5 & 1) > 0 AS is_customer,
    is_captured AND (marks >> 7 & 1) > 0 AS is_nurturing_visited,
    is_captured AND (marks & 1) > (marks >> 6 & 1) AS is_qualifying_skipped,
    is_captured AND (marks >> 1 & 1) > (marks >> 7 & 1) AS is_nurturing_skipped,
    is_captured AND (marks >> 2 & 1) > (marks >> 8 & 1) AS is_mql_skipped,
    is_captured AND (marks >> 3 & 1) > (marks >> 9 & 1) AS is_sql_skipped,
    is_captured AND (marks >> 4 & 1) > (marks >> 10 & 1) AS is_opportunity_skipped,
    is_captured AND $accepted AS is_sql_accepted,
    is_captured AND (marks >> 11 & 1) > 0 AS is_sql_accepted_told,
    is_captured AND (marks >> 12 & 1) > 0 AS is_sql_refused,
    is_captured AND (marks >> 13 & 1) > 0 AS is_nurtured_to_mql,
    is_captured AND (marks >> 14 & 1) > 0 AS is_nurturing_now,
    is_captured AND (marks >> 15 & 1) > 0 AS is_disqualified,
    is_captured AND (marks >> 16 & 1) > 0 AS is_lost,
    is_captured AND (marks >> 17 & 1) > 0 AS is_attached

-- section: accepted
-- Sales took the SQL: they said so; or nobody says of it, and an import brought it, or nobody ever said so of any.
((marks >> 11 & 1) > 0
    OR ((marks >> 3 & 1) > 0 AND (marks >> 12 & 1) = 0
        AND ((marks >> 18 & 1) > 0 OR (SELECT NOT coalesce(bool_or((marks >> 11 & 1) > 0), false) FROM lead))))

-- section: figure
-- Leads with equal marks are counted first, then the few kinds of marks are added up.
SELECT $keys
    coalesce(sum(leads), 0)::BIGINT AS raw,
    coalesce(sum(leads) FILTER (is_captured), 0)::BIGINT AS captured,
    coalesce(sum(leads) FILTER (is_qualifying), 0)::BIGINT AS qualifying,
    coalesce(sum(leads) FILTER (is_nurturing), 0)::BIGINT AS nurturing,
    coalesce(sum(leads) FILTER (is_mql), 0)::BIGINT AS mql,
    coalesce(sum(leads) FILTER (is_sql), 0)::BIGINT AS sql,
    coalesce(sum(leads) FILTER (is_opportunity), 0)::BIGINT AS opportunity,
    coalesce(sum(leads) FILTER (is_customer), 0)::BIGINT AS customer,
    coalesce(sum(leads) FILTER (is_nurturing_visited), 0)::BIGINT AS nurturing_visited,
    coalesce(sum(leads) FILTER (is_nurtured_to_mql), 0)::BIGINT AS nurtured_to_mql,
    coalesce(sum(leads) FILTER (is_nurturing_now), 0)::BIGINT AS nurturing_now,
    coalesce(sum(leads) FILTER (is_qualifying_skipped), 0)::BIGINT AS qualifying_skipped,
    coalesce(sum(leads) FILTER (is_nurturing_skipped), 0)::BIGINT AS nurturing_skipped,
    coalesce(sum(leads) FILTER (is_mql_skipped), 0)::BIGINT AS mql_skipped,
    coalesce(sum(leads) FILTER (is_sql_skipped), 0)::BIGINT AS sql_skipped,
    coalesce(sum(leads) FILTER (is_opportunity_skipped), 0)::BIGINT AS opportunity_skipped,
    coalesce(sum(leads) FILTER (is_sql_accepted), 0)::BIGINT AS sql_accepted,
    coalesce(sum(leads) FILTER (is_sql_accepted_told), 0)::BIGINT AS sql_accepted_told,
    coalesce(sum(leads) FILTER (is_sql_refused), 0)::BIGINT AS sql_refused,
    coalesce(sum(leads) FILTER (is_disqualified), 0)::BIGINT AS disqualified,
    coalesce(sum(leads) FILTER (is_lost), 0)::BIGINT AS lost,
    coalesce(sum(leads) FILTER (is_attached), 0)::BIGINT AS attached,
    max(last_captured_at) FILTER (is_captured) AS last_captured_at
FROM (
    SELECT *, $marked
    FROM (
        SELECT $keys is_captured, marks, count(*) AS leads, max(captured_at) AS last_captured_at
        FROM cases
        GROUP BY ALL
    )
)
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
-- Who reached $a_at and waits for $b_at now, and who of them longer than $most seconds.
SELECT count(*) AS waiting, count(*) FILTER (date_diff('second', $a_at, $as_of) > $most) AS too_long
FROM cases
WHERE is_captured AND $a_at IS NOT NULL AND $b_at IS NULL AND exit IS NULL
