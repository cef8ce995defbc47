-- Regional reference price by time bucket.
--   settlementdate: end of the bucket of $bucket minutes, NEM time.   rrp: $/MWh, the time-weighted mean of the
--   intervals of $step minutes in the bucket (the price itself where both are equal).   hours: h of data behind it.
--   least, greatest: $/MWh, of those intervals.
select
    bucket_end(settlementdate, $step, $bucket) as settlementdate,
    regionid,
    avg(rrp) as rrp,
    count(*) * $step / 60.0 as hours,
    min(rrp) as least,
    max(rrp) as greatest
from read_parquet($prices, union_by_name = true) as prices
where prices.settlementdate > $start and prices.settlementdate <= $end
  and isfinite(rrp)
  and list_contains($regions, regionid)
group by 1, 2
order by 1, 2
