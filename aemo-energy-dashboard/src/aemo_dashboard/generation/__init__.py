"""The page "Generation by Fuel"."""
