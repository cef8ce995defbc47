-- Demand of each region, and of the NEM over the half hours in which all of $regions have one.
--   region.   hours: h.   mw: mean, MW.   least, greatest: MW, and least_at, greatest_at the end of the first half hour
--   that had it, NEM time.   first: end of the first half hour that counts.
-- $demand: part files of regions30.   $region: one region, or 'NEM' for that and all regions.
with known as (
    select settlementdate, regionid as region, any_value(totaldemand) as mw
    from read_parquet($demand, union_by_name = true)
    where settlementdate > $start and settlementdate <= $end
      and isfinite(totaldemand)
      and list_contains($regions, regionid)
      and ($region = 'NEM' or regionid = $region)
    group by all
),
scopes as (
    select settlementdate, region, mw from known
    union all
    select settlementdate, 'NEM', sum(mw) from known group by settlementdate having count(*) = len($regions)
)
select
    region,
    count(*) * 0.5 as hours,
    avg(mw) as mw,
    min(mw) as least,
    arg_min(settlementdate, row(mw, epoch_us(settlementdate))) as least_at,
    max(mw) as greatest,
    arg_max(settlementdate, row(mw, -epoch_us(settlementdate))) as greatest_at,
    min(settlementdate) as first
from scopes
group by 1
order by 1
