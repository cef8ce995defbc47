-- The half hour with the highest renewable share of all that is stored, in one region or 'NEM': one row.
--   settlementdate, share, first, last, counted, partial: as in renewable_records; all null or 0 where none counts.
-- $records: files of renewable_records;  $region: one region or 'NEM'. Of equal shares the earliest.
select
    arg_max(settlementdate, (share, -epoch_us(settlementdate))) filter (share is not null) as settlementdate,
    max(share) as share,
    min("first") as "first",
    max("last") as "last",
    coalesce(sum(counted), 0)::bigint as counted,
    coalesce(sum(partial), 0)::bigint as partial
from read_parquet($records)
where region = $region
