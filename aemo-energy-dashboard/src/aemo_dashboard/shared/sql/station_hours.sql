-- Output of some units ($duids) and of all of them together by hour of the day, over the stored intervals of a window.
--   hour: 0 … 23, of the interval's start, NEM time: 00:00 belongs to 23.   duid: '' for all together, summed by interval
--   before anything is averaged.   mw: mean MW, consumption negative.   above_mw: mean of the positive parts, split by unit
--   and 5-minute interval.   hours: h of data behind them.
-- $rolled: files of unit_half_hours, read in ($start, $since];  $scada: part files of a table whose rows cover $step minutes
-- each, read in ($since, $end];  $units: duid_mapping.csv.
with readings as materialized (
    select settlementdate, duid, mw, above_mw
    from read_parquet($rolled)
    where settlementdate > $start and settlementdate <= $since and list_contains($duids, duid)
    union all
    select settlementdate, duid, mw, above_mw
    from unit_readings($scada, $units, $since, $end)
    where list_contains($duids, duid)
),
parts as (
    select * from readings
    union all by name
    select settlementdate, '' as duid, sum(mw) as mw, sum(above_mw) as above_mw from readings group by settlementdate
)
select
    hour(settlementdate - to_minutes($step)) as hour,
    duid,
    avg(mw) as mw,
    avg(above_mw) as above_mw,
    count(*) * $step / 60.0 as hours
from parts
group by 1, 2
order by 1, 2
