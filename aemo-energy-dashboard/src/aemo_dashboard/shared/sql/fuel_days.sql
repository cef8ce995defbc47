-- The roll-up of one part of scada30 by day, region and fuel, with its value at the half-hour price of its region.
--   Columns as fuel_day_rows in macros.sql: settlementdate (end of the day, NEM time), region ('NEM' for the sum of all,
--   null for units in no list), fuel, h, MWh, $.
select *
from fuel_day_rows($scada, $prices, $units, $start, $end, 30)
order by settlementdate, region, fuel
