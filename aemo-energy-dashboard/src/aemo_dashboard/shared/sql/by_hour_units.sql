-- Mean output of groups of units by hour of the day over a window of years.
--   name: of the group.   hour: 0 … 23, of the interval's start, NEM time.   value: MW, consumption negative: the units of
--   an interval summed, then the mean over the intervals in which one of them reports.
-- $ordered: copies in unit order of months of a table whose rows cover $step minutes each;  $scada: part files of its other
-- months;  $units: duid_mapping.csv;
-- $duids, $names: lists of equal length, a unit and the group that it belongs to.
with members as (
    select unnest($duids) as duid, unnest($names) as name
),
intervals as (
    select settlementdate, members.name, sum(mw) as mw
    from readings_of($ordered, $scada, $units, $duids, $start, $end)
    join members using (duid)
    group by 1, 2
)
select name, hour(settlementdate - to_minutes($step))::int as hour, avg(mw) as value
from intervals
group by 1, 2
order by 1, 2
