"""The room of the tab "Today": the last 24 hours at a glance, whatever range is chosen for the other tabs."""
