-- Mean price by region and hour of the day over a window of years.
--   hour: 0 … 23, of the interval's start, NEM time.   value: $/MWh, the mean over time.
-- $prices: part files of a table whose rows cover $step minutes each;  $regions: the ones wanted.
select regionid as name, hour(settlementdate - to_minutes($step))::int as hour, avg(rrp) as value
from read_parquet($prices, union_by_name = true) as prices
where prices.settlementdate > $start and prices.settlementdate <= $end
  and isfinite(rrp)
  and list_contains($regions, regionid)
group by 1, 2
order by 1, 2
