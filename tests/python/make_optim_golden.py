"""Writes tests/golden/optim.json: trajectories of torch.optim's optimizers, and the learning rates of its schedulers.

Run with a Python that has torch 2.13. The output is the same in every run.

The problem has four parameters (`START`): a matrix, a vector, one that gets a gradient from the eleventh step on only, and a
single number. Where an optimizer maximizes, it is given the negated loss. A trajectory is the parameters after steps 1, 2, 10 and 50 of an optimizer, in float64 and in float32.
Options are written by Flambeau's names. `state` is the optimizer's state dict after the last step.
"""

import json
import math
import pathlib
import re

import torch
from torch import optim

OUTPUT = pathlib.Path(__file__).parent.parent / "golden" / "optim.json"
KEPT = [1, 2, 10, 50]

START = {
    "matrix": [[math.sin(3 * i + j) for j in range(4)] for i in range(3)],
    "vector": [0.5, -1.25, 2.0, 0.1, -0.3],
    "late": [1.0, -2.0],
    "number": 0.75,
}
TARGET = [[math.cos(i - 2 * j) for j in range(4)] for i in range(3)]

OPTIMIZERS = [
    ("SGD", {"lr": 0.05}),
    ("SGD", {"lr": 0.02, "weightDecay": 0.1}),
    ("SGD", {"lr": 0.02, "maximize": True, "weightDecay": 0.5}),
    ("SGD", {"lr": 0.05, "momentum": 0.9}),
    ("SGD", {"lr": 0.02, "momentum": 0.8, "nesterov": True, "weightDecay": 0.1}),
    ("SGD", {"lr": 0.05, "momentum": 0.5, "dampening": 0.3, "weightDecay": 0.05}),
    ("SGD", {"lr": 0.01, "maximize": True}),
    ("SGD", {"lr": 0.02, "maximize": True, "momentum": 0.3, "weightDecay": 0.5}),
    ("Adam", {}),
    ("Adam", {"lr": 0.05, "betas": [0.8, 0.95], "eps": 1e-4}),
    ("Adam", {"lr": 0.05, "weightDecay": 0.1}),
    ("Adam", {"lr": 0.05, "amsgrad": True, "betas": [0.5, 0.6]}),
    ("Adam", {"lr": 0.02, "maximize": True, "weightDecay": 0.1}),
    ("Adam", {"lr": 0.05, "decoupledWeightDecay": True, "weightDecay": 0.3}),
    ("AdamW", {}),
    ("AdamW", {"lr": 0.05, "weightDecay": 0.2}),
    ("AdamW", {"lr": 0.05, "amsgrad": True, "betas": [0.5, 0.6], "maximize": True}),
    ("RMSprop", {}),
    ("RMSprop", {"lr": 0.02, "momentum": 0.7, "centered": True}),
    ("RMSprop", {"lr": 0.02, "alpha": 0.8, "weightDecay": 0.1, "eps": 1e-3}),
    ("RMSprop", {"lr": 0.01, "maximize": True, "momentum": 0.4}),
    ("Adagrad", {}),
    ("Adagrad", {"lr": 0.2, "lrDecay": 0.05, "initialAccumulatorValue": 0.3}),
    ("Adagrad", {"lr": 0.1, "weightDecay": 0.1, "eps": 1e-3, "maximize": True}),
    ("Adadelta", {}),
    ("Adadelta", {"lr": 0.5, "rho": 0.7, "eps": 1e-3, "weightDecay": 0.1}),
    ("Adadelta", {"maximize": True}),
    ("Adamax", {}),
    ("Adamax", {"lr": 0.05, "betas": [0.7, 0.9], "eps": 1e-3, "weightDecay": 0.1}),
    ("Adamax", {"lr": 0.05, "maximize": True}),
    ("NAdam", {}),
    ("NAdam", {"lr": 0.05, "momentumDecay": 0.1, "weightDecay": 0.1}),
    ("NAdam", {"lr": 0.05, "weightDecay": 0.1, "decoupledWeightDecay": True, "betas": [0.8, 0.9]}),
    ("NAdam", {"lr": 0.05, "maximize": True}),
    ("RAdam", {}),
    ("RAdam", {"lr": 0.05, "betas": [0.8, 0.95], "weightDecay": 0.1}),
    ("RAdam", {"lr": 0.05, "weightDecay": 0.1, "decoupledWeightDecay": True}),
    ("RAdam", {"lr": 0.05, "maximize": True, "eps": 1e-3}),
    ("Rprop", {}),
    ("Rprop", {"lr": 0.1, "etas": [0.4, 1.5], "stepSizes": [1e-3, 0.5]}),
    ("Rprop", {"maximize": True}),
    ("ASGD", {}),
    ("ASGD", {"lr": 0.05, "lambd": 0.1, "alpha": 0.5, "t0": 5, "weightDecay": 0.1}),
    ("ASGD", {"lr": 0.01, "t0": 20, "maximize": True}),
    ("LBFGS", {"lr": 0.1, "maxIter": 1}),
    ("LBFGS", {"lr": 0.5, "maxIter": 3, "historySize": 4}),
    ("LBFGS", {"lineSearchFn": "strong_wolfe", "maxIter": 2}),
    ("Adafactor", {}),
    ("Adafactor", {"lr": 0.1, "beta2Decay": -0.5, "eps": [1e-6, 1e-2], "d": 2.0, "weightDecay": 0.1}),
    ("Adafactor", {"lr": 0.1, "maximize": True}),
    ("Muon", {}),
    ("Muon", {"lr": 0.05, "momentum": 0.8, "nesterov": False, "adjustLrFn": "match_rms_adamw", "nsSteps": 3}),
]


def snake(name):
    return re.sub("[A-Z]", lambda match: "_" + match[0].lower(), name)


def options_of(options):
    return {snake(key): tuple(value) if isinstance(value, list) else value for key, value in options.items()}


def loss_of(params, step):
    """A smooth loss whose gradients are never the same twice."""
    target = torch.tensor(TARGET, dtype=params["matrix"].dtype)
    fit = (params["matrix"] - target * (1 + 0.1 * math.sin(step))).pow(2).sum()
    loss = fit + (params["vector"] * params["number"] - 0.5).pow(2).sum() + 0.1 * params["vector"].pow(4).sum()
    return loss + params["late"].pow(2).sum() * params["number"].pow(2) if step > 10 else loss


def written(value):
    if isinstance(value, torch.Tensor):
        return {"dtype": str(value.dtype)[6:], "shape": list(value.shape), "values": value.flatten().tolist()}
    if isinstance(value, dict):
        return {str(key): written(one) for key, one in value.items()}
    if isinstance(value, (list, tuple)):
        return [written(one) for one in value]
    return str(value) if isinstance(value, float) and math.isinf(value) else value


def trajectory(name, options, dtype):
    params = {key: torch.tensor(value, dtype=dtype, requires_grad=True) for key, value in START.items()}
    if name == "Muon":
        optimizer = optim.Muon([params["matrix"]], **options_of(options))
    elif name == "LBFGS":
        optimizer = optim.LBFGS(params.values(), **options_of(options))
    else:
        # Two groups, the second with a learning rate of its own.
        groups = [{"params": [params["matrix"], params["late"]]}, {"params": [params["vector"], params["number"]]}]
        optimizer = getattr(optim, name)(groups, **options_of(options))
        optimizer.param_groups[1]["lr"] *= 0.5
    points = {}
    for step in range(1, KEPT[-1] + 1):
        def closure():
            optimizer.zero_grad()
            loss = loss_of(params, step if name != "LBFGS" else 11) * (-1 if options.get("maximize") else 1)
            loss.backward()
            return loss
        optimizer.step(closure)
        if step in KEPT:
            points[step] = {key: value.flatten().tolist() for key, value in params.items()}
    state = optimizer.state_dict()
    return {"points": points, "state": written(state) if name != "LBFGS" else None}


SCHEDULERS = [
    ("StepLR", {"stepSize": 3, "gamma": 0.5}),
    ("MultiStepLR", {"milestones": [2, 5, 5, 9], "gamma": 0.3}),
    ("ConstantLR", {}),
    ("ConstantLR", {"factor": 0.2, "totalIters": 4}),
    ("LinearLR", {}),
    ("LinearLR", {"startFactor": 0.1, "endFactor": 0.7, "totalIters": 8}),
    ("ExponentialLR", {"gamma": 0.9}),
    ("PolynomialLR", {}),
    ("PolynomialLR", {"totalIters": 12, "power": 2.5}),
    ("CosineAnnealingLR", {"TMax": 7}),
    ("CosineAnnealingLR", {"TMax": 5, "etaMin": 0.01}),
    ("CosineAnnealingWarmRestarts", {"T0": 4}),
    ("CosineAnnealingWarmRestarts", {"T0": 3, "TMult": 2, "etaMin": 0.02}),
    ("CyclicLR", {"baseLr": 0.01, "maxLr": 0.3, "stepSizeUp": 4}),
    ("CyclicLR", {"baseLr": 0.01, "maxLr": [0.3, 0.5], "stepSizeUp": 3, "stepSizeDown": 5, "mode": "triangular2", "baseMomentum": 0.7, "maxMomentum": 0.95}),
    ("CyclicLR", {"baseLr": 0.01, "maxLr": 0.3, "stepSizeUp": 4, "mode": "exp_range", "gamma": 0.95, "cycleMomentum": False}),
    ("OneCycleLR", {"maxLr": 0.4, "totalSteps": 20}),
    ("OneCycleLR", {"maxLr": [0.4, 0.2], "epochs": 4, "stepsPerEpoch": 5, "pctStart": 0.4, "annealStrategy": "linear", "threePhase": True, "divFactor": 10.0, "finalDivFactor": 100.0}),
    ("SWALR", {"swaLr": 0.05}),
    ("SWALR", {"swaLr": 0.01, "annealEpochs": 4, "annealStrategy": "linear"}),
]

PLATEAU = [1.0, 0.9, 0.91, 0.92, 0.9, 0.89, 0.95, 0.96, 0.97, 0.98, 0.5, 0.5, 0.5, 0.5, 0.5, 0.6, 0.4, 0.4, 0.4, 0.4]
PLATEAUS = [
    {"patience": 2},
    {"mode": "max", "factor": 0.5, "patience": 1, "cooldown": 2, "minLr": 0.01},
    {"patience": 1, "threshold": 0.05, "thresholdMode": "abs", "factor": 0.3, "minLr": [0.001, 0.05]},
    {"mode": "max", "thresholdMode": "abs", "patience": 3, "eps": 0.01},
]


def scheduler_options(options):
    names = {"TMax": "T_max", "T0": "T_0", "TMult": "T_mult"}
    return {names.get(key, snake(key)): value for key, value in options.items()}


def plain_optimizer(kind="SGD"):
    params = [torch.zeros(1, requires_grad=True), torch.zeros(1, requires_grad=True)]
    groups = [{"params": [params[0]]}, {"params": [params[1]], "lr": 0.2}]
    return optim.SGD(groups, lr=0.1, momentum=0.9) if kind == "SGD" else optim.Adam(groups, lr=0.1)


def rates(optimizer):
    momentum = [group.get("momentum", group.get("betas", [None])[0]) for group in optimizer.param_groups]
    return {"lr": [float(group["lr"]) for group in optimizer.param_groups], "momentum": momentum}


def schedule(make, kind="SGD", steps=20, metrics=None):
    optimizer = plain_optimizer(kind)
    scheduler = make(optimizer)
    sequence = [rates(optimizer)]
    for i in range(steps):
        optimizer.step()
        scheduler.step(*([] if metrics is None else [metrics[i]]))
        assert [float(rate) for rate in scheduler.get_last_lr()] == rates(optimizer)["lr"]
        sequence.append(rates(optimizer))
    return {"sequence": sequence, "state": scheduler_state(scheduler)}


def scheduler_state(scheduler):
    state = scheduler.state_dict()
    return {key: written(value) for key, value in state.items() if not callable(value)}


def made_schedules():
    lr = optim.lr_scheduler
    cases = []
    for name, options in SCHEDULERS:
        factory = getattr(lr, name, None) or optim.swa_utils.SWALR
        for kind in ["SGD", "Adam"] if name in ("CyclicLR", "OneCycleLR") else ["SGD"]:
            result = schedule(lambda optimizer: factory(optimizer, **scheduler_options(options)), kind)
            cases.append({"name": name, "options": options, "optimizer": kind, **result})
    for options in PLATEAUS:
        make = lambda optimizer: lr.ReduceLROnPlateau(optimizer, **scheduler_options(options))
        cases.append({"name": "ReduceLROnPlateau", "options": options, "optimizer": "SGD", **schedule(make, metrics=PLATEAU)})
    special = {
        "LambdaLR": lambda o: lr.LambdaLR(o, lambda epoch: 0.95 ** epoch),
        "LambdaLR of two": lambda o: lr.LambdaLR(o, [lambda epoch: 1 / (epoch + 1), lambda epoch: 0.5 ** epoch]),
        "MultiplicativeLR": lambda o: lr.MultiplicativeLR(o, lambda epoch: 0.9 + 0.01 * epoch),
        "SequentialLR": lambda o: lr.SequentialLR(
            o, [lr.ConstantLR(o, factor=0.1, total_iters=20), lr.LinearLR(o, 0.5, 1.0, 4), lr.ExponentialLR(o, gamma=0.8)], milestones=[3, 9]),
        "ChainedScheduler": lambda o: lr.ChainedScheduler([lr.ConstantLR(o, factor=0.1, total_iters=4), lr.ExponentialLR(o, gamma=0.9)]),
        "SequentialLR of cosines": lambda o: lr.SequentialLR(
            o, [lr.LinearLR(o, 0.1, 1.0, 5), lr.CosineAnnealingLR(o, T_max=15)], milestones=[5]),
        "SequentialLR of a chain": lambda o: lr.SequentialLR(
            o, [lr.ChainedScheduler([lr.LinearLR(o, 0.1, 1.0, 4), lr.ExponentialLR(o, gamma=0.95)]), lr.StepLR(o, 2)], milestones=[7]),
        "SequentialLR of a chain of a sequence": lambda o: lr.SequentialLR(
            o,
            [
                lr.ChainedScheduler([
                    lr.SequentialLR(o, [lr.LinearLR(o, 0.1, 1.0, 2), lr.ExponentialLR(o, gamma=0.95)], milestones=[2]),
                    lr.ExponentialLR(o, gamma=0.9),
                ]),
                lr.StepLR(o, 3),
            ],
            milestones=[7],
        ),
    }
    for name, make in special.items():
        cases.append({"name": name, "options": {}, "optimizer": "SGD", **schedule(make)})
    return cases


def closed_forms():
    """The learning rates of step(epoch)."""
    lr = optim.lr_scheduler
    makes = {
        "StepLR": lambda o: lr.StepLR(o, 3, 0.5),
        "MultiStepLR": lambda o: lr.MultiStepLR(o, [2, 5, 5, 9], 0.3),
        "ConstantLR": lambda o: lr.ConstantLR(o),
        "LinearLR": lambda o: lr.LinearLR(o),
        "ExponentialLR": lambda o: lr.ExponentialLR(o, 0.9),
        "PolynomialLR": lambda o: lr.PolynomialLR(o, 8, 2.0),
        "CosineAnnealingLR": lambda o: lr.CosineAnnealingLR(o, 7),
        "CosineAnnealingWarmRestarts": lambda o: lr.CosineAnnealingWarmRestarts(o, 3, 2),
    }
    result = {}
    for name, make in makes.items():
        optimizer = plain_optimizer()
        scheduler = make(optimizer)
        result[name] = []
        for epoch in [0, 4, 2, 7, 11]:
            optimizer.step()
            scheduler.step(epoch)
            result[name].append(rates(optimizer)["lr"])
    return result


def main():
    import warnings
    warnings.simplefilter("ignore")
    torch.set_num_threads(1)
    cases = []
    for name, options in OPTIMIZERS:
        case = {"name": name, "options": options}
        for dtype in [torch.float64, torch.float32]:
            made = trajectory(name, options, dtype)
            case[str(dtype)[6:]] = made["points"]
            if dtype == torch.float32:
                case["state"] = made["state"]
        cases.append(case)
    golden = {
        "version": torch.__version__,
        "start": START,
        "target": TARGET,
        "optimizers": cases,
        "plateau": PLATEAU,
        "schedulers": made_schedules(),
        "closed": closed_forms(),
    }
    OUTPUT.write_text(json.dumps(golden, separators=(",", ":"), allow_nan=False) + "\n")


main()
