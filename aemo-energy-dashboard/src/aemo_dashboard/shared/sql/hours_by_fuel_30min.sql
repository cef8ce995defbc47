-- Mean MW by hour of day and fuel in one region, or in the NEM when $region is 'NEM', over the half hours of some days.
--   hour: 0 … 23, NEM time, of the interval's start.   mw, above_mw, below_mw: MW, as in generation_by_fuel.
--   positive_mw: mean of the positive part of the fuel's sum [MW].   hours: h of data behind the means.
-- $fuels: files of fuel_half_hours;  $days: the days of the week, 1 for Monday … 7, of the interval's start.
with intervals as (select * from fuel_intervals($fuels, $region, $start, $end))
select * from fuel_hours_of_day('intervals', $days, $step)
