"""Generated scenes: small rendered pictures with exact labels for every task.

``python -m argus.datasets.scenes OUT`` writes them in the layouts of the public data sets, and with
``--shards`` as pictures with captions, regions and depth for pretraining.
Nothing here needs torch.
"""
