/**
 * `torch.utils`, as far as it is not elsewhere: `data` is `torch.data`, `tensorboard` is `torch.report`.
 *
 * @module
 */

export * as checkpoint from "./checkpoint.ts";
