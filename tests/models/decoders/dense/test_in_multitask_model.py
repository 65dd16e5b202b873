"""Dense decoders as tasks: alone, and sharing the images of one stream with each other."""

import pytest
import torch
from mmengine.structures import PixelData
from mmseg.structures import SegDataSample

from argus.engine.checkpoints.model_state import trained_state
from argus.engine.distributed import training_buffers
from argus.models.multitask import MultitaskModel
from tests.learning import expect_below, learn
from tests.models.decoders.dense.toys import HEADS, batch, decoder
from tests.toy import NUM_CLASSES, ToyBackbone, semantic_decoder

KINDS = ("depth", "normals", "boundary", "saliency")
SIZE = 32


def shared(kinds: tuple[str, ...] = KINDS, **streams) -> MultitaskModel:
    """The dense tasks, and mmseg's on the same images."""
    torch.manual_seed(0)
    decoders = {kind: decoder(kind) for kind in kinds} | dict(semantic=semantic_decoder())
    model = MultitaskModel(ToyBackbone(8), decoders, streams=streams or dict(all=list(decoders)))
    model.init_weights()
    return model.train()


def packed(count: int = 3) -> dict:
    """A batch of a shared stream; each image lacks the label of one task."""
    data = batch(*[(SIZE, SIZE)] * count)
    samples = []
    for i, dense in enumerate(data["data_samples"]):
        semantic = SegDataSample(metainfo=dense.metainfo)
        labels = torch.randint(0, NUM_CLASSES, (1, SIZE, SIZE))
        semantic.gt_sem_seg = PixelData(data=labels)
        tasks = {kind: dense for kind in KINDS} | dict(semantic=semantic)
        del tasks[KINDS[i % len(KINDS)]]
        samples.append(tasks)
    return dict(inputs=data["inputs"], data_samples=samples)


def test_multitask__tasks_of_one_stream_have_the_gradients_of_each_alone():
    model, data = shared(), packed()
    passes = []
    handle = model.backbone.register_forward_hook(lambda *_: passes.append(1))
    losses, logs = model(dict(all=data))
    handle.remove()
    assert len(passes) == 1
    assert {"depth/loss_depth", "depth/loss_gradient", "normals/loss_normals"} <= set(logs)
    sum(losses.values()).backward()
    together = {n: p.grad.clone() for n, p in model.named_parameters() if p.grad is not None}

    alone = shared(**{name: [name] for name in (*KINDS, "semantic")})
    alone.load_state_dict(shared().state_dict())
    for task in alone.decoders:
        rows = [i for i, sample in enumerate(data["data_samples"]) if task in sample]
        own = dict(
            inputs=[data["inputs"][i] for i in rows],
            data_samples=[data["data_samples"][i][task] for i in rows],
        )
        loss = alone({task: own})[0][task]
        torch.testing.assert_close(losses[task], loss)
        loss.backward()
    trained = {n: p for n, p in alone.named_parameters() if p.requires_grad}
    assert set(together) == set(trained)
    for name, parameter in trained.items():
        torch.testing.assert_close(together[name], parameter.grad)


@pytest.mark.trains
@pytest.mark.parametrize("precision", [None, torch.bfloat16])
def test_multitask__dense_tasks_train_and_predict(precision):
    torch.manual_seed(0)
    model = MultitaskModel(ToyBackbone(8), {kind: decoder(kind) for kind in HEADS}).train()
    model.init_weights()
    data = {kind: batch((SIZE, SIZE), (SIZE, SIZE)) for kind in HEADS}
    history = []

    def loss() -> torch.Tensor:
        with torch.autocast("cpu", precision or torch.bfloat16, enabled=precision is not None):
            losses, _ = model(data)
        history.append({task: loss.item() for task, loss in losses.items()})
        return sum(losses.values())

    learn([p for p in model.parameters() if p.requires_grad], loss, steps=30, rate=1e-2)
    for task in HEADS:
        # After SILog's two steps of warm-up, whose loss is another.
        share = history[-1][task] / history[2][task]
        expect_below(f"dense tasks: loss of {task}, of its third", share, 1.0)
    model.eval()
    for kind in HEADS:
        field = model.decoder(kind).head.field
        with torch.autocast("cpu", precision or torch.bfloat16, enabled=precision is not None):
            found = model.predict(kind, data[kind])[1].get(f"pred_{field}").data
        assert found.shape[-2:] == (SIZE, SIZE) and found.dtype == torch.float32


def test_multitask__warm_up_is_counted_in_a_buffer_that_is_saved_and_averaged_over_processes():
    model = shared(("depth",))
    name = "decoders.depth.head.depth_loss.steps"
    buffers = training_buffers(model)
    counter = dict(model.named_buffers())[name]
    assert any(buffer is counter for buffer in buffers)
    for expected in (1.0, 2.0, 2.0):
        model(dict(all=packed()))
        assert counter.item() == expected
    state = trained_state(model)
    assert state[name].item() == 2.0
    other = shared(("depth",))
    other.load_state_dict(state, strict=False)
    one, two = (m(dict(all=packed()), seeds=dict(all=0))[0]["depth"] for m in (model, other))
    assert one.item() == two.item()
