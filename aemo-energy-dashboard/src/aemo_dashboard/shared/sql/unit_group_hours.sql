-- Hours in which at least one unit of a group reports, by time bucket.
--   settlementdate: end of the bucket of $bucket minutes, NEM time.   name: of the group.   hours: h.
-- $ordered: copies in unit order of months of a table whose rows cover $step minutes each;  $scada: part files of its other
-- months;  $units: duid_mapping.csv;
-- $duids, $names: lists of equal length, a unit and the group that it belongs to.
with members as (
    select unnest($duids) as duid, unnest($names) as name
)
select
    bucket_end(reading.settlementdate, $step, $bucket) as settlementdate,
    members.name,
    count(distinct reading.settlementdate) * $step / 60.0 as hours
from readings_of($ordered, $scada, $units, $duids, $start, $end) as reading
join members using (duid)
group by 1, 2
order by 1, 2
