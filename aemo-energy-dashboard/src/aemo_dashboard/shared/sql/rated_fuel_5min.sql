-- rated_fuel_30min over 5-minute intervals: the same columns, from readings ($scada, $units).
with rated as (
    select duid from units($units) where consumes or (isfinite(capacity_mw) and capacity_mw > 0)
),
intervals as (
    select settlementdate, fuel, sum(mw) as mw, sum(above_mw) as above_mw
    from unit_readings($scada, $units, $start, $end)
    where duid in (select duid from rated) and ($region = 'NEM' or region = $region)
    group by all
)
select
    bucket_end(settlementdate, $step, $bucket) as settlementdate,
    fuel,
    avg(mw) as mw,
    avg(above_mw) as above_mw,
    avg(mw - above_mw) as below_mw,
    max(mw) as most,
    max(above_mw) as above_most,
    min(mw - above_mw) as below_most,
    count(*) * $step / 60.0 as hours
from intervals
group by 1, 2
order by 1, 2
