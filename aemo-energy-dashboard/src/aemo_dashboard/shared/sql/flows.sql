-- Every interconnector by time bucket: its flow against its limits and against the price difference across it. All that
-- depends on a sign or a threshold is counted by stored interval (of $step minutes) before any sum or mean.
--   settlementdate: end of the bucket of $bucket minutes, NEM time.   interconnectorid.
--   flow_mw, least_mw, greatest_mw: MW of the metered flow, positive from → to; mean, least and greatest of the intervals.
--   hours: h with a flow.   forward_mwh, backward_mwh: MWh of the flow's two signs (backward is 0 or less).
--   losses_mwh, losses_hours: MWh, and h with losses.   export_mw, import_mw: MW, mean limits, signed as AEMO does.
--   limit_hours: h in which the limit in force is stored.   peak_use: the greatest use of it (1 is the limit itself).
--   high_hours, congested_hours: h with a use of $high or more, and of $congested or more.
--   without_limits: flows whose limit in force is not stored, a number of intervals.
--   difference, least_difference, greatest_difference: $/MWh, price of the to-region minus price of the from-region.
--   difference_hours: h with both prices.   value: $ of flow x difference.
--   against_hours, against_mwh, against_value: h, MWh and $ of flows from the dearer to the cheaper region.
--   apart_hours, apart_dollar_hours: h that are congested and have both prices, and the sum of |difference| x h in them.
-- $names, $origins, $destinations: lists of equal length, the regions that each known interconnector joins.
-- Use and limit in force are formulas.limit_use and limit_in_force; a test holds them together.
with ends as (
    select unnest($names) as interconnectorid, unnest($origins) as origin, unnest($destinations) as destination
),
price as materialized (
    select * from region_prices($prices, $start, $end)
),
apart as (  -- by interconnector and interval
    select entered.settlementdate, ends.interconnectorid, entered.rrp - left_.rrp as difference
    from ends
    join price as entered on entered.regionid = ends.destination
    join price as left_ on left_.regionid = ends.origin and left_.settlementdate = entered.settlementdate
),
flow as (
    select
        settlementdate,
        interconnectorid,
        meteredmwflow as mw,
        case when isfinite(mwlosses) then mwlosses end as losses,
        case when isfinite(exportlimit) then exportlimit end as export_limit,
        case when isfinite(importlimit) then importlimit end as import_limit,
        case when mw >= 0 then export_limit else -import_limit end as room  -- what may flow in the flow's direction
    from read_parquet($transmission, union_by_name = true)
    where settlementdate > $start and settlementdate <= $end and isfinite(meteredmwflow)
),
used as (
    select
        flow.*,
        case
            when room > 0 then abs(mw) / room
            when room = 0 then 1.0
            when room < 0 then greatest(abs(mw) / abs(room), 1.0)
        end as use,
        apart.difference,
        coalesce(mw * apart.difference < 0, false) as against
    from flow
    left join apart on apart.settlementdate = flow.settlementdate and apart.interconnectorid = flow.interconnectorid
)
select
    bucket_end(settlementdate, $step, $bucket) as settlementdate,
    interconnectorid,
    avg(mw) as flow_mw,
    min(mw) as least_mw,
    max(mw) as greatest_mw,
    count(*) * $step / 60.0 as hours,
    sum(energy_mwh(greatest(mw, 0), $step)) as forward_mwh,
    sum(energy_mwh(least(mw, 0), $step)) as backward_mwh,
    sum(energy_mwh(losses, $step)) as losses_mwh,
    count(losses) * $step / 60.0 as losses_hours,
    avg(export_limit) as export_mw,
    avg(import_limit) as import_mw,
    count(use) * $step / 60.0 as limit_hours,
    max(use) as peak_use,
    count(*) filter (use >= $high) * $step / 60.0 as high_hours,
    count(*) filter (use >= $congested) * $step / 60.0 as congested_hours,
    count(*) - count(use) as without_limits,
    avg(difference) as difference,
    min(difference) as least_difference,
    max(difference) as greatest_difference,
    count(difference) * $step / 60.0 as difference_hours,
    sum(revenue_dollars(mw, difference, $step)) as value,
    count(*) filter (against) * $step / 60.0 as against_hours,
    coalesce(sum(energy_mwh(abs(mw), $step)) filter (against), 0) as against_mwh,
    coalesce(sum(revenue_dollars(mw, difference, $step)) filter (against), 0) as against_value,
    count(difference) filter (use >= $congested) * $step / 60.0 as apart_hours,
    coalesce(sum(abs(difference)) filter (use >= $congested), 0) * $step / 60.0 as apart_dollar_hours
from used
group by 1, 2
order by 1, 2
