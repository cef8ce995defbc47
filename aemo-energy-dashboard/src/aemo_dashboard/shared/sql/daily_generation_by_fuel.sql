-- generation_by_fuel_30min by day: the same columns, from the roll-up of scada30 by day, region and fuel.
-- $days: files of fuel_days, read in ($start, $whole_to], both midnights;  $tail_scada, $tail_prices: part files of
-- scada30 and prices30 for what is left, ($whole_to, $end];  $units: duid_mapping.csv;  $region: one region or 'NEM'.
with days as (
    select * from read_parquet($days) where settlementdate > $start and settlementdate <= $whole_to
    union all by name
    select * from fuel_day_rows($tail_scada, $tail_prices, $units, $whole_to, $end, 30)
)
select
    settlementdate,
    fuel,
    mwh / hours as mw,
    above_mwh / hours as above_mw,
    (mwh - above_mwh) / hours as below_mw,
    hours
from days
where region = $region
order by 1, 2
