-- What several queries share; run once, when the database is opened. Stamps are the end of an interval of $step minutes.

-- End of the bucket of so many minutes that an interval belongs to: 00:00 closes the day before.
create macro bucket_end(stamp_, step_, bucket_) as
    time_bucket(to_minutes(bucket_), stamp_ - to_minutes(step_)) + to_minutes(bucket_);

-- The same products as in formulas.py, for sums over more rows than Python should see.   MW, $/MWh, minutes → MWh, $
create macro energy_mwh(mw_, step_) as mw_ * step_ / 60.0;
create macro revenue_dollars(mw_, dollars_per_mwh_, step_) as mw_ * dollars_per_mwh_ * step_ / 60.0;

-- What a unit puts out of what it reports, MW, consumption negative, and the positive part of that.   positive: the mean of
-- the positive 5-minute values, null where the value is of 5 minutes itself.   consumes: may be null.
create macro output_mw(value_, consumes_) as case when consumes_ then -value_ else value_ end;
create macro output_above_mw(value_, positive_, consumes_) as
    coalesce(positive_, greatest(value_, 0)) - case when consumes_ then value_ else 0 end;

-- One row a unit.   fuel: 'Unknown' where the list has none.   capacity_mw: MW, the sum of its rows where a list has one
-- for each of its machines; null where none has a number.   consumes: reports positive MW while it consumes, as pumps and
-- the charging side of two-unit batteries do (dispatch type Load).
create macro units(files_) as table
    select
        upper(trim(duid)) as duid,
        coalesce(any_value(nullif(trim(station_name), '')), any_value(upper(trim(duid)))) as station_name,
        coalesce(any_value(nullif(trim(owner), '')), 'Unknown') as owner,
        any_value(nullif(trim(region), '')) as region,
        coalesce(any_value(nullif(trim(fuel_type), '')), 'Unknown') as fuel,
        any_value(nullif(trim(technology), '')) as technology,
        sum(try_cast(nullif(trim(capacity_mw), '') as double)) as capacity_mw,
        coalesce(bool_or(fuel_type = 'Load' or dispatch_type ilike '%load%'), false) as consumes
    from read_parquet(files_, union_by_name = true)
    group by 1;

-- One row a unit and interval in (after, until].   fuel: what it counts as; 'Load' for all that consumes and is no
-- battery.   mw: MW, consumption negative.   above_mw: its positive part, split by 5-minute interval (scada30 keeps the
-- mean of the positive parts), so that a battery that turns within a half hour loses nothing; below is mw − above_mw.
create macro unit_readings(scada_, units_, after_, until_) as table
    select
        scada.settlementdate,
        upper(trim(scada.duid)) as duid,
        unit.region,
        case when unit.consumes and unit.fuel <> 'Battery Storage' then 'Load' else coalesce(unit.fuel, 'Unknown') end as fuel,
        output_mw(scada.scadavalue, unit.consumes) as mw,
        output_above_mw(scada.scadavalue, scada.scadavalue_positive, unit.consumes) as above_mw
    from read_parquet(scada_, union_by_name = true) as scada
    left join units(units_) as unit on unit.duid = upper(trim(scada.duid))
    where scada.settlementdate > after_ and scada.settlementdate <= until_ and isfinite(scada.scadavalue);

-- The price of each region and interval in (after, until].   rrp: $/MWh.
create macro region_prices(prices_, after_, until_) as table
    select settlementdate, regionid, any_value(rrp) as rrp
    from read_parquet(prices_, union_by_name = true)
    where settlementdate > after_ and settlementdate <= until_ and isfinite(rrp)
    group by 1, 2;

-- One row a unit and day: sums of what unit_readings gives, and of their value at the region's price.
--   settlementdate: end of the day, NEM time.   hours: h with a reading.   mwh, above_mwh: MWh, signed and positive part.
--   priced_…: the same where the region has a price.   revenue, above_revenue: $.
--   first_at, last_at: ends of its first and last interval of the day.
create macro unit_day_rows(scada_, prices_, units_, after_, until_, step_) as table
    select
        bucket_end(reading.settlementdate, step_, 1440) as settlementdate,
        reading.duid,
        reading.region,
        reading.fuel,
        count(*) * step_ / 60.0 as hours,
        sum(energy_mwh(reading.mw, step_)) as mwh,
        sum(energy_mwh(reading.above_mw, step_)) as above_mwh,
        count(price.rrp) * step_ / 60.0 as priced_hours,
        coalesce(sum(energy_mwh(reading.mw, step_)) filter (price.rrp is not null), 0) as priced_mwh,
        coalesce(sum(energy_mwh(reading.above_mw, step_)) filter (price.rrp is not null), 0) as priced_above_mwh,
        coalesce(sum(revenue_dollars(reading.mw, price.rrp, step_)), 0) as revenue,
        coalesce(sum(revenue_dollars(reading.above_mw, price.rrp, step_)), 0) as above_revenue,
        min(reading.settlementdate) as first_at,
        max(reading.settlementdate) as last_at
    from unit_readings(scada_, units_, after_, until_) as reading
    left join region_prices(prices_, after_, until_) as price
        on price.settlementdate = reading.settlementdate and price.regionid = reading.region
    group by 1, 2, 3, 4;

-- One row a region, fuel and day, and one a fuel and day of the NEM (region 'NEM'; null for units in no list): sums of MW
-- by interval, and of their value at the price of each region.   Columns as unit_day_rows; hours: h in which any unit of
-- the group reports.
create macro fuel_day_rows(scada_, prices_, units_, after_, until_, step_) as table
    with intervals as (
        select settlementdate, region, fuel, sum(mw) as mw, sum(above_mw) as above_mw
        from unit_readings(scada_, units_, after_, until_)
        group by all
    ),
    priced as (
        select part.*, bucket_end(part.settlementdate, step_, 1440) as day, price.rrp
        from intervals as part
        left join region_prices(prices_, after_, until_) as price
            on price.settlementdate = part.settlementdate and price.regionid = part.region
    )
    select
        day as settlementdate,
        case when grouping(region) = 1 then 'NEM' else region end as region,
        fuel,
        count(distinct settlementdate) * step_ / 60.0 as hours,
        sum(energy_mwh(mw, step_)) as mwh,
        sum(energy_mwh(above_mw, step_)) as above_mwh,
        coalesce(sum(energy_mwh(mw, step_)) filter (rrp is not null), 0) as priced_mwh,
        coalesce(sum(energy_mwh(above_mw, step_)) filter (rrp is not null), 0) as priced_above_mwh,
        coalesce(sum(revenue_dollars(mw, rrp, step_)), 0) as revenue,
        coalesce(sum(revenue_dollars(above_mw, rrp, step_)), 0) as above_revenue
    from priced
    group by grouping sets ((day, region, fuel), (day, fuel));

-- One row a region and fuel: sums over a relation of MW by interval, region and fuel (settlementdate, region, fuel, mw,
-- above_mw), named by its text, and their value at the region's price. Columns: see fuel_values_30min.sql.
create macro fuel_value_rows(intervals_, prices_, after_, until_, step_) as table
    select
        part.region,
        part.fuel,
        count(distinct part.settlementdate) * step_ / 60.0 as hours,
        sum(energy_mwh(mw, step_)) as mwh,
        sum(energy_mwh(above_mw, step_)) as above_mwh,
        sum(energy_mwh(mw - above_mw, step_)) as below_mwh,
        coalesce(sum(energy_mwh(mw, step_)) filter (rrp is not null), 0) as priced_mwh,
        coalesce(sum(energy_mwh(above_mw, step_)) filter (rrp is not null), 0) as priced_above_mwh,
        coalesce(sum(energy_mwh(mw - above_mw, step_)) filter (rrp is not null), 0) as priced_below_mwh,
        coalesce(sum(revenue_dollars(mw, rrp, step_)), 0) as revenue,
        coalesce(sum(revenue_dollars(above_mw, rrp, step_)), 0) as above_revenue,
        coalesce(sum(revenue_dollars(mw - above_mw, rrp, step_)), 0) as below_revenue
    from query_table(intervals_) as part
    left join region_prices(prices_, after_, until_) as price
        on price.settlementdate = part.settlementdate and price.regionid = part.region
    group by 1, 2
    order by 1, 2;
