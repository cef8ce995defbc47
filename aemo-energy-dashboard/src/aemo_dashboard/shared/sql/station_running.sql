-- How long and how often some units run, and the station that they are: a row a unit and side, and rows with the duid ''.
--   side: 1 for generating (or discharging), −1 for consuming (or charging).   hours: h with data.   priced_hours: h of
--   those in which the region has a price.   operating_hours: h above the threshold.   starts: how often it rises above
--   from a known interval at or below it just before; an interval after a gap is no start.   peak_mw: greatest MW of a
--   stored interval on that side (consumption positive).   peak_at: end of the first such interval, NEM time.
-- The station runs where any unit of that side runs; it stands where none does and all report that have begun and not
-- ended. Its row of side 0: hours in which any unit of either side has data.
-- $duids, $sides, $thresholds (MW): lists of equal length.   $region: whose price.
-- The interval that ends at $start is read for what ran before the first one, and is in no other number: so the starts of
-- windows beside each other add up to those of both together.
-- $ordered: copies in unit order of months of a table whose rows cover $step minutes each;  $scada: part files of its other
-- months;  $prices: part files of that step;  $before: $step minutes before $start;  $units: duid_mapping.csv.
with wanted as (
    select unnest($duids) as duid, unnest($sides)::int as side, unnest($thresholds)::double as threshold_mw
),
readings as materialized (
    select settlementdate, duid, mw from readings_of($ordered, $scada, $units, $duids, $before, $end)
),
sided as materialized (
    select
        reading.settlementdate,
        reading.duid,
        wanted.side,
        wanted.side * reading.mw as mw,
        wanted.side * reading.mw > wanted.threshold_mw as running
    from readings as reading
    join wanted using (duid)
),
spans as (
    select duid, side, min(settlementdate) as first_end, max(settlementdate) as last_end from sided group by 1, 2
),
together as materialized (
    select settlementdate, side, sum(mw) as mw, bool_or(running) as any_runs, count(*) as reporting
    from sided
    group by 1, 2
),
expected as (
    select together.settlementdate, together.side, count(*) as units
    from together
    join spans
        on spans.side = together.side
        and together.settlementdate >= spans.first_end
        and together.settlementdate <= spans.last_end
    group by 1, 2
),
states as (
    select settlementdate, duid, side, mw, running from sided
    union all by name
    select
        settlementdate,
        '' as duid,
        together.side,
        together.mw,
        case when together.any_runs then true when together.reporting = expected.units then false end as running
    from together
    join expected using (settlementdate, side)
    union all by name
    select settlementdate, '' as duid, 0 as side, sum(mw) as mw, null::boolean as running from readings group by 1
),
stepped as (
    select
        *,
        lag(settlementdate) over before as end_before,
        lag(running) over before as ran_before,
        max(mw) filter (settlementdate > $start) over (partition by duid, side) as peak_mw
    from states
    window before as (partition by duid, side order by settlementdate)
)
select
    stepped.duid,
    stepped.side,
    count(*) * $step / 60.0 as hours,
    count(price.rrp) * $step / 60.0 as priced_hours,
    count(*) filter (running) * $step / 60.0 as operating_hours,
    count(*) filter (
        running and not ran_before and end_before = stepped.settlementdate - to_minutes($step)
    ) as starts,
    any_value(peak_mw) as peak_mw,
    min(stepped.settlementdate) filter (mw = peak_mw) as peak_at
from stepped
left join region_prices($prices, $start, $end) as price
    on price.settlementdate = stepped.settlementdate and price.regionid = $region
where stepped.settlementdate > $start
group by 1, 2
order by 1, 2
