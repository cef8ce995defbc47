-- Mean MW of a station's units by time bucket.
select
    time_bucket(to_minutes($bucket), settlementdate - to_minutes($step)) + to_minutes($bucket) as settlementdate,
    duid,
    avg(scadavalue) as mw,
    count(*) * $step / 60.0 as hours
from read_parquet($scada)
where settlementdate > $start and settlementdate <= $end and list_contains($duids, duid)
group by 1, 2
order by 1, 2
