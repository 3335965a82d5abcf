-- The flows of a period: first entries into each stage in it, whenever the leads were captured.
-- In: lead. A lead is a case once for each stage it reached in the period.

-- section: cases
SELECT *,
    entered = 'captured' AS is_captured, entered = 'qualifying' AS is_qualifying, entered = 'nurturing' AS is_nurturing,
    entered = 'mql' AS is_mql, entered = 'sql' AS is_sql, entered = 'opportunity' AS is_opportunity,
    entered = 'customer' AS is_customer
FROM (
    SELECT *, unnest(['captured', 'qualifying', 'nurturing', 'mql', 'sql', 'opportunity', 'customer']) AS entered,
        unnest([captured_on, qualifying_on, nurturing_on, mql_on, sql_on, opportunity_on, customer_on]) AS day
    FROM lead
    WHERE $is_chosen AND $is_counted
)
WHERE day IS NOT NULL AND $is_in_period

-- section: figure
SELECT $keys
    count(*) FILTER (is_captured) AS captured,
    count(*) FILTER (is_qualifying) AS qualifying,
    count(*) FILTER (is_nurturing) AS nurturing,
    count(*) FILTER (is_mql) AS mql,
    count(*) FILTER (is_sql) AS sql,
    count(*) FILTER (is_opportunity) AS opportunity,
    count(*) FILTER (is_customer) AS customer
FROM cases
GROUP BY ALL
