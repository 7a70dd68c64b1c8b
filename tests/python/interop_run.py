"""Loads the files that Flambeau saved and runs them: `interop_run.py folder`.

`folder/calls.json` lists them: [{file, calls: [{method, training, seed, inputs}], extra: [names]}]. What came out goes to
`folder/results.json`: [{outputs, extra, state, code}].
"""

import json
import pathlib
import sys

import torch

from interop_values import decode, encode

folder = pathlib.Path(sys.argv[1])


def run(module, call):
    if call.get("training") is not None:
        module.train(call["training"])
    torch.manual_seed(call.get("seed", 0))
    method = getattr(module, call.get("method", "forward"))
    return encode(method(*decode(call["inputs"])))


def results(entry):
    extra = {name: "" for name in entry.get("extra", [])}
    module = torch.jit.load(str(folder / entry["file"]), _extra_files=extra)
    state = list(module.state_dict())
    outputs = [run(module, call) for call in entry["calls"]]
    # Saved again and loaded again: PyTorch takes the file for one of its own.
    again = folder / f"again-{entry['file']}"
    torch.jit.save(module, str(again))
    torch.jit.load(str(again))
    found = {name: text.decode() if isinstance(text, bytes) else text for name, text in extra.items()}
    parameters = [name for name, _ in module.named_parameters()]
    return {"outputs": outputs, "extra": found, "state": state, "parameters": parameters}


entries = json.loads((folder / "calls.json").read_text(encoding="utf-8"))
written = json.dumps([results(entry) for entry in entries])
(folder / "results.json").write_text(written, encoding="utf-8")
