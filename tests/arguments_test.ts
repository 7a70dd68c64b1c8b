import { describe, test } from "node:test";
import { assert, assertThrows } from "@std/assert";
import * as torch from "../mod.ts";

const { data, io, nn, report } = torch;
const { utils } = nn;

// deno-lint-ignore no-explicit-any -- what a program without types may give
type Any = any;

describe("Arguments that are no tensors", () => {
  const net = new nn.Linear(2, 2);
  const weight = torch.ones([1], { requiresGrad: true });
  const calls: Record<string, (given: Any) => unknown> = {
    "Subset(): argument 'indices'": (given) => new data.Subset([1], given),
    "ConcatDataset(): argument 'datasets'": (given) => new data.ConcatDataset(given),
    "StackDataset(): argument 'datasets'": (given) => new data.StackDataset(given),
    "ChainDataset(): argument 'datasets'": (given) => new data.ChainDataset(given),
    "randomSplit(): argument 'dataset'": (given) => data.randomSplit(given, [1]),
    "randomSplit(): argument 'lengths'": (given) => data.randomSplit([1], given),
    "RandomSampler(): argument 'source'": (given) => new data.RandomSampler(given),
    "SequentialSampler(): argument 'source'": (given) => new data.SequentialSampler(given),
    "SubsetRandomSampler(): argument 'indices'": (given) => new data.SubsetRandomSampler(given),
    "WeightedRandomSampler(): argument 'weights'": (given) =>
      new data.WeightedRandomSampler(given, 1),
    "parametersToVector(): argument 'parameters'": (given) => utils.parametersToVector(given),
    "vectorToParameters(): argument 'parameters'": (given) =>
      utils.vectorToParameters(weight, given),
    "removeWeightNorm(): argument 'module'": (given) => utils.removeWeightNorm(given),
    "removeSpectralNorm(): argument 'module'": (given) => utils.removeSpectralNorm(given),
    "fuseLinearBnEval(): argument 'module'": (given) => utils.fuseLinearBnEval(given, given),
    "spectralNorm(): argument 'options'": (given) => utils.spectralNorm(net, given),
    "getParameter(): argument 'target'": (given) => net.getParameter(given),
    "setSubmodule(): argument 'target'": (given) => net.setSubmodule(given, net),
    "stateDict(): argument 'options'": (given) => net.stateDict(given),
    "loadStateDict(): argument 'dict'": (given) => net.loadStateDict(given),
    "loadStateDict(): argument 'options'": (given) => net.loadStateDict(net.stateDict(), given),
    "zeroGrad(): argument 'options'": (given) => net.zeroGrad(given),
    "toEmpty(): argument 'options'": (given) => net.toEmpty(given),
    "apply(): argument 'fn'": (given) => net.apply(given),
    "LossCurve.add(): argument 'values'": (given) => new report.LossCurve().add(given),
    "LossCurve.toSVG(): argument 'options'": (given) => new report.LossCurve().toSVG(given),
    "io.load(): argument 'options'": (given) => io.load(new Uint8Array(3), given),
    "transfer(): argument 'options'": (given) => torch.transfer(1, given),
    "hessian(): argument 'options'": (given) => torch.func.hessian(() => weight, given),
    "checkpointSequential(): argument 'functions'": (given) =>
      torch.utils.checkpoint.checkpointSequential(given, 1, weight),
  };

  for (const [start, call] of Object.entries(calls)) {
    test(`${start} is named where it is not what it must be`, () => {
      for (const given of [null, 3]) {
        const error = assertThrows(() => call(given), TypeError);
        assert(error.message.startsWith(`${start} must `), error.message);
      }
    });
  }
});

describe("Options that no function knows", () => {
  const leaf = () => torch.ones([1], { dtype: "float64", requiresGrad: true });
  const net = new nn.Linear(2, 2);
  const x = torch.ones([1, 1, 2]);
  const { autograd, func } = torch;
  const square = (a: torch.Tensor) => a.mul(a).sum();
  const fresh = () => new nn.Linear(2, 2);
  const attention = new nn.MultiheadAttention(2, 1);
  const encoderLayer = new nn.TransformerEncoderLayer(2, 1);
  const decoderLayer = new nn.TransformerDecoderLayer(2, 1);
  const transformer = new nn.Transformer({ dModel: 2, nhead: 1, dimFeedforward: 2 });
  const calls: Record<string, (given: Any) => unknown> = {
    backward: (given) => leaf().sum().backward(null, given),
    "autograd.backward": (given) => autograd.backward(leaf().sum(), null, given),
    grad: (given) => {
      const a = leaf();
      return autograd.grad(square(a), a, given);
    },
    gradcheck: (given) => autograd.gradcheck(square, leaf(), given),
    gradgradcheck: (given) => autograd.gradgradcheck(square, leaf(), null, given),
    jacobian: (given) => autograd.functional.jacobian(square, leaf(), given),
    hessian: (given) => autograd.functional.hessian(square, leaf(), given),
    vjp: (given) => autograd.functional.vjp(square, leaf(), null, given),
    jvp: (given) => autograd.functional.jvp(square, leaf(), null, given),
    vhp: (given) => autograd.functional.vhp(square, leaf(), null, given),
    hvp: (given) => autograd.functional.hvp(square, leaf(), null, given),
    detectAnomaly: (given) => autograd.detectAnomaly(() => 1, given),
    setDetectAnomaly: (given) => autograd.setDetectAnomaly(false, given),
    checkpoint: (given) => torch.utils.checkpoint.checkpoint(square, [leaf()], given),
    vmap: (given) => func.vmap(square, given),
    "func.grad": (given) => func.grad(square, given),
    gradAndValue: (given) => func.gradAndValue(square, given),
    "func.jvp": (given) => func.jvp(square, [leaf()], [leaf()], given),
    jacrev: (given) => func.jacrev(square, given)(leaf()),
    jacfwd: (given) => func.jacfwd(square, given)(leaf()),
    "func.hessian": (given) => func.hessian(square, given)(leaf()),
    functionalCall: (given) => func.functionalCall(net, net.stateDict(), x, given),
    stateDict: (given) => net.stateDict(given),
    loadStateDict: (given) => net.loadStateDict(net.stateDict(), given),
    zeroGrad: (given) => net.zeroGrad(given),
    "SGD.zeroGrad": (given) => new torch.optim.SGD(net.parameters()).zeroGrad(given),
    namedParameters: (given) => [...net.namedParameters(given)],
    namedBuffers: (given) => [...net.namedBuffers(given)],
    namedModules: (given) => [...net.namedModules(given)],
    parameters: (given) => [...net.parameters(given)],
    buffers: (given) => [...net.buffers(given)],
    toEmpty: (given) => fresh().toEmpty(given),
    registerBuffer: (given) => fresh().registerBuffer("mean", x, given),
    registerForwardHook: (given) => fresh().registerForwardHook(() => {}, given),
    MultiheadAttention: (given) => attention(x, x, x, given),
    TransformerEncoderLayer: (given) => encoderLayer(x, given),
    TransformerEncoder: (given) => new nn.TransformerEncoder(encoderLayer, 1)(x, given),
    TransformerDecoderLayer: (given) => decoderLayer(x, x, given),
    TransformerDecoder: (given) => new nn.TransformerDecoder(decoderLayer, 1)(x, x, given),
    Transformer: (given) => transformer(x, x, given),
    weightNorm: (given) => utils.parametrizations.weightNorm(fresh(), given),
    spectralNorm: (given) => utils.parametrizations.spectralNorm(fresh(), given),
    orthogonal: (given) => utils.parametrizations.orthogonal(fresh(), given),
    registerParametrization: (given) =>
      utils.parametrize.registerParametrization(fresh(), "weight", new nn.Identity(), given),
    l1Unstructured: (given) => utils.prune.l1Unstructured(fresh(), "weight", 1, given),
    DataLoader: (given) => new data.DataLoader([1], given),
    RandomSampler: (given) => new data.RandomSampler([1], given),
    SubsetRandomSampler: (given) => new data.SubsetRandomSampler([1], given),
    WeightedRandomSampler: (given) => new data.WeightedRandomSampler([1], 1, true, given),
    randomSplit: (given) => data.randomSplit([1], [1], given),
    load: (given) => io.load(io.serialize(1), given),
    loadSafetensors: (given) => io.loadSafetensors("nowhere.safetensors", given),
    saveNpz: (given) => io.saveNpz({ x }, "nowhere/x.npz", given),
    progress: (given) => report.progress([1], given),
    toText: (given) => new report.LossCurve().toText(given),
    toSVG: (given) => new report.LossCurve().toSVG(given),
    profile: (given) => torch.profiler.profile(() => 1, given),
  };

  for (const [name, call] of Object.entries(calls)) {
    test(`${name} refuses one by its name, and does not go on without it`, () => {
      const error = assertThrows(() => call({ create_graph: true }), TypeError);
      assert(/^.*\(\): unknown option 'create_graph'; /.test(error.message), error.message);
    });
  }

  test("a mask in the place of the masks is refused: it would be passed over", () => {
    const mask = torch.zeros([1, 1]) as Any;
    const message = "argument 'masks' must be an object, but got a Tensor";
    assertThrows(() => encoderLayer(x, mask), TypeError, message);
    assertThrows(() => new nn.TransformerEncoder(encoderLayer, 1)(x, mask), TypeError, message);
    assertThrows(() => decoderLayer(x, x, mask), TypeError, message);
    assertThrows(() => new nn.TransformerDecoder(decoderLayer, 1)(x, x, mask), TypeError, message);
    assertThrows(() => transformer(x, x, mask), TypeError, message);
    assertThrows(
      () => attention(x, x, x, mask),
      TypeError,
      "MultiheadAttention(): argument 'options' must be an object, but got a Tensor",
    );
  });
});
