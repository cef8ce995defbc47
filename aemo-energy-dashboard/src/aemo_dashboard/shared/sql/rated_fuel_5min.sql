-- rated_fuel_30min over 5-minute intervals: the same columns, from readings ($scada, $units).
with rated as (
    select duid from rated_units($units) where counted
),
intervals as (
    select settlementdate, fuel, sum(mw) as mw, sum(above_mw) as above_mw
    from unit_readings($scada, $units, $start, $end)
    where duid in (select duid from rated) and ($region = 'NEM' or region = $region)
    group by all
)
select * from rated_buckets('intervals', $step, $bucket)
