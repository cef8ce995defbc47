-- by_hour_fuels of the NEM: the regions and the units in no list are summed by half hour first. The same columns, with
-- 'NEM' for the region.
with intervals as (
    select settlementdate, fuel, sum(mw) as mw, sum(above_mw) as above_mw
    from read_parquet($fuels)
    where settlementdate > $start and settlementdate <= $end
    group by 1, 2
)
select
    'NEM' as region,
    fuel,
    hour(settlementdate - interval 30 minutes)::int as hour,
    avg(mw) as mw,
    avg(above_mw) as above_mw,
    avg(mw - above_mw) as below_mw,
    count(*) * 0.5 as hours
from intervals
group by 2, 3
order by 2, 3
