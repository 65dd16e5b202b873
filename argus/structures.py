"""The data sample of dense tasks that OpenMMLab has none for."""

from mmengine.structures import BaseDataElement


class DenseSample(BaseDataElement):
    """Labels and predictions of one image, each a ``PixelData`` whose ``data`` is (C, H, W).

    Training labels have the size of the network's input, labels for evaluation and predictions
    that of the original image. A field that is absent has no label. ``gt_`` before the name of a
    field is the label, ``pred_`` the prediction:

    - ``depth``: (1, H, W) float32 metres along the camera's axis; 0 in a label is unknown.
    - ``normals``: (3, H, W) float32 unit vectors, axes x right, y up, z towards the viewer; the
      zero vector in a label is unknown.
    - ``boundary``: label (1, H, W) uint8, 0, 1 or 255 (ignored); prediction (1, H, W) float32, the
      probability in [0, 1].
    - ``saliency``: as ``boundary``.
    - ``anomaly_map``: label (1, H, W) uint8, 1 where the object is defective; prediction
      (1, H, W) float32, larger where it is more likely defective, of any range.

    ``gt_anomaly`` (int, 0 good, 1 defective) and ``pred_anomaly`` (float, larger is more likely
    defective) speak of the whole image.

    Meta keys: ``img_path``; ``ori_shape``, ``img_shape`` and ``pad_shape`` as (height, width);
    ``scale_factor`` as (width, height); ``flip``, ``flip_direction``; ``category`` for anomalies.
    """
