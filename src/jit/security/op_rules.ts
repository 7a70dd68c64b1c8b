/**
 * Which ops a loaded program may call: a table by namespace, and of single ops, each with its reason. Held against LibTorch's
 * registry by `tests/security_policy_test.ts`, so that a namespace or a file op that a new LibTorch brings is noticed.
 *
 * @module
 */

/** Namespaces whose ops only compute on their arguments, with exceptions in {@linkcode refusedOps} and {@linkcode refusedKinds}. */
export const computing: ReadonlySet<string> = new Set([
  "aten",
  "quantized",
  "_quantized",
  "quantization",
  "mkldnn_prepacked",
  "onnx",
  "profiler",
  "xnnpack",
  "prepacked",
  "rnn",
]);

const PACKED = "believes that a tensor holds weights as LibTorch packed them";
const UNCHECKED_INDICES =
  "makes a sparse tensor whose indices it does not check, or lets them be changed later";
const UNCHECKED_SIZE = "makes a tensor over memory whose size it does not check";
const ADDRESS = "tells where in memory something lies";

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
  inductor_prims: "belongs to a compiler of PyTorch's, and does not check its arguments",
  static_runtime: "belongs to another runtime, and does not check its arguments",
  mkl: PACKED,
  mkldnn: PACKED,
  onednn: PACKED,
  sparse: PACKED,
  _test: "is for LibTorch's own tests",
  _nnapi: "compiles and runs native code",
  aoti_torch: "runs native code of a package",
};

/** Ops that are refused, with the reason. `"profiler::_record_function_exit."` is the overload without a name. */
export const refusedOps: Readonly<Record<string, string>> = {
  "aten::from_file": "reads any file of this process, and can create and overwrite it",
  "aten::save": "creates and overwrites files",
  "aten::load": "reads files",
  "aten::_load_for_lite_interpreter": "reads files",
  "aten::set_": "lays a tensor over other memory",
  "aten::set_data": "lays a tensor over other memory",
  "aten::as_strided_": "lays a tensor over other memory",
  "aten::sparse_coo_tensor": UNCHECKED_INDICES,
  "aten::sparse_compressed_tensor": UNCHECKED_INDICES,
  "aten::sparse_csr_tensor": UNCHECKED_INDICES,
  "aten::sparse_csc_tensor": UNCHECKED_INDICES,
  "aten::sparse_bsr_tensor": UNCHECKED_INDICES,
  "aten::sparse_bsc_tensor": UNCHECKED_INDICES,
  "aten::indices": UNCHECKED_INDICES,
  "aten::crow_indices": UNCHECKED_INDICES,
  "aten::col_indices": UNCHECKED_INDICES,
  "aten::ccol_indices": UNCHECKED_INDICES,
  "aten::row_indices": UNCHECKED_INDICES,
  "aten::ctc_loss": "reads by labels that it does not check",
  "aten::segment_reduce": "reads by lengths that it does not check",
  "aten::native_batch_norm": "does not check the sizes of weights and statistics",
  "aten::native_batch_norm_backward": "does not check the sizes of weights and statistics",
  "aten::batch_norm_update_stats": "does not check the sizes of statistics",
  "aten::batch_norm_stats": "does not check the sizes of statistics",
  "aten::batch_norm_elemt": "does not check the sizes of statistics",
  "aten::fused_moving_avg_obs_fake_quant": "does not check the sizes of what it observed",
  "aten::quantized_lstm_cell": PACKED,
  "aten::quantized_gru_cell": PACKED,
  "aten::quantized_rnn_relu_cell": PACKED,
  "aten::quantized_rnn_tanh_cell": PACKED,
  "aten::sort.any":
    "sorts by a program's own comparison, and reads past the list where that contradicts itself",
  "aten::sorted.any":
    "sorts by a program's own comparison, and reads past the list where that contradicts itself",
  "_quantized::_wrapped_linear_prepack": PACKED,
  "_quantized::_wrapped_quantized_linear_prepacked": PACKED,
  "_quantized::wrapped_fbgemm_pack_gemm_matrix_fp16": PACKED,
  "_quantized::wrapped_fbgemm_linear_fp16_weight": PACKED,
  "quantized::int4mm_packed_weight_cpu": PACKED,
  "profiler::_record_function_enter":
    "gives out an object of LibTorch's as a tensor that can be written to",
  "profiler::_record_function_exit.": "takes a tensor for an object of LibTorch's",
  "profiler::_call_end_callbacks_on_jit_fut.": "takes a tensor for an object of LibTorch's",
  "prim::id": ADDRESS,
  "aten::_nested_view_from_buffer": UNCHECKED_SIZE,
  "aten::_reshape_alias": UNCHECKED_SIZE,
};

/** Kinds of ops of `aten` that are refused by their names, with the reason. */
export const refusedKinds: readonly (readonly [kind: RegExp, reason: string])[] = [
  [
    /^(?!_?backward$).*_backward(_|$)/,
    "is a half of LibTorch's gradients, and believes the sizes and indices that the other half gave it",
  ],
  [
    /^_foreach_|^_fused_(sgd|adam|adamw|adagrad)_?$/,
    "is for optimizers, and believes that its lists fit together",
  ],
  [/^fbgemm_/, PACKED],
  [
    /^(mkldnn|cudnn|miopen|mps)_/,
    "is of one backend, and does not check as the op that chooses it does",
  ],
];

// What PyTorch's public functions and modules leave in a program, and what checks its arguments as public ops do.
const INTERNAL = [
  "_adaptive_avg_pool2d _adaptive_avg_pool3d _add_relu _add_relu_ _aminmax _assert_async _assert_scalar _assert_tensor_metadata",
  "_autocast_to_full_precision _autocast_to_reduced_precision _backward _batch_norm_impl_index _cast_Byte _cast_Char _cast_Double",
  "_cast_Float _cast_Half _cast_Int _cast_Long _cast_Short _choose_qparams_per_tensor _conj _conj_copy _conj_physical",
  "_convolution _convolution_mode _dim_arange _empty_affine_quantized _euclidean_dist _get_tracing_state _grad_sum_to_size",
  "_infer_size _int_mm _is_all_true _is_any_true _is_zerotensor _linalg_check_errors _linalg_det _linalg_eigh _linalg_eigvals",
  "_linalg_slogdet _linalg_solve_ex _linalg_svd _list_to_tensor _log_softmax _logcumsumexp _lu_with_info",
  "_make_per_channel_quantized_tensor _make_per_tensor_quantized_tensor _native_multi_head_attention _neg_view",
  "_nested_tensor_from_mask _nested_tensor_from_mask_left_aligned _nnpack_available _no_grad_embedding_renorm_ _no_grad_fill_",
  "_no_grad_normal_ _no_grad_uniform_ _no_grad_zero_ _pack_padded_sequence _pack_sequence _pad_circular _pad_enum",
  "_pad_packed_sequence _prelu_kernel _print _reshape_from_tensor _safe_softmax _sample_dirichlet _set_item _shape_as_tensor",
  "_size_if_not_equal _softmax _standard_gamma _tensor_to_list _to_copy _to_cpu _transformer_encoder_layer_fwd _unique _unique2",
  "_unsafe_view _unwrap_optional _upsample_bicubic2d_aa _upsample_bilinear2d_aa _upsample_lanczos2d_aa _upsample_nearest_exact1d",
  "_upsample_nearest_exact2d _upsample_nearest_exact3d _version _weight_norm",
].join(" ").split(" ");

/** Ops of `aten` that begin with an underscore and are not refused; the others are LibTorch's own. */
export const internalOps: ReadonlySet<string> = new Set(INTERNAL);

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
    "NumToTensor ImplicitTensorToNum min max abs data device dtype layout grad requires_grad itemsize nbytes index name type",
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
