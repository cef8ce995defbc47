-- unknown_units by days.   mw: mean MW over the hours in which it reported.   largest_mw: here the largest of mean and mean
-- positive MW of a day.   Parameters of the days: see unit_day_energy.
with units as (select duid from units($units))
select
    days.duid,
    sum(mwh) / sum(hours) as mw,
    max(greatest(abs(mwh), above_mwh) / hours) as largest_mw
from unit_day_energy($days, $head_scada, $tail_scada, $units, $start, $whole_from, $whole_to, $end) as days
anti join units using (duid)
group by 1
order by 1
