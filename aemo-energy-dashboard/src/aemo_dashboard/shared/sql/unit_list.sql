-- The list of units as it is written, all of it text. It is kept as a part file: to make out a CSV takes a query longer than
-- what it wants from it.
select * from read_csv($units, header = true, all_varchar = true, union_by_name = true)
