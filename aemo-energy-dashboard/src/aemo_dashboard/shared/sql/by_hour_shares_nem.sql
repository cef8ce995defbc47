-- by_hour_shares of the NEM: fuels are summed over the regions by half hour first, and rooftop solar counts where all of
-- $regions have it. The same columns, with 'NEM' for the region.
with fuels as (
    select settlementdate, fuel, greatest(sum(mw), 0) as mw
    from read_parquet($fuels)
    where settlementdate > $start and settlementdate <= $end and not list_contains($other, fuel)
    group by 1, 2
),
made as (
    select
        settlementdate,
        sum(mw) as mw,
        coalesce(sum(mw) filter (list_contains($renewable, fuel)), 0) as renewable_mw,
        coalesce(sum(mw) filter (fuel = 'Unknown'), 0) as unknown_mw
    from fuels
    group by 1
),
roofs as (
    select settlementdate, greatest(sum(power), 0) as mw
    from read_parquet($rooftop, union_by_name = true) as rooftop
    where rooftop.settlementdate > $start and rooftop.settlementdate <= $end
      and isfinite(power) and list_contains($regions, regionid)
    group by 1
    having count(distinct regionid) = len($regions)
)
select
    'NEM' as region,
    hour(settlementdate - interval 30 minutes)::int as hour,
    sum(energy_mwh(renewable_mw + roofs.mw, 30)) as renewable_mwh,
    sum(energy_mwh(made.mw + roofs.mw, 30)) as generation_mwh,
    sum(energy_mwh(made.mw, 30)) as units_mwh,
    sum(energy_mwh(made.unknown_mw, 30)) as unknown_mwh
from made
join roofs using (settlementdate)
group by 2
order by 2
