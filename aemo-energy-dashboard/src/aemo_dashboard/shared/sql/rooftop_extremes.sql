-- Rooftop solar of each region, and of the NEM over the half hours in which all of $regions have it.
--   region.   hours: h.   mw: mean, MW.   least, greatest: MW, and least_at, greatest_at the end of the first half hour
--   that had it, NEM time.   first: end of the first half hour that counts.
-- $rooftop: part files of rooftop30.   $region: one region, or 'NEM' for that and all regions.
with half_hours as (
    select settlementdate, regionid as region, any_value(power) as mw
    from read_parquet($rooftop, union_by_name = true)
    where settlementdate > $start and settlementdate <= $end
      and isfinite(power)
      and list_contains($regions, regionid)
      and ($region = 'NEM' or regionid = $region)
    group by all
)
select * from extremes_by_region('half_hours', $regions)
