"""The surfaces, one file each."""

from tests.fuzz.surface import Surface
from tests.fuzz.surfaces.annotations import Annotations
from tests.fuzz.surfaces.archives import Archives
from tests.fuzz.surfaces.arguments import Arguments
from tests.fuzz.surfaces.checkpoints import Checkpoints
from tests.fuzz.surfaces.configs import Configs
from tests.fuzz.surfaces.labels import Labels
from tests.fuzz.surfaces.models import Models
from tests.fuzz.surfaces.pictures import Pictures
from tests.fuzz.surfaces.requests import Requests

SURFACES: dict[str, Surface] = {
    surface.name: surface
    for surface in (
        *(Pictures(), Annotations(), Labels(), Archives(), Models(), Checkpoints()),
        *(Configs(), Requests(), Arguments()),
    )
}
