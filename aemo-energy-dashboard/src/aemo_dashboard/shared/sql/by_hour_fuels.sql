-- Mean MW by region, fuel and hour of the day over a window of years of half hours, from the roll-up ($fuels), in which
-- a half hour, region and fuel is one row.
--   region: null for units in no list.   hour: 0 … 23, of the half hour's start, NEM time.
--   mw, above_mw, below_mw: MW, signed, positive and negative part.   hours: h of data behind them.
select
    region,
    fuel,
    hour(settlementdate - interval 30 minutes)::int as hour,
    avg(mw) as mw,
    avg(above_mw) as above_mw,
    avg(mw - above_mw) as below_mw,
    count(*) * 0.5 as hours
from read_parquet($fuels)
where settlementdate > $start and settlementdate <= $end
group by 1, 2, 3
order by 1, 2, 3
