-- Energy and its value by region, fuel and price band over whole days, from the roll-up band_days. Columns as there.
--   $region: one region or 'NEM'.
select
    region,
    fuel,
    band,
    sum(hours) as hours,
    sum(mwh) as mwh,
    sum(above_mwh) as above_mwh,
    sum(priced_hours) as priced_hours,
    sum(priced_mwh) as priced_mwh,
    sum(priced_above_mwh) as priced_above_mwh,
    sum(revenue) as revenue,
    sum(above_revenue) as above_revenue
from read_parquet($days)
where settlementdate > $start and settlementdate <= $end and ($region = 'NEM' or region = $region)
group by 1, 2, 3
order by 1, 2, 3
