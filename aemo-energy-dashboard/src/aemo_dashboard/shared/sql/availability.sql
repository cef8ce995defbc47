-- How many intervals a window holds.   first, last: end of the first and last interval, NEM time.   intervals: count.
select min(settlementdate) as "first", max(settlementdate) as "last", count(distinct settlementdate) as intervals
from read_parquet($files, union_by_name = true)
where settlementdate > $start and settlementdate <= $end
