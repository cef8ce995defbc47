-- Prices by region and band ($band_names: from $band_lows, below $band_highs, $/MWh) over a window.
--   hours: h.   rrp: $/MWh, mean over time.   least, greatest: $/MWh, and least_at, greatest_at the end of the first
--   interval that had it, NEM time.   first: end of the first stored interval.
-- $prices: part files of a table whose rows cover $step minutes each.
with bands as (
    select unnest($band_names) as band, unnest($band_lows) as low, unnest($band_highs) as high
)
select
    price.regionid as region,
    bands.band,
    count(*) * $step / 60.0 as hours,
    avg(price.rrp) as rrp,
    min(price.rrp) as least,
    arg_min(price.settlementdate, row(price.rrp, epoch_us(price.settlementdate))) as least_at,
    max(price.rrp) as greatest,
    arg_max(price.settlementdate, row(price.rrp, -epoch_us(price.settlementdate))) as greatest_at,
    min(price.settlementdate) as first
from region_prices($prices, $start, $end) as price
left join bands on price.rrp >= bands.low and price.rrp < bands.high
where $region = 'NEM' or price.regionid = $region
group by 1, 2
order by 1, 2
