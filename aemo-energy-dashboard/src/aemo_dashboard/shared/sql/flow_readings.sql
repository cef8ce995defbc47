-- The stored flows as they are, for a duration curve.   settlementdate: end of the interval, NEM time.   interconnectorid.
--   flow_mw: MW, positive from → to.   export_mw, import_mw: MW, the limits, signed as AEMO does; null where not stored.
select
    settlementdate,
    interconnectorid,
    meteredmwflow as flow_mw,
    case when isfinite(exportlimit) then exportlimit end as export_mw,
    case when isfinite(importlimit) then importlimit end as import_mw
from read_parquet($transmission, union_by_name = true)
where settlementdate > $start and settlementdate <= $end and isfinite(meteredmwflow)
