-- Energy and its value by unit over a window: whole days from the roll-up by unit and day, what is left from readings.
--   duid, region (null for units in no list), fuel ('Load' for what consumes and is no battery).
--   hours: h with a reading.   mwh, above_mwh: MWh, signed (consumption negative) and positive part (split by 5-minute
--   interval).   priced_hours, priced_mwh, priced_above_mwh: the same where the region has a price.
--   revenue, above_revenue: $.
-- $days: files of unit_days, read in ($whole_from, $whole_to];  $head_scada, $head_prices: part files of tables whose rows
-- cover $step minutes, read in ($start, $whole_from];  $tail_…: the same in ($whole_to, $end].
with parts as (
    select * from read_parquet($days) where settlementdate > $whole_from and settlementdate <= $whole_to
    union all by name
    select * from unit_day_rows($head_scada, $head_prices, $units, $start, $whole_from, $step)
    union all by name
    select * from unit_day_rows($tail_scada, $tail_prices, $units, $whole_to, $end, $step)
)
select
    duid,
    region,
    fuel,
    sum(hours) as hours,
    sum(mwh) as mwh,
    sum(above_mwh) as above_mwh,
    sum(priced_hours) as priced_hours,
    sum(priced_mwh) as priced_mwh,
    sum(priced_above_mwh) as priced_above_mwh,
    sum(revenue) as revenue,
    sum(above_revenue) as above_revenue
from parts
group by 1, 2, 3
order by 1
