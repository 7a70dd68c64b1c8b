"""Records which functions of torch a call consists of, and with which arguments."""

import inspect

import torch
from torch.overrides import TorchFunctionMode

from encode import encode, encode_tensor

SPACES = {
    "linalg": torch.linalg,
    "fft": torch.fft,
    "special": torch.special,
    "nn.functional": torch.nn.functional,
    "": torch,
    "_nn": torch._C._nn,
    "Tensor": torch.Tensor,
}

OVERLOADS = set(torch._C._dispatch_get_all_op_names())  # not those that TorchScript alone has
SCHEMAS = {name.split(".")[0] for name in OVERLOADS}


def named_functions():
    """All public names of a function, by its id."""
    names = {}
    for space, module in SPACES.items():
        for name in dir(module):
            value = getattr(module, name)
            if callable(value):
                full = f"{space}.{name}" if space else name
                names.setdefault(id(value), []).append(full)
    return names


NAMES = named_functions()


def name_of(function, wanted=None):
    """The name under which users call a function: `linalg.qr`, `Tensor.add`, `ops.aten.add.Tensor`."""
    if isinstance(function, torch._ops.OpOverload):
        return "ops." + function.name().replace("::", ".")
    if isinstance(function, torch._ops.OpOverloadPacket):
        return "ops." + function._qualified_op_name.replace("::", ".")
    owner = getattr(function, "__self__", None)
    if inspect.isgetsetdescriptor(owner) or isinstance(owner, property):
        return "Tensor." + getattr(owner, "__name__", "property")
    names = NAMES.get(id(function), [])
    if wanted in names:
        return wanted
    module = getattr(function, "__module__", None) or "torch"
    name = getattr(function, "__name__", type(function).__name__)
    return names[0] if names else f"{module.removeprefix('torch.')}.{name}"


def schema_of(name):
    """The op of LibTorch that has the same name, or None."""
    space, _, last = name.rpartition(".")
    if space.startswith("ops."):
        op = "::".join(name.split(".")[1:3])
    elif space not in SPACES:
        return None
    else:
        prefix = f"{space}_" if space in ("linalg", "fft", "special") else ""
        op = f"aten::{prefix}{last}"
    return op if op in SCHEMAS else None


def leaves(value, path=()):
    """The tensors of a nested value, with the way to each."""
    if isinstance(value, torch.Tensor):
        yield value, list(path)
    elif isinstance(value, (list, tuple)):
        for index, element in enumerate(value):
            yield from leaves(element, (*path, index))


def without_defaults(function, kwargs):
    """Keywords without those that are left as they are: Python code of torch passes all of its own on."""
    try:
        known = inspect.signature(function).parameters
    except (TypeError, ValueError):
        return kwargs
    return {
        key: value
        for key, value in kwargs.items()
        if key not in known or known[key].default is not value
    }


def overloads_of(schema):
    return [
        overload
        for overload in torch._C._jit_get_schemas_for_operator(schema)
        if f"{overload.name}.{overload.overload_name}".rstrip(".") in OVERLOADS
    ]


def packed(schema, args):
    """Arguments with those in one array that LibTorch takes as a list, and Python one by one too."""
    overloads = overloads_of(schema) if schema else []
    for at in range(len(args)):
        types = [list_element(overload, at, len(args)) for overload in overloads]
        elements = [element for element in types if element]
        if "single" in types or not elements:
            continue
        if all(isinstance(value, elements[0]) for value in args[at:]):
            return (*args[:at], list(args[at:]))
    return args


def list_element(overload, at, count):
    """What an overload takes a list of at a place: a class, "single" for no list, None if it has not so many."""
    places = [argument for argument in overload.arguments if not argument.kwarg_only]
    if at >= len(places):
        return None
    element = {"List[int]": int, "List[Tensor]": torch.Tensor}.get(str(places[at].type))
    if element and not places[at].N:
        return element
    return "single" if len(places) >= count else None


class Recorder(TorchFunctionMode):
    """The calls of one sample, outermost ones only."""

    def __init__(self, blob, wanted):
        super().__init__()
        self.blob = blob
        self.wanted = wanted
        self.steps = []
        self.tensors = []  # of the sample: what no step made
        self.codes = []
        self.seed = None
        self.made = {}  # by id: the step that made the tensor, and where in its result
        self.results = []

    def tensor(self, tensor):
        """A tensor in an argument: one that a step made, or one of the sample."""
        if id(tensor) in self.made:
            return {"$": "step", "v": self.made[id(tensor)]}
        for index, known in enumerate(self.tensors):
            if known is tensor:
                return {"$": "input", "v": index}
        code = encode_tensor(tensor, self.blob)
        if code["$"] == "other":
            return code
        if tensor.requires_grad and tensor.is_leaf:
            code["grad"] = True
        self.tensors.append(tensor)
        self.codes.append(code)
        return {"$": "input", "v": len(self.tensors) - 1}

    def encode(self, value):
        return encode(value, self.tensor)

    def __torch_function__(self, function, types, args=(), kwargs=None):
        step = self.describe(function, args, without_defaults(function, kwargs or {}))
        self.note(step)
        result = function(*args, **(kwargs or {}))
        if not step.get("attribute") or isinstance(result, torch.Tensor):
            self.ended(step, result)  # reading a shape or a dtype computes nothing
        return result

    def note(self, step):
        """Before the first call: the seed, which the code around it may have set."""
        if not self.steps:
            self.seed = torch.initial_seed()

    def ended(self, step, result):
        for tensor, path in leaves(result):
            self.made[id(tensor)] = [len(self.steps), *path]
        self.steps.append(step)
        self.results.append(result)

    def describe(self, function, args, kwargs):
        name = name_of(function, self.wanted)
        schema = schema_of(name)
        if name == "Tensor.__getitem__" and isinstance(args[1], tuple):
            args = (args[0], *args[1])
        step = {"f": name, "args": [self.encode(value) for value in packed(schema, args)]}
        if kwargs:
            step["kwargs"] = {key: self.encode(value) for key, value in kwargs.items()}
        if schema:
            step["op"] = schema
        if inspect.isgetsetdescriptor(getattr(function, "__self__", None)):
            step["attribute"] = True
            step["args"] = step["args"][:1]
        return step

    def form(self, name, sample):
        """The step that calls a method in its own order of arguments."""
        self.made = {}
        return self.describe(getattr(torch.Tensor, name), (sample.input, *sample.args), sample.kwargs)

    def returned(self, result):
        """Where the sample's result is found among the steps' results."""
        if self.results and result is self.results[-1]:
            return {"$": "step", "v": [len(self.steps) - 1]}
        return self.encode(result)
