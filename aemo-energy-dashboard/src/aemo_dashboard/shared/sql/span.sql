-- First and last stamp in the given part files; both null where they hold no row.
--   first, last: end of the first and of the last interval, NEM time.
select min(settlementdate) as "first", max(settlementdate) as "last"
from read_parquet($files, union_by_name = true)
