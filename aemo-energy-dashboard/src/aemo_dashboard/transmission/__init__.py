"""The page "Transmission": flows between the regions, their limits, and the prices on the two sides."""
