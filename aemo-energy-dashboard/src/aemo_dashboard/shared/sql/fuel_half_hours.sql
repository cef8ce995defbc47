-- The roll-up of one part of scada30 by half hour, region and fuel.   settlementdate: end of the half hour, NEM time.
--   region: null for units in no list.   mw: MW, consumption negative.   above_mw: positive parts, split by unit and
--   5-minute interval before they are summed.   units: how many report.
--   rated_mw, rated_above_mw: the same of the units whose capacity is known; null where none of those reports.
--   rated: as `counted` in the macro rated_units, which stands in relations.sql and so is in no roll-up's key.
with listed as (
    select *, coalesce(isfinite(capacity_mw) and capacity_mw > 0, false) as known from units($units)
),
generating as (
    select station_name, region, bool_or(known) as known
    from listed
    where fuel = 'Battery Storage' and not consumes
    group by all
),
rated as (
    select listed.duid
    from listed
    left join generating
        on listed.fuel = 'Battery Storage' and listed.consumes
        and generating.station_name = listed.station_name and generating.region is not distinct from listed.region
    where coalesce(generating.known, listed.known)
)
select
    settlementdate,
    region,
    fuel,
    sum(mw) as mw,
    sum(above_mw) as above_mw,
    count(*)::int as units,
    sum(mw) filter (rated.duid is not null) as rated_mw,
    sum(above_mw) filter (rated.duid is not null) as rated_above_mw
from unit_readings($scada, $units, $start, $end) as reading
left join rated on rated.duid = reading.duid
group by all
order by all
