/**
 * `torch.utils.checkpoint`: less memory for more time.
 *
 * @module
 */

export {
  checkpoint,
  type CheckpointOptions,
  checkpointSequential,
} from "../autograd/checkpoint.ts";
