-- fuel_values_30min over 5-minute intervals: the same columns, from readings ($scada, $units) and prices of 5 minutes.
with intervals as (
    select settlementdate, region, fuel, sum(mw) as mw, sum(above_mw) as above_mw
    from unit_readings($scada, $units, $start, $end)
    where $region = 'NEM' or region = $region
    group by all
)
select * from fuel_value_rows('intervals', $prices, $start, $end, 5)
