-- Rooftop solar of the asked regions together, by time bucket.
--   settlementdate: end of the bucket of $bucket minutes, NEM time.   mw: MW.   hours: h of data behind the mean.
--   incomplete: half hours left out since one of $regions is missing in them.
--   parts: the regions seen in the window, comma-separated.
-- $regions holds only whole regions: QLDC, QLDN, QLDS, TASN and TASS are parts of QLD1 and TAS1.
with parts as (
    select settlementdate, regionid, power
    from read_parquet($rooftop, union_by_name = true) as rooftop
    where rooftop.settlementdate > $start and rooftop.settlementdate <= $end
      and isfinite(power)
      and list_contains($regions, regionid)
),
seen as (select string_agg(distinct regionid, ',' order by regionid) as parts from parts),
intervals as (
    select settlementdate, case when count(*) = len($regions) then sum(power) end as mw, any_value(seen.parts) as parts
    from parts cross join seen
    group by 1
)
select
    bucket_end(settlementdate, $step, $bucket) as settlementdate,
    avg(mw) as mw,
    count(mw) * $step / 60.0 as hours,
    count(*) - count(mw) as incomplete,
    any_value(parts) as parts
from intervals
group by 1
order by 1
