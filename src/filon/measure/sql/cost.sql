-- What leads cost: spend of a period beside the leads captured in it, by the channel and campaign of their first touch.
-- In: lead, cost (per day). $kinds are those that cost per lead counts; other currencies than $currency stay out.

-- section: cases
SELECT *,
    mql_on IS NOT NULL AS is_mql,
    sql_on IS NOT NULL AS is_sql,
    opportunity_on IS NOT NULL AS is_opportunity,
    customer_on IS NOT NULL AS is_customer,
    true AS is_leads
FROM (
    SELECT * REPLACE (first_channel AS channel, first_campaign_id AS campaign_id), captured_on AS day
    FROM lead
    WHERE $is_chosen AND $is_counted
)
WHERE $is_in_period

-- section: figure
SELECT $keys
    count(*) AS leads,
    count(*) FILTER (is_mql) AS mql,
    count(*) FILTER (is_sql) AS sql,
    count(*) FILTER (is_opportunity) AS opportunity,
    count(*) FILTER (is_customer) AS customer,
    max(captured_at) AS last_captured_at
FROM cases
GROUP BY ALL

-- section: won_cases
-- Those who became customers in the period, whenever they were captured.
SELECT *, true AS is_customers_won
FROM (
    SELECT * REPLACE (first_channel AS channel, first_campaign_id AS campaign_id), customer_on AS day
    FROM lead
    WHERE customer_on IS NOT NULL AND $is_chosen AND $is_counted
)
WHERE $is_in_period

-- section: won
SELECT $keys count(*) AS customers_won FROM won_cases GROUP BY ALL

-- section: spend_cases
SELECT *, is_ours AS is_spend, is_ours AND list_contains($kinds, kind) AS is_spend_direct, NOT is_ours AS is_left_out
FROM (SELECT *, currency = $currency AS is_ours FROM cost)
WHERE $is_in_period

-- section: spend
SELECT $keys
    sum(amount) FILTER (is_spend) AS spend,
    sum(amount) FILTER (is_spend_direct) AS spend_direct,
    count(DISTINCT id) FILTER (is_left_out) AS left_out
FROM spend_cases
GROUP BY ALL

-- section: known_cases
SELECT *, list_contains($kinds, kind) AS is_direct FROM cost WHERE currency = $currency

-- section: known
-- Where any cost was ever entered, and any of the kinds counted: elsewhere nothing is known, which is not nothing spent.
SELECT $keys bool_or(is_direct) AS is_direct_known FROM known_cases GROUP BY ALL HAVING count(*) > 0
