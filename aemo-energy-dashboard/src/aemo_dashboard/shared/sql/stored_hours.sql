-- For how many hours of a window half hours are stored, of whichever unit holds most of a day.   hours: h.
-- $days: files of unit_days. The days that end in the window, and the one that it ends in.
select coalesce(sum(hours), 0) as hours
from (
    select max(hours) as hours
    from read_parquet($days)
    where settlementdate > $start and settlementdate <= bucket_end($end::timestamp, 5, 1440)
    group by settlementdate
)
