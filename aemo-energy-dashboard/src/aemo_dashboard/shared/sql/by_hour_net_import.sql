-- Mean net import of one region by hour of the day over a window of years.
--   hour: 0 … 23, of the interval's start, NEM time.   value: MW, import positive, over the intervals that have each of
--   the interconnectors that the window has. $interconnectors, $signs, $step: as in net_import.
with flows as (select * from import_flows($transmission, $interconnectors, $signs, $start, $end)),
intervals as (
    select settlementdate, sum(mw) as mw
    from flows
    group by 1
    having count(*) = (select count(distinct interconnectorid) from flows)
)
select hour(settlementdate - to_minutes($step))::int as hour, avg(mw) as value
from intervals
group by 1
order by 1
