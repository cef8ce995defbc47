-- The runs of stored intervals of one table, of all its months; runs of two months, or of parts that overlap, may meet.
--   Columns: see stored_runs.sql.
select settlementdate, "first", intervals, row_count
from read_parquet($runs)
order by "first", settlementdate
