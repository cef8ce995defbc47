-- unknown_units over whole days, from the roll-up of scada30 by unit and day ($days).   mw: mean MW over the hours in
-- which it reported.   largest_mw: here the largest of mean and mean positive MW of a day.
with units as (select duid from units($units))
select
    days.duid,
    sum(mwh) / sum(hours) as mw,
    max(greatest(abs(mwh), above_mwh) / hours) as largest_mw
from read_parquet($days) as days
anti join units using (duid)
where settlementdate > $start and settlementdate <= bucket_end($end::timestamp, 5, 1440)
group by 1
order by 1
