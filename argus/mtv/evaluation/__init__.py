"""How good an encoder is, by the protocols of the paper: of MTV, or of anybody else.

Here belongs what gives any vision model of ``transformers`` or timm one face (``encoder`` and a
module per family), a module per evaluation with its options, metrics and open points, what the
paper reached, and the one file and one table that results go to.
"""
