"""Shards: tar files of samples, in the format of ``webdataset``.

Here belongs what knows that format: how samples are named, written, found and read, and how
side-cars with further labels are joined to them. What the members of a sample mean is the business
of the data set. A member is read by its place, which an index of the tar file knows: any order is
possible, in any number of processes, and a run goes on at any sample. Nothing here needs torch.
"""
