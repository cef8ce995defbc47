-- Net import of one region by time bucket: the sum over its interconnectors of sign x metered flow.
--   settlementdate: end of the bucket of $bucket minutes, NEM time.   mw: MW, import positive.
--   above_mw, below_mw: import and export parts of the net, split by stored interval (of $step minutes) before averaging.
--   least_mw, greatest_mw: MW, the least and the greatest net import of those intervals.   hours: h of data behind them.
--   incomplete: intervals left out since one of the window's interconnectors is missing in them.
--   parts: the interconnectors seen in the window, comma-separated.
-- $interconnectors, $signs: lists of equal length, +1 where a positive flow runs into the region, else -1.
with flows as (select * from import_flows($transmission, $interconnectors, $signs, $start, $end)),
seen as (
    select count(distinct interconnectorid) as n, string_agg(distinct interconnectorid, ',' order by interconnectorid) as parts
    from flows
),
intervals as (
    select settlementdate, case when count(*) = any_value(seen.n) then sum(mw) end as mw, any_value(seen.parts) as parts
    from flows cross join seen
    group by 1
)
select
    bucket_end(settlementdate, $step, $bucket) as settlementdate,
    avg(mw) as mw,
    avg(greatest(mw, 0)) filter (mw is not null) as above_mw,
    avg(least(mw, 0)) filter (mw is not null) as below_mw,
    min(mw) as least_mw,
    max(mw) as greatest_mw,
    count(mw) * $step / 60.0 as hours,
    count(*) - count(mw) as incomplete,
    any_value(parts) as parts
from intervals
group by 1
order by 1
