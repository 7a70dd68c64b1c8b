/**
 * The types of the autograd graph as a tensor shows it: nodes, and handles of hooks.
 *
 * @module
 */

/** Takes a hook away again: what the `register…Hook` methods return. */
export interface HookHandle extends Disposable {
  /** Takes the hook away. Harmless when called again. */
  remove(): void;
  /** {@linkcode remove}, for `using`. */
  [Symbol.dispose](): void;
}

/**
 * A node of the autograd graph: the function that computes the gradients of the inputs of an op from those of its
 * outputs. `T` is the tensor type.
 *
 * Holding one keeps its part of the graph alive; `dispose()` or `using` lets go at once, the garbage collector some time
 * after it was forgotten.
 */
export interface GradFn<T> extends Disposable {
  /** The name of the function: `"AddBackward0"`, or `"MyFunctionBackward"` for a class of one's own. */
  readonly name: string;
  /** Where the gradients of the inputs go: a node and which of its inputs, or `null` where none is needed. New objects at each read. */
  readonly nextFunctions: readonly (readonly [GradFn<T> | null, number])[];
  /**
   * What a custom function saved for its backward pass. New tensor objects at each read.
   *
   * @throws {TorchError} For functions of LibTorch, which show theirs in Python only; and after the buffers were freed.
   */
  readonly savedTensors: (T | null)[];
  /** The leaf whose gradient an `AccumulateGrad` node adds to, else `null`. A new tensor object at each read. */
  readonly variable: T | null;
  /**
   * Runs after the node, with the gradients of its inputs and those of its outputs; what it returns, if anything, takes
   * the place of the former.
   */
  registerHook(
    hook: (
      gradInputs: (T | null)[],
      gradOutputs: (T | null)[],
    ) => readonly (T | null)[] | T | null | undefined | void,
  ): HookHandle;
  /** Runs before the node, with the gradients of its outputs; what it returns, if anything, takes their place. */
  registerPrehook(
    hook: (gradOutputs: (T | null)[]) => readonly (T | null)[] | T | null | undefined | void,
  ): HookHandle;
  /** `"<AddBackward0>"`. */
  toString(): string;
  /** Lets go of the node. */
  dispose(): void;
  /** {@linkcode dispose}, for `using`. */
  [Symbol.dispose](): void;
}
