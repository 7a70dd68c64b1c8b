/**
 * The C ABI as one neutral table, translated once at load for whichever runtime is here.
 *
 * `csrc/flambeau.h` says what each function does; `tests/ffi_symbols_test.ts` holds the two together,
 * both ways. A handle is a `double` that holds an address, so that both runtimes keep it in a register.
 *
 * @module
 */

/**
 * A type that costs nothing special to pass in either runtime. `buffer` is a TypedArray, `function` a
 * {@linkcode NativeCallback}, both for cold calls.
 */
export type NativeType = "f64" | "i32" | "u32" | "bool" | "buffer" | "function" | "void";

/** What native code calls: `fb_callback` of `csrc/flambeau.h`. */
export type Callback = (what: number, id: number, words: number) => number;

/** A {@linkcode Callback} as the runtime passes it. */
export type NativeCallback = { readonly callback: unique symbol };

/** One function: its parameters in order, and its result. */
export interface NativeSymbol {
  readonly parameters: readonly NativeType[];
  readonly result: NativeType;
}

/** Every function of `csrc/flambeau.h`. */
// deno-fmt-ignore: one function a line, as in the header.
export const symbols = {
  fb_abi_version: { parameters: [], result: "i32" },
  fb_libtorch_compiled: { parameters: [], result: "i32" },
  fb_libtorch_loaded: { parameters: [], result: "i32" },

  fb_context_new: { parameters: ["buffer", "u32"], result: "f64" }, //            words, capacity
  fb_context_resize: { parameters: ["f64", "buffer", "u32"], result: "i32" }, //  ctx, words, capacity
  fb_context_overflow: { parameters: ["f64"], result: "i32" }, //                 ctx
  fb_warnings_watch: { parameters: ["buffer"], result: "i32" }, //                 raised
  fb_warnings_take: { parameters: ["f64"], result: "f64" }, //                     ctx
  fb_context_free: { parameters: ["f64"], result: "void" }, //                    ctx
  fb_text_copy: { parameters: ["f64", "buffer", "f64"], result: "f64" }, //       ctx, out, size

  fb_error_kind: { parameters: [], result: "i32" },
  fb_error_id: { parameters: [], result: "f64" },
  fb_error_text: { parameters: ["f64", "i32"], result: "f64" }, //                ctx, part
  fb_error_backtrace: { parameters: ["f64", "f64"], result: "f64" }, //           ctx, id

  fb_tensor_from_data: { parameters: ["f64", "buffer", "f64", "i32"], result: "f64" }, //           ctx, data, bytes, dtype
  fb_tensor_from_memory: { parameters: ["f64", "buffer", "f64", "i32", "f64"], result: "f64" }, //  ctx, data, bytes, dtype, id
  fb_memory_released: { parameters: ["f64"], result: "i32" }, //                                    ctx
  fb_tensor_release: { parameters: ["f64"], result: "void" }, //                                    tensor
  fb_tensor_retain: { parameters: ["f64"], result: "f64" }, //                                      tensor
  fb_tensor_release_many: { parameters: ["buffer", "u32"], result: "void" }, //                     handles, count
  fb_tensor_meta: { parameters: ["f64", "f64"], result: "i32" }, //                                 tensor, ctx
  fb_tensor_item: { parameters: ["f64", "f64"], result: "i32" }, //                                 tensor, ctx
  fb_tensor_read: { parameters: ["f64", "buffer", "f64"], result: "i32" }, //                       tensor, out, bytes
  fb_tensor_set_requires_grad: { parameters: ["f64", "bool"], result: "i32" }, //                   tensor, on
  fb_tensor_grad: { parameters: ["f64"], result: "f64" }, //                                        tensor
  fb_tensor_grads: { parameters: ["f64"], result: "i32" }, //                                       ctx
  fb_step_descend: { parameters: ["f64", "f64", "f64", "bool"], result: "i32" }, //                     ctx, lr, weight_decay, maximize
  fb_tensor_set_grad: { parameters: ["f64", "f64"], result: "i32" }, //                             tensor, grad
  fb_tensor_grad_fn: { parameters: ["f64", "f64"], result: "f64" }, //                              tensor, ctx
  fb_tensor_set_data: { parameters: ["f64", "f64"], result: "i32" }, //                             tensor, other
  fb_tensor_shares_storage: { parameters: ["f64", "f64"], result: "i32" }, //                       a, b
  fb_storage_info: { parameters: ["f64", "f64"], result: "i32" }, //                                tensor, ctx
  fb_storage_read: { parameters: ["f64", "f64", "buffer", "f64"], result: "i32" }, //               tensor, offset, out, bytes
  fb_storage_write: { parameters: ["f64", "f64", "buffer", "f64"], result: "i32" }, //              tensor, offset, data, bytes
  fb_page_new: { parameters: ["u32", "f64"], result: "f64" }, //                                    slots, bytes
  fb_pages_free: { parameters: [], result: "void" },
  fb_slab: { parameters: ["u32"], result: "f64" }, //                                               index
  fb_block_new: { parameters: ["f64"], result: "f64" }, //                                          bytes
  fb_memory_share: { parameters: ["f64", "f64"], result: "i32" }, //                                tensor, ctx
  fb_memory_unshare: { parameters: ["f64"], result: "void" }, //                                    block
  fb_ballast: { parameters: ["i32"], result: "f64" }, //                                            what
  fb_memory: { parameters: ["i32"], result: "f64" }, //                                             what
  fb_memory_trim: { parameters: [], result: "void" },
  fb_memory_cache: { parameters: ["i32"], result: "i32" }, //                                       on
  fb_live: { parameters: ["i32"], result: "f64" }, //                                               what
  fb_handle_forgotten: { parameters: ["i32", "f64"], result: "void" }, //                           kind, handle
  fb_thread_ends: { parameters: [], result: "void" },

  fb_host_set: { parameters: ["function", "f64"], result: "i32" }, //              callback, ctx
  fb_host_remove: { parameters: ["f64"], result: "i32" }, //                       id
  fb_host_released: { parameters: ["f64"], result: "i32" }, //                     ctx
  fb_backward: { parameters: ["f64", "bool", "bool"], result: "i32" }, //          ctx, retain_graph, create_graph
  fb_grad: { parameters: ["f64", "bool", "bool", "bool"], result: "i32" }, //      ctx, retain_graph, create_graph, allow_unused
  fb_tensor_hook: { parameters: ["f64", "f64"], result: "i32" }, //                tensor, id
  fb_accumulate_hook: { parameters: ["f64", "f64"], result: "i32" }, //            tensor, id
  fb_tensor_node: { parameters: ["f64"], result: "f64" }, //                       tensor
  fb_node_release: { parameters: ["f64"], result: "void" }, //                     node
  fb_node_name: { parameters: ["f64", "f64"], result: "f64" }, //                  node, ctx
  fb_node_next: { parameters: ["f64", "f64"], result: "i32" }, //                  node, ctx
  fb_node_saved: { parameters: ["f64", "f64"], result: "i32" }, //                 node, ctx
  fb_function_saved: { parameters: ["f64", "f64"], result: "i32" }, //             id, ctx
  fb_node_hook: { parameters: ["f64", "f64", "bool"], result: "i32" }, //          node, id, before
  fb_function_wrap: { parameters: ["f64", "f64", "bool", "bool"], result: "i32" }, // ctx, id, materialize, record
  fb_tensor_edge: { parameters: ["f64", "f64"], result: "i32" }, //                tensor, ctx
  fb_pass: { parameters: ["f64", "bool", "bool", "bool", "bool"], result: "i32" }, // ctx, retain_graph, create_graph, allow_unused, accumulate
  fb_multi_hook: { parameters: ["f64", "f64", "bool"], result: "i32" }, //         ctx, id, any
  fb_tensor_bump: { parameters: ["f64"], result: "i32" }, //                       tensor

  fb_saved_hooks_push: { parameters: ["f64"], result: "i32" }, //                  id
  fb_saved_hooks_pop: { parameters: [], result: "i32" },
  fb_mutation_enter: { parameters: [], result: "i32" },
  fb_mutation_leave: { parameters: [], result: "i32" },
  fb_anomaly_set: { parameters: ["bool", "bool", "f64"], result: "i32" }, //       on, check_nan, id
  fb_anomaly_enabled: { parameters: [], result: "i32" },
  fb_anomaly_stack: { parameters: ["buffer", "u32"], result: "void" }, //          text, bytes
  fb_anomaly_report: { parameters: ["f64"], result: "f64" }, //                    ctx
  fb_transform_push: { parameters: ["i32", "f64", "i32"], result: "i32" }, //      what, batch, randomness
  fb_transform_pop: { parameters: [], result: "i32" },
  fb_transform_lower: { parameters: [], result: "f64" },
  fb_transform_raise: { parameters: ["f64"], result: "i32" }, //                   transform
  fb_transform_wrap: { parameters: ["f64", "i32", "bool"], result: "f64" }, //     tensor, level, track
  fb_transform_unwrap: { parameters: ["f64", "i32"], result: "f64" }, //           tensor, level
  fb_batch_add: { parameters: ["f64", "i32", "i32"], result: "f64" }, //           tensor, dim, level
  fb_batch_remove: { parameters: ["f64", "i32", "f64", "i32"], result: "f64" }, // tensor, level, batch, dim
  fb_tensor_wrapping: { parameters: ["f64"], result: "i32" }, //                   tensor
  fb_wrapper_peel: { parameters: ["f64", "f64"], result: "i32" }, //               tensor, ctx
  fb_dual_enter: { parameters: [], result: "i32" },
  fb_dual_exit: { parameters: ["i32"], result: "i32" }, //                         level
  fb_forward_enabled: { parameters: ["i32"], result: "i32" }, //                   on

  fb_profiler_start: { parameters: ["bool", "bool", "bool"], result: "i32" }, //   shapes, memory, flops
  fb_profiler_stop: { parameters: ["f64"], result: "i32" }, //                     ctx
  fb_record_enter: { parameters: ["buffer", "u32"], result: "f64" }, //            name, bytes
  fb_record_leave: { parameters: ["f64"], result: "void" }, //                     record

  fb_grad_enabled: { parameters: [], result: "i32" },
  fb_set_grad_enabled: { parameters: ["bool"], result: "i32" }, //       on
  fb_inference_enabled: { parameters: [], result: "i32" },
  fb_inference_enter: { parameters: ["bool"], result: "f64" }, //         on
  fb_inference_leave: { parameters: ["f64"], result: "void" }, //         guard
  fb_manual_seed: { parameters: ["u32", "u32"], result: "i32" }, //       high, low
  fb_rng_state: { parameters: [], result: "f64" },
  fb_set_rng_state: { parameters: ["f64"], result: "i32" }, //            tensor
  fb_num_threads: { parameters: [], result: "i32" },
  fb_set_num_threads: { parameters: ["i32"], result: "i32" }, //          n
  fb_default_dtype: { parameters: [], result: "i32" },
  fb_set_default_dtype: { parameters: ["i32"], result: "i32" }, //        dtype
  fb_deterministic: { parameters: [], result: "i32" },
  fb_set_deterministic: { parameters: ["i32"], result: "i32" }, //                  mode
  fb_sdp: { parameters: ["i32", "i32"], result: "i32" }, //                          backend, on
  fb_sdp_priority: { parameters: ["f64", "bool"], result: "i32" }, //                ctx, set
  fb_generator_new: { parameters: [], result: "f64" },
  fb_generator_release: { parameters: ["f64"], result: "void" }, //                 generator
  fb_generator_seed: { parameters: ["f64", "f64", "bool"], result: "i32" }, //      generator, ctx, fresh
  fb_generator_set_seed: { parameters: ["f64", "u32", "u32"], result: "i32" }, //   generator, high, low
  fb_generator_state: { parameters: ["f64"], result: "f64" }, //                    generator
  fb_generator_set_state: { parameters: ["f64", "f64"], result: "i32" }, //         generator, tensor
  fb_device_parse: { parameters: ["buffer", "u32"], result: "i32" }, //   name, bytes

  fb_op_find: { parameters: ["buffer", "u32"], result: "f64" }, //  name, bytes
  fb_op_call: { parameters: ["f64", "f64"], result: "i32" }, //     op, ctx
  fb_op_schemas: { parameters: ["f64"], result: "f64" }, //         ctx
  fb_registry_names: { parameters: ["f64"], result: "f64" }, //                   ctx
  fb_registry_schemas: { parameters: ["f64", "buffer", "u32"], result: "f64" }, // ctx, name, bytes
  fb_registry_call: { parameters: ["f64", "buffer", "u32"], result: "i32" }, //    ctx, name, bytes
  fb_load_library: { parameters: ["buffer", "u32"], result: "i32" }, //            path, bytes
  fb_bench_copy: { parameters: ["i32", "f64", "f64", "i32"], result: "f64" }, //   what, from, to, iterations
  fb_bench: { parameters: ["i32", "f64", "i32"], result: "f64" }, //               what, tensor, iterations

  fb_object_release: { parameters: ["f64"], result: "void" }, //                                    object
  fb_object_retain: { parameters: ["f64"], result: "f64" }, //                                      object
  fb_module_new: { parameters: ["f64", "buffer", "u32"], result: "f64" }, //                        parent, name, bytes
  fb_module_add_tensor: { parameters: ["f64", "buffer", "u32", "f64", "bool"], result: "i32" }, //  module, name, bytes, tensor, is_parameter
  fb_module_add_module: { parameters: ["f64", "buffer", "u32", "f64"], result: "i32" }, //          module, name, bytes, child
  fb_module_add_attribute: { parameters: ["f64", "f64", "buffer", "u32", "buffer", "u32"], result: "i32" }, // module, ctx, name, bytes, type, bytes
  fb_module_add_constant: { parameters: ["f64", "f64", "buffer", "u32"], result: "i32" }, //        module, ctx, name, bytes
  fb_module_define: { parameters: ["f64", "buffer", "f64"], result: "i32" }, //                     module, source, bytes
  fb_module_join_modes: { parameters: ["f64", "buffer", "u32", "buffer", "u32"], result: "i32" }, //    module, train, bytes, eval, bytes
  fb_object_list: { parameters: ["f64", "f64", "i32", "bool"], result: "i32" }, //                  object, ctx, what, deep
  fb_object_get: { parameters: ["f64", "f64", "buffer", "u32"], result: "i32" }, //                 object, ctx, name, bytes
  fb_object_set: { parameters: ["f64", "f64", "buffer", "u32"], result: "i32" }, //                 object, ctx, name, bytes
  fb_module_train: { parameters: ["f64", "bool"], result: "i32" }, //                               module, on
  fb_module_training: { parameters: ["f64"], result: "i32" }, //                                    module
  fb_module_to: { parameters: ["f64", "i32", "i32"], result: "i32" }, //                            module, device, dtype
  fb_module_clone: { parameters: ["f64"], result: "f64" }, //                                       module
  fb_module_freeze: { parameters: ["f64", "f64"], result: "f64" }, //                               module, ctx
  fb_module_optimize: { parameters: ["f64", "f64"], result: "f64" }, //             module, ctx
  fb_executor_switch: { parameters: ["i32", "i32"], result: "i32" }, //             what, on
  fb_fusion_strategy: { parameters: ["f64"], result: "i32" }, //                    ctx

  fb_job_call: { parameters: ["f64", "f64", "f64"], result: "f64" }, //                             callable, ctx, max_bytes
  fb_job_op: { parameters: ["buffer", "u32", "f64", "f64"], result: "f64" }, //                     name, bytes, ctx, max_bytes
  fb_job_archive_ops: { parameters: ["f64", "f64", "bool"], result: "f64" }, //                     archive, ctx, verify
  fb_job_load: { parameters: ["f64", "f64", "i32", "bool"], result: "f64" }, //                     archive, ctx, device, verify
  fb_job_save: { parameters: ["f64", "f64", "bool", "bool", "buffer", "u32"], result: "f64" }, //   script, ctx, callable, mobile, path, bytes
  fb_job_cancel: { parameters: ["f64"], result: "i32" }, //                                         id
  fb_job_abandon: { parameters: ["f64"], result: "i32" }, //                                        id
  fb_job_take: { parameters: ["f64"], result: "i32" }, //                                           ctx
  fb_jobs_wait: { parameters: ["f64"], result: "i32" }, //                                          ctx
  fb_jobs_rest: { parameters: ["f64"], result: "void" }, //                                         ctx
  fb_jobs_pipe: { parameters: ["f64"], result: "i32" }, //                                          ctx
  fb_jobs_setting: { parameters: ["i32", "i32"], result: "i32" }, //                                what, value

  fb_transfer_put: { parameters: ["i32", "f64"], result: "f64" }, //                                kind, handle
  fb_transfer_take: { parameters: ["f64", "f64"], result: "i32" }, //                               ctx, number
  fb_transfer_waiting: { parameters: [], result: "f64" },

  fb_callable_release: { parameters: ["f64"], result: "void" }, //                 callable
  fb_object_method: { parameters: ["f64", "buffer", "u32"], result: "f64" }, //    object, name, bytes
  fb_callable_call: { parameters: ["f64", "f64"], result: "i32" }, //              callable, ctx
  fb_callable_text: { parameters: ["f64", "f64", "i32"], result: "f64" }, //       callable, ctx, what
  fb_callable_bench: { parameters: ["f64", "f64", "i32"], result: "f64" }, //       callable, ctx, iterations
  fb_callable_schema: { parameters: ["f64", "f64"], result: "i32" }, //            callable, ctx
  fb_callable_graph: { parameters: ["f64", "f64", "i32"], result: "i32" }, //      callable, ctx, which
  fb_callable_optimized: { parameters: ["f64"], result: "i32" }, //                callable
  fb_callable_forget: { parameters: ["f64"], result: "i32" }, //                   callable

  fb_compile: { parameters: ["buffer", "f64", "bool"], result: "f64" }, //         source, bytes, literal
  fb_unit_release: { parameters: ["f64"], result: "void" }, //                     unit
  fb_unit_names: { parameters: ["f64", "f64"], result: "i32" }, //                 unit, ctx
  fb_unit_ops: { parameters: ["f64", "f64"], result: "i32" }, //                   unit, ctx
  fb_unit_function: { parameters: ["f64", "buffer", "u32"], result: "f64" }, //    unit, name, bytes

  fb_trace_begin: { parameters: ["f64", "f64", "bool"], result: "i32" }, //        ctx, self, strict
  fb_trace_push_scope: { parameters: ["buffer", "u32"], result: "i32" }, //        name, bytes
  fb_trace_pop_scope: { parameters: [], result: "i32" },
  fb_trace_end: { parameters: ["f64", "buffer", "u32"], result: "f64" }, //        ctx, name, bytes
  fb_trace_warnings: { parameters: ["f64"], result: "f64" }, //    ctx
  fb_trace_at: { parameters: ["buffer", "u32", "u32", "u32"], result: "i32" }, //  text, bytes, file_bytes, line
  fb_trace_abort: { parameters: [], result: "void" },
  fb_is_tracing: { parameters: [], result: "i32" },
  fb_trace_pause: { parameters: ["bool"], result: "void" }, //     paused
  fb_trace_stash: { parameters: ["buffer", "u32", "i32", "i32", "f64"], result: "i32" }, // name, bytes, count, index, tensor
  fb_trace_size: { parameters: ["f64", "i32"], result: "f64" }, //                 tensor, dim

  fb_archive_open: { parameters: ["buffer", "f64"], result: "f64" }, //            data, bytes
  fb_archive_open_copy: { parameters: ["buffer", "f64"], result: "f64" }, //       data, bytes
  fb_archive_open_file: { parameters: ["buffer", "u32"], result: "f64" }, //       path, bytes
  fb_archive_close: { parameters: ["f64"], result: "void" }, //                    archive
  fb_archive_ops: { parameters: ["f64", "f64", "bool"], result: "i32" }, //        archive, ctx, verify
  fb_archive_describe: { parameters: ["f64", "f64", "bool"], result: "i32" }, //   archive, ctx, verify
  fb_load: { parameters: ["f64", "f64", "i32", "bool"], result: "i32" }, //        archive, ctx, device, verify
  fb_module_save: { parameters: ["f64", "f64", "bool"], result: "f64" }, //        module, ctx, mobile
  fb_callable_save: { parameters: ["f64", "f64", "bool"], result: "f64" }, //      callable, ctx, mobile
  fb_module_save_file: { parameters: ["f64", "f64", "buffer", "u32", "bool"], result: "i32" }, //   module, ctx, path, bytes, mobile
  fb_callable_save_file: { parameters: ["f64", "f64", "buffer", "u32", "bool"], result: "i32" }, // callable, ctx, path, bytes, mobile
} as const;

/** The table's type: what each runtime's adapter returns is derived from it. */
export type NativeTable = typeof symbols;

/** The ABI that this table describes; `fb_abi_version()` of the shim must say the same. */
export const ABI_VERSION = 2;

interface JavaScriptTypes {
  f64: number;
  i32: number;
  u32: number;
  bool: boolean;
  buffer: ArrayBufferView;
  function: NativeCallback;
  void: void;
}

type Arguments<P extends readonly NativeType[]> = {
  -readonly [I in keyof P]: JavaScriptTypes[P[I]];
};

/** The functions as JavaScript calls them. */
export type Native = {
  readonly [K in keyof NativeTable]: (
    ...args: Arguments<NativeTable[K]["parameters"]>
  ) => JavaScriptTypes[NativeTable[K]["result"]];
};
