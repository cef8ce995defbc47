-- The roll-up of one part of scada30 by half hour, region and fuel.   settlementdate: end of the half hour, NEM time.
--   region: null for units in no list.   mw: MW, consumption negative.   above_mw: positive parts, split by unit and
--   5-minute interval before they are summed.   units: how many report.
--   rated_mw, rated_above_mw: the same of the units whose capacity is known, and of the load sides of batteries, which
--   need none of their own; null where none of those reports.
with rated as (
    select duid from units($units) where consumes or (isfinite(capacity_mw) and capacity_mw > 0)
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
