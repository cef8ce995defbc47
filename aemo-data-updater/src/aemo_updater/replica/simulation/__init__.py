"""A simulated NEM: a pure function of (seed, time), published as NEMWEB publishes the real one."""
