-- Energy and its value at the half-hour price of its region, by region and fuel, over a window of half hours.
--   region: null for units in no list.   hours: h with a reading.   mwh, above_mwh, below_mwh: MWh, signed, positive and
--   negative part (split by unit and 5-minute interval).   priced_…: the same where the region has a price.
--   revenue, above_revenue, below_revenue: $.
-- $fuels: files of fuel_half_hours;  $prices: part files of prices30;  $region: one region or 'NEM'.
with intervals as (
    select settlementdate, region, fuel, sum(mw) as mw, sum(above_mw) as above_mw
    from read_parquet($fuels)
    where settlementdate > $start and settlementdate <= $end and ($region = 'NEM' or region = $region)
    group by all
)
select * from fuel_value_rows('intervals', $prices, $start, $end, 30)
