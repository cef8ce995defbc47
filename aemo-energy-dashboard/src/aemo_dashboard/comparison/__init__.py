"""Stations, regions, fuels or periods side by side on the same axes, with the table of what differs."""
