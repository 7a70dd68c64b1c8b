/**
 * LibTorch's commonest complaints, with what to do about them in the words of this library: its own speak to C++ and Python.
 *
 * @module
 */

const cpuOnly = 'this LibTorch computes on the "cpu" only';

// What is found, and what stands in its place; "$&" is what was found.
const hints: readonly (readonly [RegExp, string])[] = [
  [/Specify retain_graph=True if/, "Give the first backward() { retainGraph: true } if"],
  [/Set allow_unused=True if/, "Give { allowUnused: true } if"],
  [/pass strict=False to trace\(\)/, "give { strict: false }"],
  [
    /Expected one of cpu, cuda, .* device type at start of device string: (.*)$/,
    'expected a device such as "cpu", got "$1"',
  ],
  [/PyTorch is not linked with support for \w+ devices/, `$&: ${cpuOnly}`],
  [
    /(Could not run '.*' with arguments from the '(?:CUDA|HIP|MPS|XPU|HPU|XLA|MTIA|Vulkan|Metal)' backend)\./,
    `$1: ${cpuOnly}`,
  ],
  [
    /a Tensor with (?!0 )\d+ elements cannot be converted to Scalar/,
    "$&: toArray() gives them all",
  ],
  [
    /element \d+ of tensors does not require grad and does not have a grad_fn/,
    "$&: make what is derived by with { requiresGrad: true }, and compute outside of noGrad()",
  ],
  [
    /grad can be implicitly created only for scalar outputs/,
    "$&: reduce it with sum() or mean() first, or give a gradient of its shape",
  ],
  [
    /Only Tensors of floating point and complex dtype can require gradients/,
    '$&: whole numbers make an int64 tensor, { dtype: "float32" } another',
  ],
  [
    /could not infer output dtype\. Input dtype must be either a floating point or complex dtype\. Got: \w+/,
    "$&: float() converts it",
  ],
  [
    /a leaf Variable that requires grad is being used in an in-place operation/,
    "$&: do it within torch.noGrad(), or use the op without an underscore",
  ],
  [
    /mat1 and mat2 must have the same dtype, but got \w+ and \w+/,
    "$&: to({ dtype }) converts one to the other's",
  ],
  [/expected target dtype to be Long or Byte, but got \w+/, "$&: long() converts it"],
  [
    /to have one of the following scalar types: Long, Int; but got \w+ instead/,
    "$& (long() converts it)",
  ],
  [/^Unknown name: (.*)$/, "the module has no method or attribute '$1'"],
];

/** A message with what to do, where that is known. */
export function withHint(message: string): string {
  const hint = hints.find(([found]) => found.test(message));
  return hint === undefined ? message : message.replace(hint[0], hint[1]);
}
