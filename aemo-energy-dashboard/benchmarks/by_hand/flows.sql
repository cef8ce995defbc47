-- Mean flow of every interconnector by time bucket, and its value at the difference of the two regions' prices.
with ends as (
    select unnest($names) as interconnectorid, unnest($origins) as origin, unnest($destinations) as destination
),
price as (
    select settlementdate, regionid, rrp from read_parquet($prices)
    where settlementdate > $start and settlementdate <= $end
),
flow as (
    select flow.settlementdate, interconnectorid, meteredmwflow as mw, entered.rrp - left_.rrp as difference
    from read_parquet($transmission) as flow
    join ends using (interconnectorid)
    left join price as entered on entered.regionid = destination and entered.settlementdate = flow.settlementdate
    left join price as left_ on left_.regionid = origin and left_.settlementdate = flow.settlementdate
    where flow.settlementdate > $start and flow.settlementdate <= $end
)
select
    time_bucket(to_minutes($bucket), settlementdate - to_minutes($step)) + to_minutes($bucket) as settlementdate,
    interconnectorid,
    avg(mw) as flow_mw,
    count(*) * $step / 60.0 as hours,
    sum(mw * difference) * $step / 60.0 as value
from flow
group by 1, 2
order by 1, 2
