-- Energy and its value by region, fuel and price band.
with unit as (
    select
        duid,
        any_value(region) as regionid,
        any_value(fuel_type) as fuel,
        any_value(dispatch_type) = 'Load' or any_value(fuel_type) = 'Load' as consumes
    from read_csv($units) group by duid
),
interval as (
    select
        settlementdate,
        regionid,
        case when consumes and fuel <> 'Battery Storage' then 'Load' else coalesce(fuel, 'Unknown') end as fuel,
        sum(case when consumes then -scadavalue else scadavalue end) as mw
    from read_parquet($scada) left join unit using (duid)
    where settlementdate > $start and settlementdate <= $end
    group by all
),
price as (
    select settlementdate, regionid, rrp from read_parquet($prices)
    where settlementdate > $start and settlementdate <= $end
)
select
    regionid,
    fuel,
    case when rrp < 0 then 0 when rrp < 300 then 1 when rrp < 1000 then 2 when rrp >= 1000 then 3 end as band,
    sum(mw) * $step / 60.0 as mwh,
    sum(mw * rrp) * $step / 60.0 as revenue
from interval left join price using (settlementdate, regionid)
group by all
order by all
