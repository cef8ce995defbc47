-- Output of some units ($duids) by interval.   settlementdate: end of the interval, NEM time.   duid.
--   mw: MW, consumption negative.   above_mw: its positive part.
-- $ordered: copies in unit order of months of a table whose rows cover $step minutes each;  $scada: part files of its other
-- months;  $units: duid_mapping.csv.
select bucket_end(settlementdate, $step, $bucket) as settlementdate, duid, avg(mw) as mw, avg(above_mw) as above_mw,
    count(*) * $step / 60.0 as hours, min(mw) as least, max(mw) as greatest
from readings_of($ordered, $scada, $units, $duids, $start, $end)
group by 1, 2
order by 1, 2
