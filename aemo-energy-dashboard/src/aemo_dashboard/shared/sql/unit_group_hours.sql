-- Hours in which at least one unit of a group reports, by time bucket.
--   settlementdate: end of the bucket of $bucket minutes, NEM time.   name: of the group.   hours: h.
-- $scada: part files of a table whose rows cover $step minutes each;  $units: duid_mapping.csv;
-- $duids, $names: lists of equal length, a unit and the group that it belongs to.
with members as (
    select unnest($duids) as duid, unnest($names) as name
)
select
    bucket_end(reading.settlementdate, $step, $bucket) as settlementdate,
    members.name,
    count(distinct reading.settlementdate) * $step / 60.0 as hours
from unit_readings($scada, $units, $start, $end) as reading
join members using (duid)
group by 1, 2
order by 1, 2
