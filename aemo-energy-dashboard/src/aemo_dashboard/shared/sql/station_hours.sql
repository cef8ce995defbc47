-- Output of some units ($duids) and of all of them together by hour of the day, over the stored intervals of a window.
--   hour: 0 … 23, of the interval's start, NEM time: 00:00 belongs to 23.   duid: '' for all together, summed by interval
--   before anything is averaged.   mw: mean MW, consumption negative.   above_mw: mean of the positive parts, split by unit
--   and 5-minute interval.   hours: h of data behind them.
-- $ordered: copies in unit order of months of a table whose rows cover $step minutes each;  $scada: part files of its other
-- months;  $units: duid_mapping.csv.
select
    hour(settlementdate - to_minutes($step)) as hour,
    duid,
    avg(mw) as mw,
    avg(above_mw) as above_mw,
    count(*) * $step / 60.0 as hours
from station_intervals($ordered, $scada, $units, $duids, $start, $end)
group by 1, 2
order by 1, 2
