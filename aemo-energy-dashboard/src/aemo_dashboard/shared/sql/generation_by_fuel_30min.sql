-- generation_by_fuel, from the roll-up of scada30 by half hour, region and fuel. The same columns and parameters, but
-- $fuels (files of fuel_half_hours) in place of the readings.
with intervals as (
    select settlementdate, fuel, sum(mw) as mw, sum(above_mw) as above_mw, sum(mw - above_mw) as below_mw
    from read_parquet($fuels)
    where settlementdate > $start and settlementdate <= $end and ($region = 'NEM' or region = $region)
    group by all
)
select
    bucket_end(settlementdate, $step, $bucket) as settlementdate,
    fuel,
    avg(mw) as mw,
    avg(above_mw) as above_mw,
    avg(below_mw) as below_mw,
    count(*) * $step / 60.0 as hours
from intervals
group by 1, 2
order by 1, 2
