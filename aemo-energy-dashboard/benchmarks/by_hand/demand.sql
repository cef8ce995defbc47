-- Mean demand by region and time bucket, and of the NEM where all five regions have a value.
with region as (
    select settlementdate, regionid, totaldemand as mw from read_parquet($demand)
    where settlementdate > $start and settlementdate <= $end
),
scope as (
    select * from region
    union all
    select settlementdate, 'NEM', sum(mw) from region group by settlementdate having count(*) = 5
)
select
    time_bucket(to_minutes($bucket), settlementdate - to_minutes($step)) + to_minutes($bucket) as settlementdate,
    regionid,
    avg(mw) as mw,
    count(*) * $step / 60.0 as hours
from scope
group by 1, 2
order by 1, 2
