-- The roll-up region_days by day, or by month where $months is 1: the same columns, with settlementdate the end of the
-- day or of the month.   $region: one region, or 'NEM' for that and all regions.
select
    case
        when $months = 1 then date_trunc('month', settlementdate - interval 1 day) + interval 1 month
        else settlementdate
    end as settlementdate,
    region,
    series,
    sum(hours) as hours,
    sum(share_hours) as share_hours,
    sum(positive_mwh) as positive_mwh,
    max(peak) as peak,
    arg_max(peak_at, row(peak, -epoch_us(peak_at))) filter (peak is not null) as peak_at,
    min(first_at) as first_at
from read_parquet($days)
where settlementdate > $start and settlementdate <= $end and ($region = 'NEM' or region = $region)
group by 1, 2, 3
order by 1, 2, 3
