-- Relations that several queries (but no roll-up) share; run once, after macros.sql. Stamps are the end of an interval.

-- MW by interval and fuel in one region, or in the NEM when region is 'NEM', from files of fuel_half_hours in (after,
-- until].   mw: MW, consumption negative.   above_mw, below_mw: its two parts, split by unit and 5-minute interval.
create macro fuel_intervals(fuels_, region_, after_, until_) as table
    select settlementdate, fuel, sum(mw) as mw, sum(above_mw) as above_mw, sum(mw - above_mw) as below_mw
    from read_parquet(fuels_)
    where settlementdate > after_ and settlementdate <= until_ and (region_ = 'NEM' or region = region_)
    group by all;

-- The same from readings of units.
create macro fuel_intervals_of_units(scada_, units_, region_, after_, until_) as table
    select settlementdate, fuel, sum(mw) as mw, sum(above_mw) as above_mw, sum(mw - above_mw) as below_mw
    from unit_readings(scada_, units_, after_, until_)
    where region_ = 'NEM' or region = region_
    group by all;

-- Means by fuel and time bucket over such intervals, named by their text. Columns: see generation_by_fuel_5min.sql.
create macro fuel_buckets(intervals_, step_, bucket_) as table
    select
        bucket_end(settlementdate, step_, bucket_) as settlementdate,
        fuel,
        avg(mw) as mw,
        avg(above_mw) as above_mw,
        avg(below_mw) as below_mw,
        count(*) * step_ / 60.0 as hours
    from query_table(intervals_)
    group by 1, 2
    order by 1, 2;

-- Means and the utmost by fuel and time bucket. Columns: see rated_fuel_30min.sql.
create macro rated_buckets(intervals_, step_, bucket_) as table
    select
        bucket_end(settlementdate, step_, bucket_) as settlementdate,
        fuel,
        avg(mw) as mw,
        avg(above_mw) as above_mw,
        avg(mw - above_mw) as below_mw,
        max(mw) as most,
        max(above_mw) as above_most,
        min(mw - above_mw) as below_most,
        count(*) * step_ / 60.0 as hours
    from query_table(intervals_)
    where mw is not null
    group by 1, 2
    order by 1, 2;

-- Means by fuel and hour of day over the intervals of some days of the week. Columns: see hours_by_fuel_30min.sql.
create macro fuel_hours_of_day(intervals_, days_, step_) as table
    select
        hour(settlementdate - to_minutes(step_)) as hour,
        fuel,
        avg(mw) as mw,
        avg(above_mw) as above_mw,
        avg(below_mw) as below_mw,
        avg(greatest(mw, 0)) as positive_mw,
        count(*) * step_ / 60.0 as hours
    from query_table(intervals_)
    where list_contains(days_, isodow(settlementdate - to_minutes(step_)))
    group by 1, 2
    order by 1, 2;

-- Output of some units by interval in (after, until].   mw: MW, consumption negative.   above_mw: its positive part, split by
-- 5-minute interval.
-- ordered: copies of months in the order of units, in which few row groups hold them;  scada: part files of all other months.
create macro readings_of(ordered_, scada_, units_, duids_, after_, until_) as table
    with listed as (
        select settlementdate, duid, scadavalue, scadavalue_positive
        from read_parquet(ordered_, union_by_name = true)
        where settlementdate > after_ and settlementdate <= until_ and list_contains(duids_, duid)
        union all
        select settlementdate, upper(trim(duid)) as duid, scadavalue, scadavalue_positive
        from read_parquet(scada_, union_by_name = true)
        where settlementdate > after_ and settlementdate <= until_ and list_contains(duids_, upper(trim(duid)))
    )
    select
        listed.settlementdate,
        listed.duid,
        output_mw(scadavalue, unit.consumes) as mw,
        output_above_mw(scadavalue, scadavalue_positive, unit.consumes) as above_mw
    from listed
    left join units(units_) as unit using (duid)
    where isfinite(scadavalue);

-- The same, and of all of them together (duid ''), summed by interval before anything is averaged.
create macro station_intervals(ordered_, scada_, units_, duids_, after_, until_) as table
    with readings as materialized (
        select * from readings_of(ordered_, scada_, units_, duids_, after_, until_)
    )
    select * from readings
    union all by name
    select settlementdate, '' as duid, sum(mw) as mw, sum(above_mw) as above_mw from readings group by settlementdate;

-- Energy of units by day over a window: whole days from the roll-up, what is left at its two ends from half hours.
--   settlementdate: end of the day.   hours: h with a reading.   mwh, above_mwh: MWh, signed and positive part.
--   first_at, last_at: ends of its first and last interval of the day.
-- days: files of unit_days, read in (whole_from, whole_to];  head: part files of scada30, read in (start, whole_from];
-- tail: the same in (whole_to, end].
create macro unit_day_energy(days_, head_, tail_, units_, start_, whole_from_, whole_to_, end_) as table
    with edges as (
        select * from unit_readings(head_, units_, start_, whole_from_)
        union all
        select * from unit_readings(tail_, units_, whole_to_, end_)
    )
    select settlementdate, duid, hours, mwh, above_mwh, first_at, last_at
    from read_parquet(days_)
    where settlementdate > whole_from_ and settlementdate <= whole_to_
    union all
    select
        bucket_end(settlementdate, 30, 1440) as settlementdate,
        duid,
        count(*) * 0.5 as hours,
        sum(energy_mwh(mw, 30)) as mwh,
        sum(energy_mwh(above_mw, 30)) as above_mwh,
        min(settlementdate) as first_at,
        max(settlementdate) as last_at
    from edges
    group by 1, 2;

-- Demand (TOTALDEMAND) of regions by interval, and as 'NEM' the sum of those in whole where each of them has a value.
--   mw: MW.   regions: the ones wanted, and 'NEM'.
create macro demand_intervals(demand_, regions_, whole_, after_, until_) as table
    with parts as (
        select settlementdate, regionid, any_value(totaldemand) as mw
        from read_parquet(demand_, union_by_name = true)
        where settlementdate > after_ and settlementdate <= until_
          and isfinite(totaldemand)
          and list_contains(list_concat(regions_, whole_), regionid)
        group by 1, 2
    ),
    sums as (
        select settlementdate, 'NEM' as regionid, sum(mw) as mw
        from parts
        where list_contains(whole_, regionid)
        group by 1
        having count(*) = len(whole_)
    )
    select * from (select * from parts union all select * from sums) where list_contains(regions_, regionid);

-- Least, greatest and mean by region over half hours (settlementdate, region, mw), and of the NEM over those that all of
-- regions have. Columns: see demand_extremes.sql.
create macro extremes_by_region(half_hours_, regions_) as table
    with scopes as (
        select settlementdate, region, mw from query_table(half_hours_)
        union all
        select settlementdate, 'NEM', sum(mw) from query_table(half_hours_)
        group by settlementdate having count(*) = len(regions_)
    )
    select
        region,
        count(*) * 0.5 as hours,
        avg(mw) as mw,
        min(mw) as least,
        arg_min(settlementdate, row(mw, epoch_us(settlementdate))) as least_at,
        max(mw) as greatest,
        arg_max(settlementdate, row(mw, -epoch_us(settlementdate))) as greatest_at,
        min(settlementdate) as first
    from scopes
    group by 1
    order by 1;

-- Flows of some interconnectors by interval, import into the region positive.   mw: MW.
create macro import_flows(transmission_, interconnectors_, signs_, after_, until_) as table
    select flow.settlementdate, flow.interconnectorid, signs.sign * flow.meteredmwflow as mw
    from read_parquet(transmission_, union_by_name = true) as flow
    join (select unnest(interconnectors_) as interconnectorid, unnest(signs_) as sign) as signs using (interconnectorid)
    where flow.settlementdate > after_ and flow.settlementdate <= until_ and isfinite(flow.meteredmwflow);

-- What each listed unit brings into a utilisation: duid, counted, rated_mw.   counted: its output is in the upper part; a
-- battery's load side's is where its generating side at the station has a capacity.   rated_mw: MW, its capacity in the
-- lower part; null for a load side beside a generating one, whose capacity is the battery's. A load side alone is a unit
-- like any other. fuel_half_hours.sql has the same rule.
create macro rated_units(units_) as table
    with listed as (
        select *, coalesce(isfinite(capacity_mw) and capacity_mw > 0, false) as known from units(units_)
    ),
    generating as (
        select station_name, region, bool_or(known) as known
        from listed
        where fuel = 'Battery Storage' and not consumes
        group by all
    )
    select
        listed.duid,
        coalesce(generating.known, listed.known) as counted,
        case when generating.known is null and listed.known then listed.capacity_mw end as rated_mw
    from listed
    left join generating
        on listed.fuel = 'Battery Storage' and listed.consumes
        and generating.station_name = listed.station_name and generating.region is not distinct from listed.region;
-- Net import by interval from such flows, named by their text: null where an interconnector is missing that has reported
-- before and reports after, or was there less than two hours before the newest flow: it is late, not gone, and a sum
-- without it would be a wrong number. One that begins or ends within the flows is in the sums of its own time only.
create macro import_intervals(flows_) as table
    with spans as (
        select
            interconnectorid,
            min(settlementdate) as first,
            case when newest - max(settlementdate) < interval 2 hours then newest else max(settlementdate) end as last
        from query_table(flows_)
        cross join (select max(settlementdate) as newest from query_table(flows_))
        group by interconnectorid, newest
    ),
    sums as (select settlementdate, sum(mw) as mw, count(*) as n from query_table(flows_) group by 1)
    select settlementdate, case when any_value(sums.n) = count(*) then any_value(sums.mw) end as mw
    from sums
    join spans on sums.settlementdate between spans.first and spans.last
    group by 1;
