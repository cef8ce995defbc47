-- Rooftop solar of the asked regions at the half-hour price of its region: one row.   mwh: MWh.   revenue: $.
-- Over the half hours in which both are stored. $regions: as in rooftop.
select coalesce(sum(energy_mwh(power, 30)), 0) as mwh, coalesce(sum(revenue_dollars(power, rrp, 30)), 0) as revenue
from read_parquet($rooftop, union_by_name = true) as rooftop
join region_prices($prices, $start, $end) as price
    on price.settlementdate = rooftop.settlementdate and price.regionid = rooftop.regionid
where rooftop.settlementdate > $start and rooftop.settlementdate <= $end
  and isfinite(power) and list_contains($regions, rooftop.regionid)
