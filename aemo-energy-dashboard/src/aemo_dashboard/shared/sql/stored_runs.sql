-- The roll-up of one month of any table: runs of its stored intervals, each one after the other without a hole.
--   An interval is there with any row.   $step: its length, minutes.
--   settlementdate, first: end of the run's last and first interval, NEM time.   intervals: count.
--   row_count: rows of the run.   Rows that are stamped beside the end of an interval are a run of 0 intervals.
with stamps as (
    select
        settlementdate,
        settlementdate = bucket_end(settlementdate, $step, $step) as on_grid,
        count(*) as row_count
    from read_parquet($rows, union_by_name = true)
    where settlementdate > $start and settlementdate <= $end
    group by 1
),
placed as (
    select
        *,
        -- The same for neighbours, as both grow by an interval.
        case
            when on_grid
            then settlementdate - to_minutes($step * row_number() over (partition by on_grid order by settlementdate))
        end as run
    from stamps
)
select
    max(settlementdate) as settlementdate,
    min(settlementdate) as "first",
    count(*) filter (on_grid) as intervals,
    sum(row_count)::bigint as row_count
from placed
group by run
order by 1
