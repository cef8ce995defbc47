-- Demand of each region by interval.   settlementdate: end of the interval, NEM time.   regionid.
--   mw: TOTALDEMAND of REGIONSUM, MW: what dispatch has to meet in the region; rooftop solar has lowered it already.
select settlementdate, regionid, any_value(totaldemand) as mw
from read_parquet($regions, union_by_name = true)
where settlementdate > $start and settlementdate <= $end
  and isfinite(totaldemand) and list_contains($names, regionid)
group by all
order by all
