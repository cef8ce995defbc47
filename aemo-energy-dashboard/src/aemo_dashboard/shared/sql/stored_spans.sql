-- The runs of stored intervals of one table, oldest first. Those of two months may meet; none overlaps another one.
--   Columns: see stored_runs.sql.
select settlementdate, "first", intervals, row_count
from read_parquet($runs)
order by "first", settlementdate
