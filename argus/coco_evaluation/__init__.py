"""COCO's evaluation, by hotcoco and pycocotools: in seconds, and without a compiler for poses.

``average_precision`` is pycocotools' in Rust. The other modules stand in for ``xtcocotools``, by
which mmpose evaluates: pycocotools with other keypoints than COCO's seventeen, as C code to be
compiled. Where that is installed, it is used; where it is not, :mod:`argus.libraries.stand_ins`
makes its modules from ``xtcocotools`` here.

What belongs here: classes of pycocotools, derived with its numbers. They import no OpenMMLab, whose
import may be what imports them; how its metrics use them is said in :mod:`argus.evaluation`.
"""
