-- Renewable share by region and hour of the day over a window of years of half hours: the one definition of formulas.py.
--   hour: 0 … 23, of the half hour's start, NEM time.   renewable_mwh, generation_mwh: MWh over the half hours that have
--   both units and rooftop solar; positive values only.   units_mwh: of generation_mwh, all but rooftop solar.
--   unknown_mwh: of units_mwh, what is of no known fuel.
-- $fuels: files of fuel_half_hours, in which a half hour, region and fuel is one row;  $renewable: fuels that are;
-- $other: fuels that are no generation.
with made as (
    select
        settlementdate,
        region,
        sum(greatest(mw, 0)) as mw,
        coalesce(sum(greatest(mw, 0)) filter (list_contains($renewable, fuel)), 0) as renewable_mw,
        coalesce(sum(greatest(mw, 0)) filter (fuel = 'Unknown'), 0) as unknown_mw
    from read_parquet($fuels)
    where settlementdate > $start and settlementdate <= $end and not list_contains($other, fuel)
    group by 1, 2
),
roofs as (
    select settlementdate, regionid as region, greatest(any_value(power), 0) as mw
    from read_parquet($rooftop, union_by_name = true) as rooftop
    where rooftop.settlementdate > $start and rooftop.settlementdate <= $end and isfinite(power)
    group by 1, 2
)
select
    region,
    hour(settlementdate - interval 30 minutes)::int as hour,
    sum(energy_mwh(renewable_mw + roofs.mw, 30)) as renewable_mwh,
    sum(energy_mwh(made.mw + roofs.mw, 30)) as generation_mwh,
    sum(energy_mwh(made.mw, 30)) as units_mwh,
    sum(energy_mwh(made.unknown_mw, 30)) as unknown_mwh
from made
join roofs using (settlementdate, region)
group by 1, 2
order by 1, 2
