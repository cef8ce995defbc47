-- unit_gaps by half hours, whole days of which are taken from the roll-up.   Parameters of the days: see unit_day_energy.
-- $fuels: files of fuel_half_hours, whose stamps are those at which any unit reports.
with units as (select duid, region from units($units)),
stamps as (
    select settlementdate, row_number() over (order by settlementdate) as n
    from (
        select distinct settlementdate
        from read_parquet($fuels)
        where settlementdate > $start and settlementdate <= $end
    )
),
reported as (
    select duid, min(first_at) as first_at, max(last_at) as last_at, round(sum(hours) * 2)::bigint as readings
    from unit_day_energy($days, $head_scada, $tail_scada, $units, $start, $whole_from, $whole_to, $end)
    group by duid
)
select duid, last_stamp.n - first_stamp.n + 1 - readings as missing
from reported
join stamps as first_stamp on first_stamp.settlementdate = first_at
join stamps as last_stamp on last_stamp.settlementdate = last_at
left join units using (duid)
where ($region = 'NEM' or units.region = $region) and missing > 0
order by missing desc, duid
