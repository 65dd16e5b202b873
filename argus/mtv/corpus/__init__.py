"""The corpus that MTV is trained on: how much it is, what is in it, and what is left out of it.

Here belongs what a person does with shards before a training: reckon their cost (``plan``, with the
pace of one's own machines from ``measured``), take out pictures that are too small and shrink large
ones (``sieve``), join side-cars with each other and with their shards (``merging``), and look at
pictures and labels (``statistics``, ``sheet``, ``labelled``). ``rewriting`` is how shards are
written anew, whole or not at all.
"""
