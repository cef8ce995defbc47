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
select * from rated_buckets('intervals', $step, $bucket)
