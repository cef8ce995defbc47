-- Price of one region by hour of the day, over the stored intervals of a window.   hour: 0 … 23, of the interval's start.
--   rrp: $/MWh, mean over time.   hours: h with a price.   $prices: part files of a table of $step minutes.
select hour(settlementdate - to_minutes($step)) as hour, avg(rrp) as rrp, count(*) * $step / 60.0 as hours
from region_prices($prices, $start, $end)
where regionid = $region
group by 1
order by 1
