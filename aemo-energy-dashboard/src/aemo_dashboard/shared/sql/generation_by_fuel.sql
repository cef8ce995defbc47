-- Mean MW by fuel and time bucket in one region, or in the NEM when $region is 'NEM'.
--   settlementdate: end of the bucket of $bucket minutes, NEM time.   hours: h of data behind the mean.
--   mw: MW, consumption negative.   above_mw, below_mw: the positive and the negative part of mw, split by unit and
--   5-minute interval before anything is summed or averaged (scada30 keeps the mean of the positive parts), so a battery
--   that charges cancels neither another that discharges nor itself.
-- $scada: part files of a table whose rows cover $step minutes each;  $units: duid_mapping.csv.
-- Pumps and the charging side of two-unit batteries (dispatch type Load) report positive MW while they consume.
with units as (
    select
        upper(trim(duid)) as duid,
        any_value(region) as region,
        coalesce(any_value(nullif(trim(fuel_type), '')), 'Unknown') as fuel,
        coalesce(bool_or(fuel_type = 'Load' or dispatch_type ilike '%load%'), false) as consumes
    from read_csv($units, header = true, all_varchar = true, union_by_name = true)
    group by all
),
readings as (
    select
        scada.settlementdate,
        case when units.consumes and units.fuel <> 'Battery Storage' then 'Load' else coalesce(units.fuel, 'Unknown') end as fuel,
        case when units.consumes then -scada.scadavalue else scada.scadavalue end as mw,
        coalesce(scada.scadavalue_positive, greatest(scada.scadavalue, 0)) as up,
        case when units.consumes then up - scada.scadavalue else up end as above_mw
    from read_parquet($scada, union_by_name = true) as scada
    left join units on units.duid = upper(trim(scada.duid))
    where scada.settlementdate > $start and scada.settlementdate <= $end
      and isfinite(scada.scadavalue)
      and ($region = 'NEM' or units.region = $region)
),
intervals as (
    select
        settlementdate,
        fuel,
        sum(mw) as mw,
        sum(above_mw) as above_mw,
        sum(mw - above_mw) as below_mw
    from readings
    group by all
)
select
    time_bucket(to_minutes($bucket), settlementdate - to_minutes($step)) + to_minutes($bucket) as settlementdate,
    fuel,
    avg(mw) as mw,
    avg(above_mw) as above_mw,
    avg(below_mw) as below_mw,
    count(*) * $step / 60.0 as hours
from intervals
group by 1, 2
order by 1, 2
