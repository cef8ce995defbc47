-- Mean MW by fuel and time bucket in one region, or in the NEM when $region is 'NEM'.
--   settlementdate: end of the bucket of $bucket minutes, NEM time.   hours: h of data behind the mean.
--   mw: MW, consumption negative.   above_mw, below_mw: the positive and the negative part of mw, split by unit and
--   5-minute interval before anything is summed or averaged, so a battery that charges cancels neither another that
--   discharges nor itself.
-- $scada: part files of a table whose rows cover $step minutes each;  $units: duid_mapping.csv.
with intervals as (select * from fuel_intervals_of_units($scada, $units, $region, $start, $end))
select * from fuel_buckets('intervals', $step, $bucket)
