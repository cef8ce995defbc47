-- The list of units: duid, station_name, owner, region, fuel, technology, capacity_mw (MW), consumes.
select * from units($units) order by duid
