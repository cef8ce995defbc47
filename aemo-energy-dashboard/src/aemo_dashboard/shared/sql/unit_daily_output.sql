-- Mean output of some units ($duids) by day, from the roll-up of scada30 by unit and day ($days).
--   settlementdate: end of the day, NEM time.   duid.   mw: MW, consumption negative.   hours: h of data behind it.
select settlementdate, duid, sum(mwh) / sum(hours) as mw, sum(hours) as hours
from read_parquet($days)
where settlementdate > $start and settlementdate <= bucket_end($end::timestamp, 5, 1440)
  and list_contains($duids, duid)
group by 1, 2
order by 1, 2
