"""Runs files that this library saved, and compares what they compute with what is recorded.

The argument is a folder with a JSON file, `cases.json`: a list of models as in tests/golden/models/expected.json, each with its
file `<name>.pt`. Writes `report.json`: for each model what differs, in one sentence, or null.
"""

import json
import sys
import warnings
from pathlib import Path

import torch

from interop_json import decode, difference, encode
from interop_types import Color, Level, Ratio

warnings.filterwarnings("ignore")


def run(path, steps):
    module = torch.jit.load(path)
    results = []
    enums = {"Color": Color, "Level": Level, "Ratio": Ratio}
    for i, step in enumerate(steps):
        if step.get("train") is not None:
            module.train(step["train"])
        if step.get("seed") is not None:
            torch.manual_seed(step["seed"])
        target = module
        for part in step["method"].split("."):
            target = getattr(target, part)
        args = [decode(one, results, enums) for one in step["args"]]
        kwargs = {name: decode(one, results, enums) for name, one in step.get("kwargs", [])}
        try:
            result = target(*args, **kwargs)
        except Exception as error:
            results.append(None)
            found = (str(error).rstrip().splitlines() or [""])[-1]
            if "error" not in step:
                return f"step {i} raises {type(error).__name__}: {found}"
            if without_declaration(found) != without_declaration(step["error"]["message"]):
                return f"step {i} raises {found!r}, not {step['error']['message']!r}"
            continue
        if "error" in step:
            return f"step {i} does not raise {step['error']['message']!r}"
        results.append(result)
        wrong = difference(encode(result), step["result"])
        if wrong:
            return f"step {i}: {wrong}"
    return None


def without_declaration(message):
    # The name of a class may get a mark when it is loaded, to keep it apart from others of that name.
    return message.split(" Declaration: ")[0]


def main():
    folder = Path(sys.argv[1])
    report = {}
    for model in json.loads((folder / "cases.json").read_text(encoding="utf8")):
        try:
            report[model["name"]] = run(str(folder / f"{model['name']}.pt"), model["steps"])
        except Exception as error:
            report[model["name"]] = f"{type(error).__name__}: {str(error)[-400:]}"
    (folder / "report.json").write_text(json.dumps(report), encoding="utf8")


if __name__ == "__main__":
    main()
