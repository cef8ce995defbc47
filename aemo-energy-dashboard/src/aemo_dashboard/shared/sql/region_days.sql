-- The roll-up of one part of scada30, with rooftop solar, by day, region and series, and of the NEM as a region of its own.
--   settlementdate: end of the day, NEM time.   series: a fuel, 'Rooftop Solar', or null for the region as a whole.
--   hours (null series only): h in which units of the region report; of the NEM, units of all of $regions.
--   share_hours (null series only): those of them in which rooftop solar is stored, too (in the NEM, of all of $regions).
--   positive_mwh: MWh of a series of generation over the share_hours, of the half hours in which its sum is positive.
--   peak: greatest half-hour mean over the hours, MW; 'Battery Storage': of what discharges; null series: greatest
--   renewable share over the share_hours, 0 … 1, as formulas.renewable_shares has it. A half hour in which less than nine
--   tenths of the region's usual units report is no record: one of which only a wind farm was stored would be 100 %.
--   Usual is the median of all that $fuels hold to $end, so that a few hours of a day, or of a month that has just begun,
--   are measured by their month and the one before.
--   peak_at: end of the first half hour that reached it.   first_at: end of the first half hour of the series; null
--   series: that counts for the share.
-- $fuels: files of fuel_half_hours, for rows in ($start, $end] and of the month before.   $not_generation, $renewable: lists of series.
with placed as (
    select settlementdate, region, fuel as series, mw, above_mw, units
    from read_parquet($fuels)
    where settlementdate > $start and settlementdate <= $end
),
known as (
    select settlementdate, region, sum(units) as units
    from read_parquet($fuels)
    where settlementdate <= $end and list_contains($regions, region)
    group by all
),
reporting as (
    select settlementdate, region, units from known
    union all
    select settlementdate, 'NEM', sum(units) from known group by settlementdate having count(*) = len($regions)
),
roofs as (
    select settlementdate, regionid as region, any_value(power) as mw
    from read_parquet($rooftop, union_by_name = true)
    where settlementdate > $start and settlementdate <= $end and isfinite(power) and list_contains($regions, regionid)
    group by all
),
rooftop as (
    select settlementdate, region, mw from roofs
    union all
    select settlementdate, 'NEM', sum(mw) from roofs group by settlementdate having count(*) = len($regions)
),
usual as (
    select region, median(units) as units from reporting group by region
),
half_hours as (
    select reporting.settlementdate, region, rooftop.mw as rooftop_mw, reporting.units >= 0.9 * usual.units as whole
    from reporting
    join usual using (region)
    left join rooftop using (settlementdate, region)
    where reporting.settlementdate > $start
),
outputs as (
    select settlementdate, region, series, mw, above_mw from placed where region is not null
    union all
    select settlementdate, 'NEM', series, sum(mw), sum(above_mw) from placed group by settlementdate, series
),
series as (
    select
        half.settlementdate,
        half.region,
        output.series,
        case when output.series = 'Battery Storage' then output.above_mw else output.mw end as mw,
        case
            when half.rooftop_mw is not null and not list_contains($not_generation, output.series)
            then greatest(output.mw, 0)
        end as positive_mw
    from half_hours as half
    join outputs as output using (settlementdate, region)
    union all
    select settlementdate, region, 'Rooftop Solar', rooftop_mw, greatest(rooftop_mw, 0)
    from half_hours
    where rooftop_mw is not null
),
shares as (
    select
        settlementdate,
        region,
        sum(positive_mw) filter (list_contains($renewable, series)) as renewable_mw,
        sum(positive_mw) as generation_mw,
        coalesce(sum(positive_mw) filter (series = 'Unknown'), 0) as unknown_mw,
        coalesce(sum(positive_mw) filter (series not in ('Unknown', 'Rooftop Solar')), 0) as known_mw
    from series
    group by 1, 2
),
wholes as (
    select
        half.settlementdate,
        half.region,
        half.rooftop_mw is not null as counted,
        case
            when counted and half.whole and shares.generation_mw > 0 and shares.unknown_mw <= shares.known_mw
            then coalesce(shares.renewable_mw, 0) / shares.generation_mw
        end as share
    from half_hours as half
    left join shares using (settlementdate, region)
)
select
    bucket_end(settlementdate, 30, 1440) as settlementdate,
    region,
    series,
    0.0 as hours,
    0.0 as share_hours,
    coalesce(sum(energy_mwh(positive_mw, 30)), 0) as positive_mwh,
    max(mw) as peak,
    arg_max(settlementdate, row(mw, -epoch_us(settlementdate))) filter (mw is not null) as peak_at,
    min(settlementdate) as first_at
from series
group by 1, 2, 3
union all
select
    bucket_end(settlementdate, 30, 1440) as settlementdate,
    region,
    null as series,
    count(*) * 0.5 as hours,
    count(*) filter (counted) * 0.5 as share_hours,
    0.0 as positive_mwh,
    max(share) as peak,
    arg_max(settlementdate, row(share, -epoch_us(settlementdate))) filter (share is not null) as peak_at,
    min(settlementdate) filter (counted) as first_at
from wholes
group by 1, 2
order by 1, 2, 3
