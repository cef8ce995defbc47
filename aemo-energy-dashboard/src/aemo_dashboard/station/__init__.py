"""The tab "Station Analysis": one power station or unit, found by name or DUID, in MW, dollars and hours."""
