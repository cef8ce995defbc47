-- Mean demand by region and hour of the day over a window of years.
--   name: a region, or 'NEM' for the sum of $whole.   hour: 0 … 23, of the interval's start, NEM time.   value: MW.
-- An interval counts for the NEM only where each region of $whole has a value. $demand, $regions, $step: as in demand.
select regionid as name, hour(settlementdate - to_minutes($step))::int as hour, avg(mw) as value
from demand_intervals($demand, $regions, $whole, $start, $end)
group by 1, 2
order by 1, 2
