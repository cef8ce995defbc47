-- Mean price by region and time bucket.
select
    time_bucket(to_minutes($bucket), settlementdate - to_minutes($step)) + to_minutes($bucket) as settlementdate,
    regionid,
    avg(rrp) as rrp,
    count(*) * $step / 60.0 as hours
from read_parquet($prices)
where settlementdate > $start and settlementdate <= $end
group by 1, 2
order by 1, 2
