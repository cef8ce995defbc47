-- The roll-up of one part of scada30 by day, region, fuel and price band, with its value at the half-hour price of its
-- region. Sums over the bands are those by day and fuel.
--   settlementdate: end of the day, NEM time.   region: null for units in no list.   band: a name of $band_names, null
--   where the region has no price.   hours: h with a reading.   mwh, above_mwh: MWh, signed and positive part (split by
--   unit and 5-minute interval).   priced_…: the same where the region has a price.   revenue, above_revenue: $.
-- $fuels: files of fuel_half_hours, read in ($start, $end].   $band_lows, $band_highs: $/MWh, from and below.
with bands as (
    select unnest($band_names) as band, unnest($band_lows) as low, unnest($band_highs) as high
),
prices as (
    select price.settlementdate, price.regionid, price.rrp, bands.band
    from region_prices($prices, $start, $end) as price
    left join bands on price.rrp >= bands.low and price.rrp < bands.high
)
select
    bucket_end(part.settlementdate, 30, 1440) as settlementdate,
    part.region,
    part.fuel,
    price.band,
    count(distinct part.settlementdate) * 0.5 as hours,
    sum(energy_mwh(part.mw, 30)) as mwh,
    sum(energy_mwh(part.above_mw, 30)) as above_mwh,
    count(distinct part.settlementdate) filter (price.rrp is not null) * 0.5 as priced_hours,
    coalesce(sum(energy_mwh(part.mw, 30)) filter (price.rrp is not null), 0) as priced_mwh,
    coalesce(sum(energy_mwh(part.above_mw, 30)) filter (price.rrp is not null), 0) as priced_above_mwh,
    coalesce(sum(revenue_dollars(part.mw, price.rrp, 30)), 0) as revenue,
    coalesce(sum(revenue_dollars(part.above_mw, price.rrp, 30)), 0) as above_revenue
from read_parquet($fuels) as part
left join prices as price on price.settlementdate = part.settlementdate and price.regionid = part.region
where part.settlementdate > $start and part.settlementdate <= $end
group by 1, 2, 3, 4
order by 1, 2, 3, 4
