-- Mean regional reference price by hour of day, over the intervals of some days.
--   hour: 0 … 23, NEM time, of the interval's start.   regionid.   rrp: $/MWh, time-weighted.   hours: h of data behind it.
-- $prices: part files of a table whose rows cover $step minutes each;  $days: as in hours_by_fuel_30min.
select
    hour(settlementdate - to_minutes($step)) as hour,
    regionid,
    avg(rrp) as rrp,
    count(*) * $step / 60.0 as hours
from region_prices($prices, $start, $end)
where list_contains($regions, regionid) and list_contains($days, isodow(settlementdate - to_minutes($step)))
group by 1, 2
order by 1, 2
