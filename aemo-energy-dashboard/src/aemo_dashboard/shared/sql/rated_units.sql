-- What each listed unit brings into a utilisation: duid, counted, rated_mw (MW), see the macro in relations.sql.
select * from rated_units($units) order by duid
