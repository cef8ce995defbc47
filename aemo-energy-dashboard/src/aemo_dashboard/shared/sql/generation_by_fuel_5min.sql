-- Mean MW by fuel and time bucket in one region, or in the NEM when $region is 'NEM'.
--   settlementdate: end of the bucket of $bucket minutes, NEM time.   hours: h of data behind the mean.
--   mw: MW, consumption negative.   above_mw, below_mw: the positive and the negative part of mw, split by unit and
--   5-minute interval before anything is summed or averaged, so a battery that charges cancels neither another that
--   discharges nor itself.
-- $scada: part files of a table whose rows cover $step minutes each;  $units: duid_mapping.csv.
with intervals as (
    select settlementdate, fuel, sum(mw) as mw, sum(above_mw) as above_mw, sum(mw - above_mw) as below_mw
    from unit_readings($scada, $units, $start, $end)
    where $region = 'NEM' or region = $region
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
