-- Metered flow and limits of every interconnector and stored interval in the window, also of those that nobody knows.
--   settlementdate: end of the interval, NEM time.   interconnectorid.   mw: MW, positive from → to.
--   export_mw, import_mw: the limits, MW, signed as AEMO does (import negative); null where none is stored.
select
    settlementdate,
    interconnectorid,
    any_value(meteredmwflow) as mw,
    any_value(exportlimit) as export_mw,
    any_value(importlimit) as import_mw
from read_parquet($transmission, union_by_name = true)
where settlementdate > $start and settlementdate <= $end and isfinite(meteredmwflow)
group by all
order by all
