-- Mean MW by hour of day and fuel in one region, or in the NEM when $region is 'NEM', over the half hours of some days.
--   hour: 0 … 23, NEM time, of the interval's start.   mw, above_mw, below_mw: MW, as in generation_by_fuel.
--   positive_mw: mean of the positive part of the fuel's sum [MW].   hours: h of data behind the means.
-- $fuels: files of fuel_half_hours;  $days: the days of the week, 1 for Monday … 7, of the interval's start.
with intervals as (
    select settlementdate, fuel, sum(mw) as mw, sum(above_mw) as above_mw, sum(mw - above_mw) as below_mw
    from read_parquet($fuels)
    where settlementdate > $start and settlementdate <= $end and ($region = 'NEM' or region = $region)
    group by all
)
select
    hour(settlementdate - to_minutes($step)) as hour,
    fuel,
    avg(mw) as mw,
    avg(above_mw) as above_mw,
    avg(below_mw) as below_mw,
    avg(greatest(mw, 0)) as positive_mw,
    count(*) * $step / 60.0 as hours
from intervals
where list_contains($days, isodow(settlementdate - to_minutes($step)))
group by 1, 2
order by 1, 2
