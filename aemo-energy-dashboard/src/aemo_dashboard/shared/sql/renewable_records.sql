-- The roll-up of one part: the half hour with the highest renewable share, a row a region and one for 'NEM'.
--   settlementdate: end of that half hour, NEM time; null where none counts.   share: renewables ÷ (generation +
--   rooftop), 0 … 1, as formulas.renewable_shares, whose lists of fuels these are: positive values only, after each
--   fuel's units are summed.   first, last: end of the first and of the last half hour that counts.
--   counted: how many do.   partial: how many don't, since less than nine tenths of the units report that are usual, by
--   the median of all that $fuels hold to $end: a half hour of which only a wind farm was stored is no record.
-- A half hour counts only where rooftop power is stored, too: in 'NEM' that of all five regions; and not where the fuel of
-- more than half of what units generate isn't known.
-- $fuels: files of fuel_half_hours, of the part's month and the one before;  $rooftop: part files of rooftop30.
with readings as (
    select settlementdate, region, fuel, mw, units
    from read_parquet($fuels)
    where settlementdate <= $end
),
fuels as (
    select settlementdate, region, fuel, sum(mw) as mw, sum(units) as units
    from readings
    where region is not null
    group by all
    union all
    select settlementdate, 'NEM', fuel, sum(mw), sum(units) from readings group by all
),
generation as (
    select
        settlementdate,
        region,
        coalesce(sum(greatest(mw, 0)) filter (fuel in ('Wind', 'Solar', 'Rooftop Solar', 'Hydro', 'Biomass')), 0) as renewable,
        coalesce(sum(greatest(mw, 0)) filter (fuel not in (
            'Battery Storage', 'Battery discharge', 'Battery charge', 'Load', 'Net import', 'Net export'
        )), 0) as everything,
        coalesce(sum(greatest(mw, 0)) filter (fuel = 'Unknown'), 0) as unknown,
        sum(units) as units
    from fuels
    group by all
),
usual as (
    select region, median(units) as units from generation group by region
),
regions as (
    select settlementdate, regionid as region, any_value(power) as mw
    from read_parquet($rooftop, union_by_name = true)
    where settlementdate > $start and settlementdate <= $end
      and isfinite(power) and regionid in ('NSW1', 'QLD1', 'SA1', 'TAS1', 'VIC1')
    group by all
),
rooftop as (
    select * from regions
    union all
    select settlementdate, 'NEM', sum(mw) from regions group by settlementdate having count(*) = 5
),
shares as (
    select
        settlementdate,
        region,
        case
            when 2 * unknown <= everything
            then (renewable + greatest(rooftop.mw, 0)) / nullif(everything + greatest(rooftop.mw, 0), 0)
        end as share,
        generation.units >= 0.9 * usual.units as whole
    from generation
    join usual using (region)
    join rooftop using (settlementdate, region)
)
select
    arg_max(settlementdate, (share, -epoch_us(settlementdate))) filter (whole and share is not null) as settlementdate,
    region,
    max(share) filter (whole) as share,
    min(settlementdate) filter (whole and share is not null) as "first",
    max(settlementdate) filter (whole and share is not null) as "last",
    count(share) filter (whole) as counted,
    count(*) filter (not whole) as partial
from shares
group by region
order by region
