-- Mean MW by fuel and time bucket in the NEM, from the stored rows; loads count as consumption.
with unit as (
    select duid, any_value(fuel_type) as fuel, any_value(dispatch_type) = 'Load' or any_value(fuel_type) = 'Load' as consumes
    from read_csv($units) group by duid
),
interval as (
    select
        settlementdate,
        case when consumes and fuel <> 'Battery Storage' then 'Load' else coalesce(fuel, 'Unknown') end as fuel,
        sum(case when consumes then -scadavalue else scadavalue end) as mw
    from read_parquet($scada) left join unit using (duid)
    where settlementdate > $start and settlementdate <= $end
    group by all
)
select
    time_bucket(to_minutes($bucket), settlementdate - to_minutes($step)) + to_minutes($bucket) as settlementdate,
    fuel,
    avg(mw) as mw,
    count(*) * $step / 60.0 as hours
from interval
group by 1, 2
order by 1, 2
