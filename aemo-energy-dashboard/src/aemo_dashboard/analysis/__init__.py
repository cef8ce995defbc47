"""The page "Average Price Analysis": what each region, fuel and unit earned per MWh."""
