-- hours_by_fuel_30min over 5-minute intervals: the same columns, from readings ($scada, $units).
with intervals as (
    select settlementdate, fuel, sum(mw) as mw, sum(above_mw) as above_mw, sum(mw - above_mw) as below_mw
    from unit_readings($scada, $units, $start, $end)
    where $region = 'NEM' or region = $region
    group by all
)
select
    hour(settlementdate - to_minutes($step)) as hour,
    fuel,
    avg(mw) as mw,
    avg(above_mw) as above_mw,
    avg(below_mw) as below_mw,
    avg(greatest(mw, 0)) as positive_mw,
    count(*) * $step / 60.0 as hours
from intervals
where list_contains($days, isodow(settlementdate - to_minutes($step)))
group by 1, 2
order by 1, 2
