-- Energy and its value by unit.
with unit as (
    select duid, any_value(region) as regionid, any_value(dispatch_type) = 'Load' or any_value(fuel_type) = 'Load' as consumes
    from read_csv($units) group by duid
),
reading as (
    select settlementdate, duid, regionid, case when consumes then -scadavalue else scadavalue end as mw
    from read_parquet($scada) left join unit using (duid)
    where settlementdate > $start and settlementdate <= $end
),
price as (
    select settlementdate, regionid, rrp from read_parquet($prices)
    where settlementdate > $start and settlementdate <= $end
)
select duid, sum(mw) * $step / 60.0 as mwh, sum(mw * rrp) * $step / 60.0 as revenue
from reading left join price using (settlementdate, regionid)
group by duid
order by duid
