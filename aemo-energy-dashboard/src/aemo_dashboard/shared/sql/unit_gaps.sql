-- Units that lack intervals between their first and their last value in the window, where other units have one.
--   duid.   missing: how many stored intervals lie between and hold nothing of the unit.
-- In one region, or in the NEM when $region is 'NEM'. $scada, $units: as in generation_by_fuel.
with units as (
    select upper(trim(duid)) as duid, any_value(region) as region
    from read_parquet($units, union_by_name = true)
    group by all
),
readings as (
    select scada.settlementdate, upper(trim(scada.duid)) as duid
    from read_parquet($scada, union_by_name = true) as scada
    where scada.settlementdate > $start and scada.settlementdate <= $end and isfinite(scada.scadavalue)
),
numbered as (
    select settlementdate, row_number() over (order by settlementdate) as n
    from (select distinct settlementdate from readings)
)
select duid, max(n) - min(n) + 1 - count(*) as missing
from readings
join numbered using (settlementdate)
left join units using (duid)
where $region = 'NEM' or units.region = $region
group by duid
having missing > 0
order by missing desc, duid
