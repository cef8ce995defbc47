-- The roll-up of one part of scada30 by unit and day, with its value at the half-hour price of its region.
--   Columns as unit_day_rows in macros.sql: settlementdate (end of the day, NEM time), duid, region, fuel, h, MWh, $.
select *
from unit_day_rows($scada, $prices, $units, $start, $end, 30)
order by settlementdate, duid
