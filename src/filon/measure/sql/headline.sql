-- The five figures of the head's home: what happened in a period, in one look.
-- In: lead, opportunity, and the spend of cost.sql; $accepted is that of funnel.sql. The period is the days [$first, $last).

-- section: lead_cases
SELECT *,
    captured_on >= $first AND captured_on < $last AS is_new_leads,
    coalesce(sql_on >= $first AND sql_on < $last, false) AND $accepted AS is_sql_accepted,
    coalesce(customer_on >= $first AND customer_on < $last, false) AS is_customers_won
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
    coalesce(created_on >= $first AND created_on < $last, false) AS is_created,
    coalesce(closed_on >= $first AND closed_on < $last AND won_at <= $as_of, false) AS is_won,
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
