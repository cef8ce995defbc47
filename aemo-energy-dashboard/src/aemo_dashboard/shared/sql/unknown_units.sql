-- Units that report MW and are in no registration list, in the whole NEM: nobody knows their region.
--   duid.   mw: mean MW over the intervals in which it reported.   largest_mw: the largest absolute MW.
with units as (
    select distinct upper(trim(duid)) as duid
    from read_parquet($units, union_by_name = true)
)
select
    upper(trim(scada.duid)) as duid,
    avg(scada.scadavalue) as mw,
    max(abs(scada.scadavalue)) as largest_mw
from read_parquet($scada, union_by_name = true) as scada
anti join units on units.duid = upper(trim(scada.duid))
where scada.settlementdate > $start and scada.settlementdate <= $end and isfinite(scada.scadavalue)
group by 1
order by 1
