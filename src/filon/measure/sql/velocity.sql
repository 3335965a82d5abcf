-- What opportunities become: won and lost in a period by the day they closed, open at its end, and how fast money moves.
-- In: opportunity, lead, bucket (the period, or its parts when it is split by time: first, last (not in it), ends_at).
-- Amounts in another currency than $currency are counted and left out of sums.

-- section: cases
SELECT *,
    is_open AND (close_date IS NULL OR close_date >= ends_on) AS is_open_on_time,
    is_won AND amount IS NOT NULL AND currency <> $currency AS is_left_out,
    is_won AND coalesce(revenue_s < 0, false) AS is_out_of_order,
    is_created AND is_won_ever AS is_created_won,
    is_created AND is_lost_ever AS is_created_lost,
    is_created AND NOT is_won_ever AND NOT is_lost_ever AS is_created_open,
    CASE WHEN currency = $currency THEN amount END AS ours
FROM (
    SELECT opportunity.*, bucket.*,
        coalesce(won_at <= $as_of, false) AS is_won_ever,
        coalesce(lost_at <= $as_of, false) AS is_lost_ever,
        coalesce(created_at < ends_at, true) AND coalesce(closed_at >= ends_at, true) AS is_open,
        coalesce(won_at <= $as_of AND closed_on >= first AND closed_on < last, false) AS is_won,
        coalesce(lost_at <= $as_of AND closed_on >= first AND closed_on < last, false) AS is_lost,
        coalesce(closed_at < ends_at AND closed_on >= ends_on - INTERVAL 12 MONTH, false) AS is_trailing,
        coalesce(created_on >= first AND created_on < last, false) AS is_created
    FROM (SELECT * FROM opportunity WHERE $is_chosen) AS opportunity
    CROSS JOIN bucket
)
WHERE is_open OR is_won OR is_lost OR is_trailing OR is_created

-- section: figure
SELECT $keys
    count(*) FILTER (is_open) AS open,
    count(*) FILTER (is_won) AS won,
    count(*) FILTER (is_lost) AS lost,
    count(*) FILTER (is_open_on_time) AS open_on_time,
    coalesce(sum(ours) FILTER (is_open), 0) AS open_amount,
    coalesce(sum(ours) FILTER (is_won), 0) AS won_amount,
    coalesce(sum(ours) FILTER (is_lost), 0) AS lost_amount,
    count(ours) FILTER (is_won) AS won_with_amount,
    count(*) FILTER ((is_won OR is_lost) AND ours IS NULL) AS closed_without_amount,
    median(ours::DECIMAL(20, 4)) FILTER (is_won) AS median_deal,
    count(cycle_s) FILTER (is_won AND cycle_s >= 0) AS cycles,
    coalesce(sum(cycle_s) FILTER (is_won AND cycle_s >= 0), 0)::BIGINT AS cycle_s,
    median(cycle_s) FILTER (is_won AND cycle_s >= 0) AS cycle_median_s,
    count(revenue_s) FILTER (is_won AND revenue_s >= 0) AS revenues,
    coalesce(sum(revenue_s) FILTER (is_won AND revenue_s >= 0), 0)::BIGINT AS revenue_s,
    median(revenue_s) FILTER (is_won AND revenue_s >= 0) AS revenue_median_s,
    count(*) FILTER (is_out_of_order) AS out_of_order,
    count(*) FILTER (is_won AND company_id IS NULL) AS without_company,
    count(*) FILTER (is_left_out) AS left_out,
    count(*) FILTER (is_created) AS created,
    coalesce(sum(ours) FILTER (is_created), 0) AS created_amount,
    count(*) FILTER (is_created_won) AS created_won,
    count(*) FILTER (is_created_lost) AS created_lost,
    count(*) FILTER (is_created_open) AS created_open,
    count(*) FILTER (is_trailing AND is_won_ever) AS trailing_won,
    count(*) FILTER (is_trailing AND is_lost_ever) AS trailing_lost,
    coalesce(sum(ours) FILTER (is_trailing AND is_won_ever), 0) AS trailing_amount,
    count(ours) FILTER (is_trailing AND is_won_ever) AS trailing_with_amount,
    count(cycle_s) FILTER (is_trailing AND is_won_ever AND cycle_s >= 0) AS trailing_cycles,
    coalesce(sum(cycle_s) FILTER (is_trailing AND is_won_ever AND cycle_s >= 0), 0)::BIGINT AS trailing_cycle_s
FROM cases
GROUP BY ALL
