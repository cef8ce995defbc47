-- Mean rooftop solar of the asked regions together by hour of the day over a window of years.
--   hour: 0 … 23, of the half hour's start, NEM time.   value: MW, over the half hours that all $regions have.
with intervals as (
    select settlementdate, sum(power) as mw
    from read_parquet($rooftop, union_by_name = true) as rooftop
    where rooftop.settlementdate > $start and rooftop.settlementdate <= $end
      and isfinite(power) and list_contains($regions, regionid)
    group by 1
    having count(distinct regionid) = len($regions)
)
select hour(settlementdate - interval 30 minutes)::int as hour, avg(mw) as value
from intervals
group by 1
order by 1
