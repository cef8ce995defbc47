-- MW by fuel and time bucket of the units whose capacity is known, in one region, or in the NEM when $region is 'NEM'.
--   settlementdate: end of the bucket of $bucket minutes, NEM time.   hours: h of data behind it.
--   mw, above_mw, below_mw: mean MW, as in generation_by_fuel.   most, above_most, below_most: MW, the greatest of mw
--   and above_mw and the least of below_mw among the half hours of the bucket.
-- $fuels: files of fuel_half_hours.
with intervals as (
    select settlementdate, fuel, sum(rated_mw) as mw, sum(rated_above_mw) as above_mw
    from read_parquet($fuels)
    where settlementdate > $start and settlementdate <= $end and ($region = 'NEM' or region = $region)
    group by all
)
select
    bucket_end(settlementdate, $step, $bucket) as settlementdate,
    fuel,
    avg(mw) as mw,
    avg(above_mw) as above_mw,
    avg(mw - above_mw) as below_mw,
    max(mw) as most,
    max(above_mw) as above_most,
    min(mw - above_mw) as below_most,
    count(*) * $step / 60.0 as hours
from intervals
where mw is not null
group by 1, 2
order by 1, 2
