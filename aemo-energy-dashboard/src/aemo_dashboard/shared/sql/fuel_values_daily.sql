-- fuel_values_30min from the roll-up of scada30 by day, region and fuel: the same columns, over a window that begins at a
-- midnight. Parameters as daily_generation_by_fuel.
with days as (
    select * from read_parquet($days) where settlementdate > $start and settlementdate <= $whole_to
    union all by name
    select * from fuel_day_rows($tail_scada, $tail_prices, $units, $whole_to, $end, 30)
)
select
    region,
    fuel,
    sum(hours) as hours,
    sum(mwh) as mwh,
    sum(above_mwh) as above_mwh,
    sum(mwh - above_mwh) as below_mwh,
    sum(priced_mwh) as priced_mwh,
    sum(priced_above_mwh) as priced_above_mwh,
    sum(priced_mwh - priced_above_mwh) as priced_below_mwh,
    sum(revenue) as revenue,
    sum(above_revenue) as above_revenue,
    sum(revenue - above_revenue) as below_revenue
from days
where case when $region = 'NEM' then region is distinct from 'NEM' else region = $region end
group by 1, 2
order by 1, 2
