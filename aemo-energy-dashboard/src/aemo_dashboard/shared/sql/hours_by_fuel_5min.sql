-- hours_by_fuel_30min over 5-minute intervals: the same columns, from readings ($scada, $units).
with intervals as (select * from fuel_intervals_of_units($scada, $units, $region, $start, $end))
select * from fuel_hours_of_day('intervals', $days, $step)
