-- The five figures of the head's home: what happened in a period, in one look.
-- In: lead, opportunity, and the spend of cost.sql. $first_at and $last_at are the period's bounds, UTC.

-- section: lead_cases
SELECT *,
    captured_at >= $first_at AND captured_at < $last_at AS is_new_leads,
    coalesce(sql_at >= $first_at AND sql_at < $last_at, false) AS is_sql_accepted,
    coalesce(customer_at >= $first_at AND customer_at < $last_at, false) AS is_customers_won
FROM lead
WHERE $is_chosen AND $is_counted

-- section: leads
SELECT
    count(*) FILTER (is_new_leads) AS new_leads,
    count(*) FILTER (is_sql_accepted) AS sql_accepted,
    count(*) FILTER (is_customers_won) AS customers_won
FROM lead_cases

-- section: deal_cases
SELECT *,
    coalesce(created_at >= $first_at AND created_at < $last_at, false) AS is_created,
    coalesce(won_at >= $first_at AND won_at < $last_at AND won_at <= $as_of, false) AS is_won,
    CASE WHEN currency = $currency THEN amount END AS ours
FROM opportunity
WHERE $is_chosen

-- section: deals
SELECT
    count(*) FILTER (is_created) AS created,
    coalesce(sum(ours) FILTER (is_created), 0) AS created_amount,
    count(*) FILTER (is_won) AS won,
    coalesce(sum(ours) FILTER (is_won), 0) AS won_amount
FROM deal_cases
