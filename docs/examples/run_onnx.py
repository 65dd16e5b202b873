"""Answers of an exported model without Argus: run_onnx.py MODEL.onnx PHOTO.jpg FOLDER."""

import json
import sys
from pathlib import Path

import numpy as np
import onnxruntime
from PIL import Image

model, photo, folder = sys.argv[1:]
session = onnxruntime.InferenceSession(model, providers=["CPUExecutionProvider"])
about = json.loads(session.get_modelmeta().custom_metadata_map["argus"])
height, width = about["input"]["axes"][2:]
picture = np.asarray(Image.open(photo).convert("RGB").resize((width, height), Image.BICUBIC))
batch = picture.transpose(2, 0, 1)[None].astype(about["input"]["dtype"])  # pixels, nothing else
names = [output["name"] for output in about["outputs"]]
answers = dict(zip(names, session.run(names, {"images": batch}), strict=True))

for task, info in about["tasks"].items():
    first, *others = (answers[name][0] for name in info["outputs"])
    colors = np.array([*info["palette"], (0, 0, 0)], np.uint8)  # black: no segment
    if info["kind"] == "classification":
        print(f"{task}: {info['classes'][first.argmax()]} ({first.max():.1%})")
        continue
    if info["kind"] in ("semantic", "panoptic"):
        pixels = colors[first.astype(int) % 1000]  # panoptic: label + 1000 * number of the thing
    elif info["kind"] == "instances":
        scores, labels = others[:2]  # and masks, if the decoder makes any
        pixels = picture.copy()
        for row in np.flatnonzero(scores > 0.5)[::-1]:
            box = ", ".join(f"{side:.0f}" for side in first[row])
            print(f"{task}: {info['classes'][labels[row]]} ({scores[row]:.1%}) at {box}")
            x0, y0, x1, y1 = first[row].round().astype(int)
            inside = others[2][row] if len(others) > 2 else np.s_[y0:y1, x0:x1]
            pixels[inside] = pixels[inside] // 2 + colors[labels[row]] // 2
    elif info["kind"] == "normals":
        pixels = ((first.transpose(1, 2, 0) + 1) * 127.5).round().astype(np.uint8)
    elif info["kind"] == "depth":
        pixels = (first[0] * 1000).round().astype(np.uint16)  # millimetres
    elif info["kind"] in ("boundary", "saliency"):
        pixels = (first[0] * 255).round().astype(np.uint8)
    else:
        continue
    Path(folder).mkdir(parents=True, exist_ok=True)
    Image.fromarray(pixels).save(Path(folder) / f"{task}.png")
