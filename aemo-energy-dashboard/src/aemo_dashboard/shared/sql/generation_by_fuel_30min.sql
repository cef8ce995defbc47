-- generation_by_fuel, from the roll-up of scada30 by half hour, region and fuel. The same columns and parameters, but
-- $fuels (files of fuel_half_hours) in place of the readings.
with intervals as (select * from fuel_intervals($fuels, $region, $start, $end))
select * from fuel_buckets('intervals', $step, $bucket)
