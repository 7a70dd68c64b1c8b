/**
 * Which ops a loaded program may call: a table by namespace, and of single ops, each with its reason. Held against LibTorch's
 * registry by `tests/security_policy_test.ts`, so that a namespace or a file op that a new LibTorch brings is noticed.
 *
 * @module
 */

/** Namespaces whose ops only compute on their arguments, with exceptions in {@linkcode refusedOps}. */
export const computing: ReadonlySet<string> = new Set([
  "aten",
  "quantized",
  "_quantized",
  "quantization",
  "sparse",
  "mkl",
  "mkldnn",
  "mkldnn_prepacked",
  "onednn",
  "onnx",
  "inductor_prims",
  "profiler",
  "_test",
  "xnnpack",
  "prepacked",
  "rnn",
]);

/** Namespaces that are refused as a whole, with the reason. */
export const refusedNamespaces: Readonly<Record<string, string>> = {
  c10d: "sends tensors to other processes over the network",
  _c10d_functional: "sends tensors to other processes over the network",
  _c10d_functional_autograd: "sends tensors to other processes over the network",
  dist_c10d: "sends tensors to other processes over the network",
  dist_rpc: "calls other processes over the network",
  _dtensor: "sends tensors to other processes over the network",
  rpc: "calls other processes over the network",
  symm_mem: "shares memory with other processes",
  inductor: "makes tensors over memory whose size it does not check",
  static_runtime: "belongs to another runtime, and does not check its arguments",
  _nnapi: "compiles and runs native code",
  aoti_torch: "runs native code of a package",
};

/** Ops that are refused, with the reason. */
export const refusedOps: Readonly<Record<string, string>> = {
  "aten::from_file": "reads any file of this process, and can create and overwrite it",
  "aten::save": "creates and overwrites files",
  "aten::load": "reads files",
  "aten::_load_for_lite_interpreter": "reads files",
  "aten::_reshape_alias": "makes a tensor over memory whose size it does not check",
  "aten::_nested_view_from_buffer": "makes a tensor over memory whose size it does not check",
  "aten::_nested_view_from_buffer_copy": "makes a tensor over memory whose size it does not check",
  "aten::_nested_view_from_jagged": "makes a tensor over memory whose size it does not check",
  "aten::_nested_view_from_jagged_copy": "makes a tensor over memory whose size it does not check",
  "aten::_sparse_coo_tensor_unsafe": "makes a sparse tensor whose indices it does not check",
  "aten::_sparse_compressed_tensor_unsafe": "makes a sparse tensor whose indices it does not check",
  "aten::_sparse_csr_tensor_unsafe": "makes a sparse tensor whose indices it does not check",
  "aten::_sparse_csc_tensor_unsafe": "makes a sparse tensor whose indices it does not check",
  "aten::_sparse_bsr_tensor_unsafe": "makes a sparse tensor whose indices it does not check",
  "aten::_sparse_bsc_tensor_unsafe": "makes a sparse tensor whose indices it does not check",
  "aten::_sparse_coo_tensor_with_dims_and_tensors":
    "makes a sparse tensor whose indices it does not check",
  "mkldnn::data_ptr": "tells where in memory a tensor lies",
};

/**
 * What a program in TorchScript is made of, beside the ops of other namespaces. The other ops of `prim` stand for what LibTorch's
 * optimizer or its interpreter does for itself: they believe their arguments.
 */
export const languageOps: ReadonlySet<string> = new Set(
  [
    "Constant Uninitialized If Loop Return Param",
    "TupleConstruct TupleUnpack TupleIndex TupleSlice ListConstruct ListUnpack DictConstruct CreateObject GetAttr SetAttr HasAttr",
    "CallMethod CallFunction fork forkClosure Closure awaitable awaitableClosure awaitable_wait awaitable_nowait",
    "Enter Exit isinstance unchecked_cast unchecked_unwrap_optional annotate RaiseException Print",
    "NumToTensor ImplicitTensorToNum min max abs data device dtype layout grad requires_grad itemsize nbytes id index name type",
    "is_cpu is_cuda is_ipu is_maia is_meta is_mkldnn is_mps is_mtia is_nested is_quantized is_sparse is_sparse_csr is_vulkan",
    "is_xla is_xpu tolist rangelist EnumName EnumValue StringIndex ModuleContainerIndex LegacyTypedConstructor RequiresGrad",
  ].join(" ").split(" "),
);

/** Names of arguments and ops that speak of files, processes or the network, in a library that this table does not know. */
export const outsideArgument: RegExp =
  /^(.*_)?(file|filename|fname|path|filepath|dir|directory|folder|uri|url|host|hostname|address|addr|port|command|cmd|script|library|lib)$/i;
/** The same for the words of an op's name. */
export const outsideName: RegExp =
  /(^|_)(file|files|path|open|exec|execute|system|spawn|popen|shell|dlopen|mmap|socket|http|https|url|download|upload|env|getenv)(_|$)|^(load|save|read|write|dump)$|^(load|save|read|write|dump)_|_(from|to)_(file|disk)$/i;
