-- How fast people who asked for us, or were sent to a human, hear from one.
-- In: lead, worked_now (the working hours counted until $as_of, by calendar). A case is a time a human became due;
-- $is_due says which of them count. Those not contacted yet are seen waiting until $as_of, those who left until then.

-- section: cases
-- The first time stands in the lead's own columns, the few others in the list `again`.
SELECT *,
    is_before AS is_out_of_order,
    NOT is_before AND response_s IS NOT NULL AS is_responded,
    NOT is_before AND conversation_s IS NOT NULL AS is_conversed,
    NOT is_before AND response_s IS NULL AND end_s IS NOT NULL AS is_exited,
    NOT is_before AND response_s IS NULL AND end_s IS NULL AS is_waiting
FROM (
    SELECT *, responded_before OR conversed_before AS is_before
    FROM (
        SELECT * EXCLUDE (again), origin_on AS day
        FROM lead
        WHERE $is_chosen AND $is_counted AND $is_due
        UNION ALL BY NAME
        SELECT *, origin_on AS day
        FROM (
            SELECT * EXCLUDE (later), later.*
            FROM (
                SELECT * EXCLUDE ($of_approach, again), unnest(again) AS later
                FROM lead
                WHERE again IS NOT NULL AND $is_chosen AND $is_counted
            )
        )
        WHERE $is_due
    )
    WHERE $is_in_period
)

-- section: figure
SELECT $keys
    count(DISTINCT id) AS leads,
    count(*) AS due,
    count(*) FILTER (is_responded) AS responded,
    count(*) FILTER (is_conversed) AS conversed,
    count(*) FILTER (is_out_of_order) AS out_of_order,
    count(*) FILTER (is_exited) AS exited,
    count(*) FILTER (is_waiting) AS waiting,
    list(response_s ORDER BY response_s) FILTER (NOT responded_before AND response_s IS NOT NULL) AS response,
    list(no_response_s ORDER BY no_response_s) FILTER (NOT responded_before AND response_s IS NULL) AS no_response,
    list(response_w ORDER BY response_w) FILTER (NOT responded_before AND response_s IS NOT NULL) AS response_working,
    list(no_response_w ORDER BY no_response_w) FILTER (NOT responded_before AND response_s IS NULL)
        AS no_response_working,
    list(conversation_s ORDER BY conversation_s) FILTER (NOT conversed_before AND conversation_s IS NOT NULL)
        AS conversation,
    list(no_response_s ORDER BY no_response_s) FILTER (NOT conversed_before AND conversation_s IS NULL)
        AS no_conversation,
    list(conversation_w ORDER BY conversation_w) FILTER (NOT conversed_before AND conversation_s IS NOT NULL)
        AS conversation_working,
    list(no_response_w ORDER BY no_response_w) FILTER (NOT conversed_before AND conversation_s IS NULL)
        AS no_conversation_working
FROM (
    SELECT cases.*,
        coalesce(end_s, greatest(date_diff('second', origin_at, $as_of), 0)::INTEGER) AS no_response_s,
        coalesce(end_w, greatest(worked_now.seconds - origin_worked, 0)::INTEGER) AS no_response_w
    FROM cases
    LEFT JOIN worked_now ON worked_now.calendar = cases.calendar
)
GROUP BY ALL

-- section: worked_now
SELECT calendar, arg_max(before + date_diff('second', start_at, least(end_at, $as_of)), start_at) AS seconds
FROM shift
WHERE start_at <= $as_of
GROUP BY calendar

-- section: clock_cases
-- A case is a promise whose due time lies in the period and has come.
SELECT *,
    NOT is_cancelled AND is_met AS is_sla_met,
    NOT is_cancelled AND NOT is_met AS is_sla_breached,
    is_cancelled AS is_sla_cancelled
FROM (
    SELECT * EXCLUDE (promised_again), due_on AS day
    FROM lead
    WHERE due_at <= $as_of AND $is_chosen AND $is_counted
    UNION ALL BY NAME
    SELECT * EXCLUDE (later), later.*, later.due_on AS day
    FROM (
        SELECT * EXCLUDE (due_at, due_on, is_met, is_cancelled, promised_again), unnest(promised_again) AS later
        FROM lead
        WHERE promised_again IS NOT NULL AND $is_chosen AND $is_counted
    )
    WHERE later.due_at <= $as_of
)
WHERE $is_in_period

-- section: clocks
SELECT $keys
    count(*) FILTER (is_sla_met) AS sla_met,
    count(*) FILTER (is_sla_breached) AS sla_breached,
    count(*) FILTER (is_sla_cancelled) AS sla_cancelled
FROM clock_cases
GROUP BY ALL

-- section: attempt_cases
SELECT *, attempts > 0 AS is_attempted, attempts_reached > 0 AS is_reached
FROM (SELECT *, captured_on AS day FROM lead WHERE $is_chosen AND $is_counted)
WHERE $is_in_period AND attempts > 0

-- section: attempts
SELECT $keys
    sum(attempts)::BIGINT AS attempts,
    count(*) AS attempted,
    count(*) FILTER (is_reached) AS reached
FROM attempt_cases
GROUP BY ALL
