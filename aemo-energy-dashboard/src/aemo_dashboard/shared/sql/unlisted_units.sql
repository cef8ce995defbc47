-- Units that have ever reported half hours and are in no registration list.   duid.   $days: files of unit_days.
with units as (select duid from units($units))
select distinct days.duid
from read_parquet($days) as days
anti join units using (duid)
order by 1
