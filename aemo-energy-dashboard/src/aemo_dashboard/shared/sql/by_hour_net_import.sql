-- Mean net import of one region by hour of the day over a window of years.
--   hour: 0 … 23, of the interval's start, NEM time.   value: MW, import positive, over the intervals in which none is
--   missing, as in net_import. $interconnectors, $signs, $step: as in net_import.
with flows as (select * from import_flows($transmission, $interconnectors, $signs, $start, $end)),
intervals as (select * from import_intervals('flows') where mw is not null)
select hour(settlementdate - to_minutes($step))::int as hour, avg(mw) as value
from intervals
group by 1
order by 1
