-- generation_by_fuel_30min for every region in one reading: the same columns, and region (null for units in no list).
-- $fuels: files of fuel_half_hours.
select
    bucket_end(settlementdate, $step, $bucket) as settlementdate,
    region,
    fuel,
    avg(mw) as mw,
    avg(above_mw) as above_mw,
    avg(mw - above_mw) as below_mw,
    count(*) * $step / 60.0 as hours
from read_parquet($fuels)
where settlementdate > $start and settlementdate <= $end
group by 1, 2, 3
order by 1, 2, 3
