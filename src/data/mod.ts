/**
 * Datasets, samplers, and the loader that makes batches of them.
 *
 * @module
 */

export { type Collated, type Converted, defaultCollate, defaultConvert } from "./collate.ts";
export {
  type BatchSource,
  ChainDataset,
  ConcatDataset,
  Dataset,
  type DatasetLike,
  IterableDataset,
  randomSplit,
  StackDataset,
  type Stacked,
  Subset,
  TensorDataset,
} from "./dataset.ts";
export { DataLoader, type DataLoaderOptions, type LoaderSource } from "./loader.ts";
export {
  BatchSampler,
  RandomSampler,
  type RandomSamplerOptions,
  type Sampler,
  type SamplerOptions,
  SequentialSampler,
  type Sized,
  SubsetRandomSampler,
  WeightedRandomSampler,
} from "./sampler.ts";
export { getWorkerInfo, type WorkerInfo } from "./worker_info.ts";
