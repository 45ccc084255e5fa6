"""Writes tests/golden/optimisation.json: what PyTorch, Keras and NumPy make of schedules, plateaus, clipping, averaging and
mixed labels, for tests/training/optimisation.rs to compare with.

    pip install torch keras tensorflow-cpu numpy && python tests/interop/optimisation.py
"""

import json
import math
import pathlib

import keras
import numpy as np
import torch

STEPS, EPOCHS = 10, 8
TOTAL = STEPS * EPOCHS
PEAK, FLOOR = 0.4, 0.01


def torch_rates(make, calls):
    optimiser = torch.optim.SGD([torch.zeros(1, requires_grad=True)], lr=PEAK)
    scheduler = make(optimiser)
    rates = []
    for _ in range(calls):
        rates.append(scheduler.get_last_lr()[0])
        optimiser.step()
        scheduler.step()
    return rates


def half_steps(total):
    """PyTorch's cosine in the middle of each step: of twice as many steps, every second one."""
    cosine = lambda o: torch.optim.lr_scheduler.CosineAnnealingLR(o, 2 * total, eta_min=FLOOR)
    return torch_rates(cosine, 2 * total)[1::2]


def schedules():
    middles = np.arange(TOTAL) + 0.5
    rise, fall = TOTAL // 4, TOTAL - TOTAL // 4
    up = np.interp(middles[:rise], [0, rise], [FLOOR, PEAK]).tolist()
    step = lambda o: torch.optim.lr_scheduler.MultiStepLR(o, [3, 6], gamma=0.1)
    cosine_after_two_epochs = half_steps(TOTAL - 2 * STEPS)
    start = cosine_after_two_epochs[0]
    return {
        "constant": torch_rates(lambda o: torch.optim.lr_scheduler.ConstantLR(o, factor=1.0), TOTAL),
        "step": np.repeat(torch_rates(step, EPOCHS), STEPS).tolist(),
        "cosine": half_steps(TOTAL),
        "one_cycle": up + half_steps(fall),
        "triangular": up + np.interp(middles[rise:], [rise, TOTAL], [PEAK, FLOOR]).tolist(),
        "cosine_after_warm_up": np.interp(middles[: 2 * STEPS], [0, 2 * STEPS], [0, start]).tolist()
        + cosine_after_two_epochs,
    }


def plateau(losses, factor, patience, min_delta, cooldown):
    """The rate of each epoch by PyTorch's scheduler. Its patience is the epochs that are waited for nothing; ours, as Keras', is
    the epoch after which the rate falls."""
    optimiser = torch.optim.SGD([torch.zeros(1, requires_grad=True)], lr=PEAK)
    scheduler = torch.optim.lr_scheduler.ReduceLROnPlateau(
        optimiser, factor=factor, patience=patience - 1, threshold=min_delta, threshold_mode="abs", cooldown=cooldown, min_lr=FLOOR
    )
    rates = []
    for loss in losses:
        rates.append(optimiser.param_groups[0]["lr"])
        scheduler.step(loss)
    settings = {"factor": factor, "patience": patience, "min_delta": min_delta, "cooldown": cooldown}
    # JSON has no NaN.
    return {"settings": settings, "losses": [None if math.isnan(loss) else loss for loss in losses], "rates": rates}


def plateaus():
    losses = [1.0, 0.9, 0.8999, 0.95, 0.91, 0.92, 0.5, 0.5, 0.5, 0.6, 0.7, 0.8, 0.9, 0.9, 0.9, 0.9]
    cases = [plateau(losses, 0.2, 2, 1e-4, 0), plateau(losses, 0.1, 3, 0.0, 1)]
    for cooldown in range(4):
        for patience in [1, 2]:
            cases.append(plateau(losses, 0.8, patience, 1e-3, cooldown))
        # A NaN is never better, wherever it comes.
        cases.append(plateau([math.nan] + losses[:6] + [math.nan] + losses[6:], 0.8, 2, 0.0, cooldown))
    return cases


def early_stopping(**settings):
    """The epoch, from 1, after which Keras stops; 0 for never."""
    losses = [1.0, 0.9, 0.95, 0.899, 0.91, 0.92, 0.93, 0.5]
    model = keras.Sequential([keras.layers.Input((1,)), keras.layers.Dense(1)])
    callback = keras.callbacks.EarlyStopping(monitor="val_loss", mode="min", **settings)
    callback.set_model(model)
    callback.on_train_begin()
    model.stop_training = False
    stopped = 0
    for epoch, loss in enumerate(losses):
        callback.on_epoch_end(epoch, {"val_loss": loss})
        if model.stop_training:
            stopped = epoch + 1
            break
    return {"settings": settings, "losses": losses, "stopped": stopped}


def clipping():
    generator = torch.Generator().manual_seed(1)
    gradient = torch.randn(150, generator=generator)
    cases = []
    for limit in [0.5, 5.0, 100.0]:
        parameter = torch.nn.Parameter(torch.zeros(150))
        parameter.grad = gradient.clone()
        norm = torch.nn.utils.clip_grad_norm_([parameter], limit)
        cases.append({"limit": limit, "norm": norm.item(), "clipped": parameter.grad.tolist()})
    return {"gradient": gradient.tolist(), "cases": cases}


def averaging():
    """PyTorch's averaged model over a weight that takes these values."""
    values = [1.0, 2.0, -1.0, 0.5, 3.0]
    layer = torch.nn.Linear(1, 1, bias=False)
    with torch.no_grad():
        layer.weight.fill_(0.25)
    decay = 0.9
    average = torch.optim.swa_utils.AveragedModel(layer, multi_avg_fn=torch.optim.swa_utils.get_ema_multi_avg_fn(decay))
    average.update_parameters(layer)  # the first call copies
    averages = []
    for value in values:
        with torch.no_grad():
            layer.weight.fill_(value)
        average.update_parameters(layer)
        averages.append(average.module.weight.item())
    return {"start": 0.25, "decay": decay, "values": values, "averages": averages}


def mixed_labels():
    generator = torch.Generator().manual_seed(2)
    logits = torch.randn(7, 10, generator=generator, requires_grad=True)
    labels = torch.randint(10, (7, 2), generator=generator)
    share, smoothing = 0.7, 0.1
    one_hot = torch.nn.functional.one_hot
    target = share * one_hot(labels[:, 0], 10) + (1 - share) * one_hot(labels[:, 1], 10)
    loss = torch.nn.functional.cross_entropy(logits, target.float(), label_smoothing=smoothing, reduction="none")
    loss.sum().backward()
    return {
        "logits": logits.flatten().tolist(),
        "labels": labels.flatten().tolist(),
        "share": share,
        "smoothing": smoothing,
        "losses": loss.tolist(),
        "gradient": logits.grad.flatten().tolist(),
    }


golden = {
    "steps_per_epoch": STEPS,
    "epochs": EPOCHS,
    "peak": PEAK,
    "floor": FLOOR,
    "schedules": schedules(),
    "plateaus": plateaus(),
    "early_stopping": [early_stopping(patience=n, min_delta=d) for n, d in [(1, 0.0), (2, 0.0), (2, 0.01), (3, 0.0), (9, 0.0)]],
    "clipping": clipping(),
    "averaging": averaging(),
    "mixed_labels": mixed_labels(),
}
path = pathlib.Path(__file__).parent.parent / "golden" / "optimisation.json"
path.write_text(json.dumps(golden) + "\n")
print(path)
