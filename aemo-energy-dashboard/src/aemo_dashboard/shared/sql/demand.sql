-- Demand (TOTALDEMAND) by region and time bucket.
--   settlementdate: end of the bucket of $bucket minutes, NEM time.   regionid: a region, or 'NEM' for the sum of $whole.
--   mw: MW, the mean of the intervals of $step minutes in the bucket.   hours: h of data behind it.
--   least, greatest: MW, of those intervals.
-- An interval counts for the NEM only where each region of $whole has a value. $regions: the ones wanted, and 'NEM'.
select
    bucket_end(settlementdate, $step, $bucket) as settlementdate,
    regionid,
    avg(mw) as mw,
    count(*) * $step / 60.0 as hours,
    min(mw) as least,
    max(mw) as greatest
from demand_intervals($demand, $regions, $whole, $start, $end)
group by 1, 2
order by 1, 2
