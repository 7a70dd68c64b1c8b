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
