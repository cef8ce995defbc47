-- The roll-up of one part of scada30 by half hour, region and fuel.   settlementdate: end of the half hour, NEM time.
--   region: null for units in no list.   mw: MW, consumption negative.   above_mw: positive parts, split by unit and
--   5-minute interval before they are summed.   units: how many report.
select settlementdate, region, fuel, sum(mw) as mw, sum(above_mw) as above_mw, count(*)::int as units
from unit_readings($scada, $units, $start, $end)
group by all
order by all
