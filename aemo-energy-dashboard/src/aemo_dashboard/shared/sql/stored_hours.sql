-- For how many hours of a window half hours are stored, of whichever unit holds most of a day.   hours: h.
-- Parameters of the days: see unit_day_energy.
select coalesce(sum(hours), 0) as hours
from (
    select max(hours) as hours
    from unit_day_energy($days, $head_scada, $tail_scada, $units, $start, $whole_from, $whole_to, $end)
    group by settlementdate
)
