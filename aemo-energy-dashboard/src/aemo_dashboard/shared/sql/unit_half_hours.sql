-- The roll-up of one part of scada30 in the order of its units, so that a few of them are read without all others.
--   settlementdate: end of the half hour, NEM time.   duid.   mw: MW, consumption negative.   above_mw: its positive part,
--   split by 5-minute interval.
select settlementdate, duid, mw, above_mw
from unit_readings($scada, $units, $start, $end)
order by duid, settlementdate
