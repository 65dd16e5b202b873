"""The module as a whole."""

import pytest
import torch
from mmcv.ops import CARAFE

from argus.errors import ConfigError


@pytest.mark.usefixtures("our_operators")
def test_operator__that_is_absent_says_so_when_it_is_called() -> None:
    message = (
        r"^mmcv's operator 'carafe_forward' is not part of this install: `make install "
        r"OPS=compiled` builds them all\.$"
    )
    layer = CARAFE(3, 1, 2)
    with pytest.raises(ConfigError, match=message):
        layer(torch.zeros(1, 4, 3, 3), torch.zeros(1, 9, 6, 6))
