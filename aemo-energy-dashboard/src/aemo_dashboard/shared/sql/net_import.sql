-- Net import of one region by time bucket: the sum over its interconnectors of sign x metered flow.
--   settlementdate: end of the bucket of $bucket minutes, NEM time.   mw: MW, import positive.
--   above_mw, below_mw: import and export parts of the net, split by stored interval (of $step minutes) before averaging.
--   least_mw, greatest_mw: MW, the least and the greatest net import of those intervals.   hours: h of data behind them.
--   incomplete: intervals left out since an interconnector is missing that reports before and after them.
--   parts: the interconnectors seen in the window, comma-separated.   partly: those that begin later or end earlier than
--   the others, with the first or the last stamp that they have; null where none does.
-- $interconnectors, $signs: lists of equal length, +1 where a positive flow runs into the region, else -1.
with flows as (select * from import_flows($transmission, $interconnectors, $signs, $start, $end)),
spans as (
    select
        interconnectorid,
        min(settlementdate) as first,
        max(settlementdate) as last,
        case when first > min(first) over () then ' from ' || strftime(first, '%Y-%m-%d %H:%M') else '' end
            || case when last < max(last) over () then ' until ' || strftime(last, '%Y-%m-%d %H:%M') else '' end as limits
    from flows
    group by 1
),
seen as (
    select
        string_agg(interconnectorid, ',' order by interconnectorid) as parts,
        string_agg(interconnectorid || limits, ', ' order by interconnectorid) filter (limits <> '') as partly
    from spans
),
intervals as (select * from import_intervals('flows') cross join seen)
select
    bucket_end(settlementdate, $step, $bucket) as settlementdate,
    avg(mw) as mw,
    avg(greatest(mw, 0)) filter (mw is not null) as above_mw,
    avg(least(mw, 0)) filter (mw is not null) as below_mw,
    min(mw) as least_mw,
    max(mw) as greatest_mw,
    count(mw) * $step / 60.0 as hours,
    count(*) - count(mw) as incomplete,
    any_value(parts) as parts,
    any_value(partly) as partly
from intervals
group by 1
order by 1
