-- Mean output of some units ($duids) by day.
--   settlementdate: end of the day, NEM time.   duid.   mw: MW, consumption negative.   hours: h of data behind it.
-- Parameters of the days: see unit_day_energy.
select settlementdate, duid, sum(mwh) / sum(hours) as mw, sum(hours) as hours
from unit_day_energy($days, $head_scada, $tail_scada, $units, $start, $whole_from, $whole_to, $end)
where list_contains($duids, duid)
group by 1, 2
order by 1, 2
