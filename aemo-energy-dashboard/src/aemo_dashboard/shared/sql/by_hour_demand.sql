-- Mean demand by region and hour of the day over a window of years.
--   name: a region, or 'NEM' for the sum of $whole.   hour: 0 … 23, of the interval's start, NEM time.   value: MW.
-- An interval counts for the NEM only where each region of $whole has a value. $demand, $regions, $step: as in demand.
with parts as (
    select settlementdate, regionid as name, any_value(totaldemand) as mw
    from read_parquet($demand, union_by_name = true) as demand
    where demand.settlementdate > $start and demand.settlementdate <= $end
      and isfinite(totaldemand)
      and list_contains(list_concat($regions, $whole), regionid)
    group by 1, 2
),
sums as (
    select settlementdate, 'NEM' as name, sum(mw) as mw
    from parts
    where list_contains($whole, name)
    group by 1
    having count(*) = len($whole)
),
intervals as (
    select * from parts
    union all
    select * from sums
)
select name, hour(settlementdate - to_minutes($step))::int as hour, avg(mw) as value
from intervals
where list_contains($regions, name)
group by 1, 2
order by 1, 2
