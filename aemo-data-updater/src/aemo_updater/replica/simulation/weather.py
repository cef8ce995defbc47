"""Sun, clouds and wind: what solar farms, roofs and wind farms could make at a moment."""

from dataclasses import dataclass

import numpy as np
import pandas as pd
import pvlib

from aemo_updater.market import REGIONS
from aemo_updater.replica.simulation.fleet import Fleet
from aemo_updater.replica.simulation.model import Array
from aemo_updater.replica.simulation.noise import Minutes, generator, layered, smooth

PLACES = {  # latitude, longitude: about where a region's solar capacity and people are
    "NSW1": (-33.2, 149.8),
    "QLD1": (-25.5, 151.2),
    "SA1": (-34.4, 138.7),
    "TAS1": (-42.3, 147.1),
    "VIC1": (-37.0, 144.5),
}
ROOFTOP_MW = {"NSW1": 7900.0, "QLD1": 7300.0, "SA1": 2850.0, "TAS1": 380.0, "VIC1": 5900.0}
"""Installed by the end of 2026."""
KILOMETRES_A_DEGREE = 111.0
WEATHER_SIZE = 900.0
"""Over so many kilometres the likeness of two regions' weather falls by a factor of e."""
TILT = 22.0
"""Degrees to the north, of a roof and of a fixed solar farm."""
WIND_MEAN, WIND_SPREAD = -0.95, 1.35
"""Of the logistic curve from weather to output: a capacity factor of about a third, and both ends reached."""

ON_GRID = 0.85
"""Of what wind and solar farms could make, what is left by those still being tested and by what lines can carry."""


@dataclass(frozen=True, eq=False)
class Weather:
    """A row a moment."""

    rooftop: Array
    """MW by region."""
    available: Array
    """MW by unit: what wind and solar farms could make; 0 for the others."""
    heat: Array
    """By region: temperature, as a normal number that changes over days."""


def weather(seed: int, minutes: Minutes, fleet: Fleet) -> Weather:
    """The weather at moments of NEM time in ascending order, five minutes apart."""
    cloud = _cloudiness(seed, minutes)
    available = np.zeros((len(minutes), len(fleet.units)))
    rooftop = np.zeros((len(minutes), len(REGIONS)))
    grown = rooftop_share(minutes)
    for r, region in enumerate(REGIONS):
        tracking, fixed = clear_sky(minutes, region)
        clearness = 1 - 0.72 * cloud[:, r]
        local_clearness = _local_clearness(seed, minutes, fleet, cloud[:, r])
        rooftop[:, r] = ROOFTOP_MW[region] * grown * 0.74 * fixed * clearness
        for kind, sun in (("tracking solar", tracking), ("fixed solar", fixed)):
            here = fleet.of(kind) & (fleet.region == r)
            local = local_clearness[:, fleet.station[here]]
            # more panels than the inverters take: the top of a clear day is flat
            available[:, here] = ON_GRID * fleet.capacity[here] * np.minimum(1.18 * sun[:, None] * local, 1.0)
    available[:, fleet.of("wind")] = ON_GRID * _wind(seed, minutes, fleet)
    return Weather(rooftop, available, smooth(seed, "heat", minutes, 3.2 * 1440, len(REGIONS)) @ _likeness().T)


def rooftop_share(minutes: Minutes) -> Array:
    """The share of `ROOFTOP_MW` that stands at a time: a logistic growth that was half way in 2021."""
    years = 1970 + minutes / (1440 * 365.25)
    share: Array = (1 + np.exp(-0.33 * (2027 - 2021.5))) / (1 + np.exp(-0.33 * (years - 2021.5)))
    return np.minimum(share, 1.25)


def clear_sky(minutes: Minutes, region: str) -> tuple[Array, Array]:
    """Sunlight on panels that follow the sun and on fixed ones, under no cloud, in kW/m²."""
    latitude, longitude = PLACES[region]
    times = pd.DatetimeIndex(minutes.astype("datetime64[m]").astype("datetime64[s]"), tz="Etc/GMT-10")
    sun = pvlib.solarposition.spa_python(times, latitude, longitude)
    zenith, azimuth = sun["apparent_zenith"].to_numpy(), sun["azimuth"].to_numpy()
    global_horizontal = pvlib.clearsky.haurwitz(sun["apparent_zenith"])["ghi"].to_numpy()
    parts = pvlib.irradiance.erbs(global_horizontal, zenith, times.day_of_year.to_numpy())
    turned = pvlib.tracking.singleaxis(zenith, azimuth, axis_tilt=0, axis_azimuth=0, max_angle=60, gcr=0.4)
    on_panels = []
    for tilt, facing in ((turned["surface_tilt"], turned["surface_azimuth"]), (TILT, 0.0)):
        whole = pvlib.irradiance.get_total_irradiance(
            tilt, facing, zenith, azimuth, parts["dni"], global_horizontal, parts["dhi"]
        )["poa_global"]
        # a tracker has no position while the sun is down
        on_panels.append(np.nan_to_num(np.asarray(whole)) / 1000)
    return on_panels[0], on_panels[1]


def _likeness() -> Array:
    """Turns independent numbers a region into numbers of which neighbours' are alike."""
    places = np.array([PLACES[r] for r in REGIONS])
    apart = KILOMETRES_A_DEGREE * np.linalg.norm(places[:, None] - places[None, :], axis=2)
    return np.linalg.cholesky(np.exp(-apart / WEATHER_SIZE))


def _cloudiness(seed: int, minutes: Minutes) -> Array:
    """Share of the sky by region, 0 to 1: fronts over days, and what they bring over hours."""
    front = layered(seed, "cloud", minutes, {2 * 1440: 1.0, 6 * 60: 0.5, 60: 0.25}, len(REGIONS)) @ _likeness().T
    cover: Array = 1 / (1 + np.exp(-1.8 * (front - 0.6)))
    return cover


def _local_clearness(seed: int, minutes: Minutes, fleet: Fleet, cloud: Array) -> Array:
    """By station, how much of a clear day's sun gets through: single clouds where the sky is partly covered."""
    passing = layered(seed, "passing cloud", minutes, {90: 0.7, 15: 1.0}, int(fleet.station.max()) + 1)
    broken = 4 * cloud * (1 - cloud)
    clearness: Array = np.clip(1 - 0.8 * cloud[:, None] - 0.22 * broken[:, None] * np.abs(passing), 0.04, 1.0)
    return clearness


def _wind(seed: int, minutes: Minutes, fleet: Fleet) -> Array:
    """What each wind farm could make: its region's wind as the front reaches it, its station's own, and gusts."""
    farms = np.flatnonzero(fleet.of("wind"))
    reach = 36  # steps of five minutes: up to three hours sooner or later than the middle of the region
    wide = np.arange(minutes[0] - 5 * reach, minutes[-1] + 5 * reach + 1, 5)
    front = layered(seed, "wind", wide, {58 * 60: 1.0, 15 * 60: 0.65, 4 * 60: 0.3}, len(REGIONS)) @ _likeness().T
    own = generator(seed, "wind farms")
    lag = own.integers(0, 2 * reach + 1, int(fleet.station.max()) + 1)[fleet.station[farms]]
    stations = layered(seed, "wind at a station", minutes, {7 * 60: 0.7, 60: 0.35}, int(fleet.station.max()) + 1)
    gusts = smooth(seed, "gusts", minutes, 12, len(farms))
    at = (np.arange(len(minutes))[:, None] + lag[None, :], fleet.region[farms][None, :])
    # inland nights blow harder, and so do winter and spring
    hour, day = (minutes % 1440) / 60, (minutes / 1440) % 365.25
    breath = 0.16 * np.cos((hour - 1.5) / 24 * 2 * np.pi) - 0.18 * np.cos((day - 60) / 365.25 * 2 * np.pi)
    strength = 0.88 * front[at] + 0.42 * stations[:, fleet.station[farms]] + 0.07 * gusts + breath[:, None]
    output: Array = fleet.capacity[farms] * np.minimum(1 / (1 + np.exp(-WIND_MEAN - WIND_SPREAD * strength)), 0.97)
    return output
