-- How each unit is registered to run: duid, dispatch_type ('Generating Unit', 'Load', 'Bidirectional Unit', null).
select upper(trim(duid)) as duid, any_value(nullif(trim(dispatch_type), '')) as dispatch_type
from read_parquet($units, union_by_name = true)
group by 1
order by 1
