"""Frame → figure, with Bokeh's glyphs: what several pages draw."""
