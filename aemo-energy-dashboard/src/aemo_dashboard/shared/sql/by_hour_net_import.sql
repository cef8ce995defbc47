-- Mean net import of one region by hour of the day over a window of years.
--   hour: 0 … 23, of the interval's start, NEM time.   value: MW, import positive, over the intervals that have each of
--   the interconnectors that the window has. $interconnectors, $signs, $step: as in net_import.
with signs as (
    select unnest($interconnectors) as interconnectorid, unnest($signs) as sign
),
flows as (
    select flow.settlementdate, flow.interconnectorid, signs.sign * flow.meteredmwflow as mw
    from read_parquet($transmission, union_by_name = true) as flow
    join signs using (interconnectorid)
    where flow.settlementdate > $start and flow.settlementdate <= $end and isfinite(flow.meteredmwflow)
),
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
