-- The interconnectors that report in the window.   interconnectorid.   mw: mean metered flow, MW.
select interconnectorid, avg(meteredmwflow) as mw
from read_parquet($transmission, union_by_name = true)
where settlementdate > $start and settlementdate <= $end
group by 1
order by 1
