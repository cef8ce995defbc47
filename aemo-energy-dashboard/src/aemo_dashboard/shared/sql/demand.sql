-- Demand (TOTALDEMAND) by region and time bucket.
--   settlementdate: end of the bucket of $bucket minutes, NEM time.   regionid: a region, or 'NEM' for the sum of $whole.
--   mw: MW, the mean of the intervals of $step minutes in the bucket.   hours: h of data behind it.
--   least, greatest: MW, of those intervals.
-- An interval counts for the NEM only where each region of $whole has a value. $regions: the ones wanted, and 'NEM'.
with parts as (
    select settlementdate, regionid, any_value(totaldemand) as mw
    from read_parquet($demand, union_by_name = true) as demand
    where demand.settlementdate > $start and demand.settlementdate <= $end
      and isfinite(totaldemand)
      and list_contains(list_concat($regions, $whole), regionid)
    group by 1, 2
),
sums as (
    select settlementdate, 'NEM' as regionid, sum(mw) as mw
    from parts
    where list_contains($whole, regionid)
    group by 1
    having count(*) = len($whole)
),
intervals as (
    select * from parts
    union all
    select * from sums
)
select
    bucket_end(settlementdate, $step, $bucket) as settlementdate,
    regionid,
    avg(mw) as mw,
    count(*) * $step / 60.0 as hours,
    min(mw) as least,
    max(mw) as greatest
from intervals
where list_contains($regions, regionid)
group by 1, 2
order by 1, 2
