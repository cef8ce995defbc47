-- Demand of each region, and of the NEM over the half hours in which all of $regions have one.
--   region.   hours: h.   mw: mean, MW.   least, greatest: MW, and least_at, greatest_at the end of the first half hour
--   that had it, NEM time.   first: end of the first half hour that counts.
-- $demand: part files of regions30.   $region: one region, or 'NEM' for that and all regions.
with half_hours as (
    select settlementdate, regionid as region, any_value(totaldemand) as mw
    from read_parquet($demand, union_by_name = true)
    where settlementdate > $start and settlementdate <= $end
      and isfinite(totaldemand)
      and list_contains($regions, regionid)
      and ($region = 'NEM' or regionid = $region)
    group by all
)
select * from extremes_by_region('half_hours', $regions)
