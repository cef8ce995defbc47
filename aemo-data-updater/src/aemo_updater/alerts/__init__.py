"""What the person who runs this wants to know, told once: rules judge, the outbox keeps, sinks send."""
