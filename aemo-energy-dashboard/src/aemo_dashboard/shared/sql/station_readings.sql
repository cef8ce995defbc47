-- Output of some units ($duids) and of all of them together by time bucket.
--   settlementdate: end of the bucket of $bucket minutes, NEM time.   duid: '' for all together, summed by stored interval
--   before anything is averaged.   mw: mean MW, consumption negative.   above_mw: mean of the positive parts, split by unit
--   and 5-minute interval.   hours: h of data behind them.   least, greatest: MW, of the stored intervals.
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
    bucket_end(settlementdate, $step, $bucket) as settlementdate,
    duid,
    avg(mw) as mw,
    avg(above_mw) as above_mw,
    count(*) * $step / 60.0 as hours,
    min(mw) as least,
    max(mw) as greatest
from parts
group by 1, 2
order by 1, 2
