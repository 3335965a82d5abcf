-- How fast people who asked for us, or were sent to a human, hear from one.
-- In: lead, worked_now (the working hours counted until $as_of, by calendar). A case is a time a human became due;
-- $is_due says which of them count. Those not contacted yet are seen waiting until $as_of, those who left until then.

-- section: cases
SELECT *,
    true AS is_leads,
    is_before AS is_out_of_order,
    NOT is_before AND is_answered AS is_responded,
    NOT is_before AND is_talked AS is_conversed,
    NOT is_before AND NOT is_answered AND end_at IS NOT NULL AS is_exited,
    NOT is_before AND NOT is_answered AND end_at IS NULL AS is_waiting
FROM (
    SELECT *,
        responded_before OR conversed_before AS is_before,
        coalesce(response_at <= coalesce(end_at, response_at), false) AS is_answered,
        coalesce(conversation_at <= coalesce(end_at, conversation_at), false) AS is_talked
    FROM (
        SELECT * EXCLUDE (approach), approach.*,
            (approach.origin_at AT TIME ZONE 'UTC' AT TIME ZONE $zone)::DATE AS day
        FROM (
            SELECT * EXCLUDE (approaches), unnest(approaches) AS approach
            FROM lead
            WHERE $is_chosen AND $is_counted
        )
    )
    WHERE $is_in_period AND $is_due
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
    list(response_s ORDER BY response_s) FILTER (is_responded) AS response,
    list(response_s ORDER BY response_s) FILTER (NOT is_responded AND NOT responded_before) AS no_response,
    list(response_worked_s ORDER BY response_worked_s) FILTER (is_responded) AS response_working,
    list(response_worked_s ORDER BY response_worked_s) FILTER (NOT is_responded AND NOT responded_before)
        AS no_response_working,
    list(conversation_s ORDER BY conversation_s) FILTER (is_talked AND NOT conversed_before) AS conversation,
    list(conversation_s ORDER BY conversation_s) FILTER (NOT is_talked AND NOT conversed_before) AS no_conversation,
    list(conversation_worked_s ORDER BY conversation_worked_s) FILTER (is_talked AND NOT conversed_before)
        AS conversation_working,
    list(conversation_worked_s ORDER BY conversation_worked_s) FILTER (NOT is_talked AND NOT conversed_before)
        AS no_conversation_working
FROM (
    SELECT cases.*,
        date_diff('second', origin_at, CASE WHEN is_answered THEN response_at ELSE stopped_at END) AS response_s,
        date_diff('second', origin_at, CASE WHEN is_talked THEN conversation_at ELSE stopped_at END) AS conversation_s,
        CASE WHEN is_answered THEN response_worked ELSE stopped_worked END - origin_worked AS response_worked_s,
        CASE WHEN is_talked THEN conversation_worked ELSE stopped_worked END - origin_worked AS conversation_worked_s
    FROM (
        SELECT cases.*, greatest(coalesce(end_at, $as_of), origin_at) AS stopped_at,
            greatest(coalesce(end_worked, worked_now.seconds), origin_worked) AS stopped_worked
        FROM cases
        LEFT JOIN worked_now ON worked_now.calendar = cases.calendar
    ) AS cases
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
    SELECT * EXCLUDE (promise), promise.*, (promise.due_at AT TIME ZONE 'UTC' AT TIME ZONE $zone)::DATE AS day
    FROM (
        SELECT * EXCLUDE (promises), unnest(promises) AS promise
        FROM lead
        WHERE $is_chosen AND $is_counted
    )
    WHERE promise.due_at <= $as_of
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
