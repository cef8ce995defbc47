-- Output of some units ($duids) and of all of them together by time bucket.
--   settlementdate: end of the bucket of $bucket minutes, NEM time.   duid: '' for all together, summed by stored interval
--   before anything is averaged.   mw: mean MW, consumption negative.   above_mw: mean of the positive parts, split by unit
--   and 5-minute interval.   hours: h of data behind them.   least, greatest: MW, of the stored intervals.
-- $ordered: copies in unit order of months of a table whose rows cover $step minutes each;  $scada: part files of its other
-- months;  $units: duid_mapping.csv.
select
    bucket_end(settlementdate, $step, $bucket) as settlementdate,
    duid,
    avg(mw) as mw,
    avg(above_mw) as above_mw,
    count(*) * $step / 60.0 as hours,
    min(mw) as least,
    max(mw) as greatest
from station_intervals($ordered, $scada, $units, $duids, $start, $end)
group by 1, 2
order by 1, 2
