-- What shares of one region (or 'NEM') are made of, by day and series, from the roll-up region_days: its columns without
-- the peaks, which cost most of the time of region_sums.
select
    settlementdate,
    series,
    sum(hours) as hours,
    sum(share_hours) as share_hours,
    sum(positive_mwh) as positive_mwh
from read_parquet($days)
where settlementdate > $start and settlementdate <= $end and region = $region
group by 1, 2
order by 1, 2
