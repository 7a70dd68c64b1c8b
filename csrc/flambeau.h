/*
 * flambeau.h - the C ABI between LibTorch and JavaScript.
 *
 * The model in five sentences. Everything LibTorch owns is a *handle*: the address of the object,
 * as a double (an address has at most 47 bits, a double holds 53), so that either runtime passes it
 * in a register and keeps it as a plain number. A handle returned to the caller carries one
 * reference, which the matching `_release` gives back; a handle passed in is borrowed for the call.
 * Variable-length data travels in a *context*: memory that the caller owns and lends for the
 * context's life, read and written as a sequence of doubles ("words"). Failure is a zero handle or
 * a negative status, and the reason is then read from the calling thread's error slot. No function
 * throws, and none keeps a pointer into its arguments, but for fb_tensor_from_memory and the
 * context's memory.
 *
 * A worked example, `x.add(2)`:
 *
 *     double ctx = fb_context_new(words, 65536);      // once a thread
 *     double add = fb_op_find("aten::add.Scalar", 16); // once a process
 *     words[0] = x;                                    // self: a tensor handle
 *     words[1] = FB_SCALAR_INT; words[2] = 2;          // other: a scalar, tag and value
 *     words[3] = FB_SCALAR_INT; words[4] = 1;          // alpha
 *     if (fb_op_call(add, ctx) < 0) ...                // the reason: fb_error_text(ctx, 0)
 *     double y = words[0];                             // one tensor result: handle, bytes held
 *     fb_tensor_release(y);
 *
 * ## Op arguments (fb_op_call), in schema order, without a word for anything that can be left out
 *
 *     Tensor          handle                 Tensor?         handle or 0
 *     int, SymInt     value                  bool            0 or 1
 *     float           value                  Scalar          tag, value(s): FB_SCALAR_*
 *     ScalarType, Layout, MemoryFormat, QScheme              its number in c10
 *     Device          type * 1000 + index + 1 (index -1: none)
 *     str             byte length, then the bytes, padded to whole words
 *     Generator       handle or 0
 *     T?              0, or 1 and then T (Tensor? and Generator? as above; a list: count -1)
 *     T[]             count, then the elements
 *
 * Results come back from word 0 on: Tensor as handle and bytes that it alone holds, Tensor[] as a
 * count and then those pairs, numbers as Scalar. A result that aliases a written argument (`add_`)
 * is left out.
 *
 * ## Values (everything TorchScript), pre-order: a tag of FB_VALUE_*, then its words. See
 * value.cpp.
 *
 * Results longer than the context: the return value is the number of words needed; lend a larger
 * memory with fb_context_resize and fetch them with fb_context_overflow.
 */
#ifndef FLAMBEAU_H
#define FLAMBEAU_H

#include <stdbool.h>
#include <stdint.h>

#if defined(_WIN32)
#define FB_API __declspec(dllexport)
#else
#define FB_API __attribute__((visibility("default")))
#endif

#ifdef __cplusplus
extern "C" {
#endif

#define FB_ABI_VERSION 2

enum fb_error_kind {
  FB_ERROR_NONE = 0,
  FB_ERROR_INDEX = 1,
  FB_ERROR_VALUE = 2,
  FB_ERROR_TYPE = 3,
  FB_ERROR_NOT_IMPLEMENTED = 4,
  FB_ERROR_OUT_OF_MEMORY = 5,
  FB_ERROR_TORCHSCRIPT = 6,
  FB_ERROR_SERIALIZATION = 7,
  FB_ERROR_INTERNAL = 8,
  FB_ERROR_JIT_TYPE = 9
};

/* Handles that are not tensors'. What a thread still has of them when it ends is released. */
enum fb_handle_kind {
  FB_HANDLE_OBJECT = 0,
  FB_HANDLE_CALLABLE = 1,
  FB_HANDLE_UNIT = 2,
  FB_HANDLE_GENERATOR = 3,
  FB_HANDLE_NODE = 4,
  FB_HANDLE_ARCHIVE = 5
};

enum fb_scalar_tag {
  FB_SCALAR_INT = 0,     /* value */
  FB_SCALAR_FLOAT = 1,   /* value */
  FB_SCALAR_BOOL = 2,    /* 0 or 1 */
  FB_SCALAR_COMPLEX = 3, /* real, imaginary */
  FB_SCALAR_INT64 = 4    /* signed high 32 bits, unsigned low 32 bits */
};

enum fb_value_tag {
  FB_VALUE_NONE = 0,
  FB_VALUE_TENSOR = 1,  /* in: handle; out: handle, bytes held */
  FB_VALUE_BOOL = 2,    /* 0 or 1 */
  FB_VALUE_INT = 3,     /* value */
  FB_VALUE_INT64 = 4,   /* signed high 32 bits, unsigned low 32 bits */
  FB_VALUE_FLOAT = 5,   /* value */
  FB_VALUE_NUMBER = 6,  /* value; the type asked for decides between int and float (in only) */
  FB_VALUE_COMPLEX = 7, /* real, imaginary */
  FB_VALUE_STRING = 8,  /* byte length, bytes padded to words */
  FB_VALUE_ARRAY = 9,   /* n, n values: a list, or a tuple where one is asked for */
  FB_VALUE_TUPLE = 10,  /* n, n values */
  FB_VALUE_RECORD =
      11,             /* n, n times string words and value: Dict[str, V] or NamedTuple (in only) */
  FB_VALUE_MAP = 12,  /* n, n times key value and value */
  FB_VALUE_LIST = 13, /* element type as string words, n, n values (in only) */
  FB_VALUE_DICT = 14, /* key type, value type as string words, n, n pairs; out: keys that are no
                         strings, n, n pairs */
  FB_VALUE_OBJECT = 15, /* in: handle; out: handle, 1 for a module, type name as string words */
  FB_VALUE_NAMED_TUPLE = 16, /* n, n times string words and value */
  FB_VALUE_NUMBERS = 17,     /* n, n numbers: an array of numbers, cheaply (in only) */
  FB_VALUE_ENUM = 18,        /* type name, member name as string words, value (out only) */
  FB_VALUE_DEVICE = 19,      /* string words */
  FB_VALUE_GENERATOR = 20,   /* handle */
  FB_VALUE_FUTURE = 22,      /* value (out only) */
  FB_VALUE_OPAQUE =
      21 /* type name as string words: a kind that has no JavaScript form (out only) */
};

/* What the caller's callback is asked to do, and the words it finds and leaves. */
enum fb_call {
  /* n and n flags (which gradients are needed), tensors -> tensors, one an input */
  FB_CALL_BACKWARD = 0,
  /* tensors (0: no tangent), one an input -> tensors, one an output */
  FB_CALL_JVP = 1,
  /* tensor -> tensor in its place, or 0 */
  FB_CALL_TENSOR_HOOK = 2,
  /* tensor -> nothing */
  FB_CALL_ACCUMULATE_HOOK = 3,
  /* tensors -> as many in their place, or -1 */
  FB_CALL_NODE_PREHOOK = 4,
  /* tensors (for the inputs), tensors (of the outputs) -> as many as the first, or -1 */
  FB_CALL_NODE_HOOK = 5,
  /* nothing -> nothing, after the caller's stack was given to fb_anomaly_stack */
  FB_CALL_STACK = 6,
  /* tensor -> the id under which the caller keeps what it made of it */
  FB_CALL_PACK_SAVED = 7,
  /* nothing -> tensor; called under the id that packing gave */
  FB_CALL_UNPACK_SAVED = 8
};

/* A function of the caller's: what, the id it was registered under, the words that were written.
 * 0, or -1 when it threw. Tensors come as handles owned by the callee and bytes, and go as handles
 * that are borrowed. */
typedef int32_t (*fb_callback)(int32_t what, double id, int32_t words);

enum fb_transform { FB_TRANSFORM_VMAP = 1, FB_TRANSFORM_GRAD = 2, FB_TRANSFORM_JVP = 3 };

/* ---- Versions: compared by the loader before anything else is called. ---- */

/* FB_ABI_VERSION of the compiled shim. */
FB_API int32_t fb_abi_version(void);
/* LibTorch's version: major * 1000000 + minor * 1000 + patch; compiled against, and the one loaded
 * (0: unknown). */
FB_API int32_t fb_libtorch_compiled(void);
FB_API int32_t fb_libtorch_loaded(void);

/* ---- Contexts ---- */

/* Borrows `words` (capacity in words) until fb_context_free or the next resize. Returns a handle,
 * owned. */
FB_API double fb_context_new(void* words, uint32_t capacity);
/* Lends the context another memory. 0, or -1. */
FB_API int32_t fb_context_resize(double ctx, void* words, uint32_t capacity);
/* Copies the last result that did not fit into the context's memory. Words copied, or -1. */
FB_API int32_t fb_context_overflow(double ctx);
FB_API void fb_context_free(double ctx);
/* Keeps what LibTorch warns of on this thread, and sets the uint32 at `raised` to 1 when there is
 * something. The memory must stay for the thread's life. 0, or -1. */
FB_API int32_t fb_warnings_watch(void* raised);
/* Text: what waits, with \1 between the warnings; then nothing waits. Its bytes. */
FB_API double fb_warnings_take(double ctx);
/* Copies the context's text (set by functions that say "text") to `out`. Bytes copied, or -1 when
 * `size` is too small. */
FB_API double fb_text_copy(double ctx, void* out, double size);

/* ---- The calling thread's error slot ---- */

/* FB_ERROR_* of the last failure on this thread. */
FB_API int32_t fb_error_kind(void);
/* A number that names the last failure, for fb_error_backtrace. */
FB_API double fb_error_id(void);
/* Text: 0 the message, 1 the TorchScript trace, 2 the Python class that a script raised. Its bytes.
 */
FB_API double fb_error_text(double ctx, int32_t part);
/* Text: the native backtrace of failure `id`, empty once eight later failures have passed. Its
 * bytes. Milliseconds. */
FB_API double fb_error_backtrace(double ctx, double id);

/* ---- Tensors ---- */

/* Copies `bytes` of `data` into a new contiguous CPU tensor; words: ndim, sizes. Owned handle, 0 on
 * failure. */
FB_API double fb_tensor_from_data(double ctx, const void* data, double bytes, int32_t dtype);
/* The same without a copy: borrows `data` until LibTorch has let go of it, then `id` is listed by
 * fb_memory_released. */
FB_API double fb_tensor_from_memory(double ctx, void* data, double bytes, int32_t dtype, double id);
/* Writes the ids of memories let go since the last call. How many. */
FB_API int32_t fb_memory_released(double ctx);
/* Gives back one reference. */
FB_API void fb_tensor_release(double tensor);
/* One more reference to the same tensor. */
FB_API double fb_tensor_retain(double tensor);
/* Gives back the `count` tensors whose handles are in `handles` (zeros are passed over). */
FB_API void fb_tensor_release_many(const double* handles, uint32_t count);
/* Words: dtype, device code, ndim, numel, requires_grad, is_leaf, layout, storage bytes, is_conj or
 * is_neg, sizes, strides. */
FB_API int32_t fb_tensor_meta(double tensor, double ctx);
/* Words: the single element as Scalar. Words written, or -1. */
FB_API int32_t fb_tensor_item(double tensor, double ctx);
/* Copies the elements in row-major order. 0, or -1 when `bytes` is not the exact size. */
FB_API int32_t fb_tensor_read(double tensor, void* out, double bytes);
FB_API int32_t fb_tensor_set_requires_grad(double tensor, bool on);
/* Owned handle, or 0 for none; a failure is a negative number. */
FB_API double fb_tensor_grad(double tensor);
// Of each tensor of the list that the context's words are: its gradient, 0 for none, and of that
// its dtype, its layout and its number of elements.
FB_API int32_t fb_tensor_grads(double ctx);
/* Takes lr times its gradient, and the weight decay, off each tensor of the list that the context's
 * words are; off none, and 1, where a gradient is sparse. The caller has gradients off. */
FB_API int32_t fb_step_descend(double ctx, double lr, double weight_decay, bool maximize);
/* `grad` 0 clears it. */
FB_API int32_t fb_tensor_set_grad(double tensor, double grad);
/* Text: the name of the function that made it ("AddBackward0"). Its bytes, 0 for none. */
FB_API double fb_tensor_grad_fn(double tensor, double ctx);
/* PyTorch's `tensor.data = other`. */
FB_API int32_t fb_tensor_set_data(double tensor, double other);
/* 1 when both handles are one tensor object or share their storage. */
FB_API int32_t fb_tensor_shares_storage(double a, double b);
/* Words: the storage's identity (an address to compare, 0 for a sparse or meta tensor), its bytes,
 * the tensor's offset in elements, bytes of an element, is_conj, is_neg, is a zero tensor. */
FB_API int32_t fb_storage_info(double tensor, double ctx);
/* Copies `bytes` of the tensor's storage, from byte `offset` on, out or in. 0, or -1 when they are
 * not all inside of it, or it is not on the CPU. */
FB_API int32_t fb_storage_read(double tensor, double offset, void* out, double bytes);
FB_API int32_t fb_storage_write(double tensor, double offset, const void* data, double bytes);
/* Live handles given out and not yet released: 0 tensors, 1 script objects; 2: contexts; 3: nodes
 * of the autograd graph, and functions of the caller's that LibTorch holds. Never call it between
 * reading a handle and using it: as for fb_page_new. */
FB_API double fb_live(int32_t what);
/* What the matching release does, of a handle that was forgotten: it is counted (fb_memory). */
FB_API void fb_handle_forgotten(int32_t kind, double handle);
/* To be called on a thread whose JavaScript is about to be torn down, while the memory that it lent
 * is still there: drops its jobs, waits for those that may read that memory, and moves what lies in
 * it elsewhere. The main thread's stays, so nothing is done there. */
FB_API void fb_thread_ends(void);

/* ---- Memory ---- */

/* A page of `slots` zeroed words for handles that are forgotten together, with `bytes` of ballast.
 * Of the pages that the collector found unreachable on this thread some are freed first, when they
 * are many, so never call it between reading a handle and using it. The page's first word, counted
 * over all slabs (65,536 words each), or -1. Ballast is made with that word's address. */
FB_API double fb_page_new(uint32_t slots, double bytes);
/* Frees the pages that the collector found. As for fb_page_new: never while a handle is in use. */
FB_API void fb_pages_free(void);
/* The address of a slab. It stays. */
FB_API double fb_slab(uint32_t index);
/* For a buffer whose deleter frees a page: 0 an address to give it, 1 the deleter (bytes, word). 2
 * is the deleter (block, anything) of fb_block_new's, 3 that (bytes, block) of fb_memory_share's.
 */
FB_API double fb_ballast(int32_t what);
/* Memory for a buffer of the caller's, from the blocks that were freed lately: its bytes are of any
 * value. 0 where there is none. */
FB_API double fb_block_new(double bytes);
/* Shares the memory of a dense, contiguous tensor on the CPU with a buffer of the caller's. Words:
 * the address of the first element, the block, which the caller holds until it is given to
 * fb_memory_unshare or to the deleter of fb_ballast(3), and 0. The storage cannot be resized any
 * more. Of memory that this caller has lent: the bytes before the first element, 0, and the id. */
FB_API int32_t fb_memory_share(double tensor, double ctx);
/* Lets go of a block. On any thread. */
FB_API void fb_memory_unshare(double block);
/* Bytes: 0 that tensors hold, 1 kept for further use, 2 the most that tensors held, 3 that this
 * machine has. How many were freed because they were forgotten: 4 tensors, 5 script objects, 6
 * nodes. Of this thread's pages that were not collected: 7 the bytes of those with several slots, 8
 * the number of those for one tensor that is not large, 9 the least that 7 was since this was asked
 * last. Bytes of buffers: 10. */
FB_API double fb_memory(int32_t what);
/* Gives what is kept for further use back to the system. */
FB_API void fb_memory_trim(void);
/* Whether freed blocks are kept for further use; -1 changes nothing. What it was. */
FB_API int32_t fb_memory_cache(int32_t on);

/* ---- Calls back: hooks and functions of the caller's, by id, on the thread that registered them,
        during fb_backward and other calls that run a graph. ---- */

/* Borrows `callback` for the thread's life; its words travel in `ctx`. 0, or -1. */
FB_API int32_t fb_host_set(fb_callback callback, double ctx);
/* Takes the hook `id` away. 1, or 0 when it was gone. */
FB_API int32_t fb_host_remove(double id);
/* Writes ids that LibTorch has let go of since the last call. How many. */
FB_API int32_t fb_host_released(double ctx);

/* ---- Autograd ---- */

/* Runs the graph. Words: tensors (n, handles) roots; gradients, as many, 0 for none; inputs, none
 * for all leaves. */
FB_API int32_t fb_backward(double ctx, bool retain_graph, bool create_graph);
/* The same, and the gradients of the inputs come back: n, then handle (0: unused) and bytes each.
 */
FB_API int32_t fb_grad(double ctx, bool retain_graph, bool create_graph, bool allow_unused);
/* Calls `id` with each gradient of the tensor, until fb_host_remove. 0, or -1. */
FB_API int32_t fb_tensor_hook(double tensor, double id);
/* Calls `id` with a leaf whenever a gradient was added to its own. 0, or -1. */
FB_API int32_t fb_accumulate_hook(double tensor, double id);
/* The node that made the tensor: owned, 0 for a leaf, -1 on failure. */
FB_API double fb_tensor_node(double tensor);
FB_API void fb_node_release(double node);
/* Text: "AddBackward0". Its bytes. */
FB_API double fb_node_name(double node, double ctx);
/* Words: n, then node (owned, or 0) and number of its input each. */
FB_API int32_t fb_node_next(double node, double ctx);
/* Words: n, then handle and bytes each: what a function of the caller's saved, or a leaf. */
FB_API int32_t fb_node_saved(double node, double ctx);
/* The same of the function `id`, while it runs backward. */
FB_API int32_t fb_function_saved(double id, double ctx);
/* Calls `id` before or after the node runs. 0, or -1. */
FB_API int32_t fb_node_hook(double node, double id, bool before);
/* Makes what a function of the caller's computed its outputs in the graph, under `id`. Words: name
   as string words; tensors: inputs, outputs (0 for what is no tensor), outputs without gradient,
   inputs changed in place, saved (0 allowed). Words out, an output each: handle and bytes, or 0 and
   0 for itself. */
FB_API int32_t fb_function_wrap(double ctx, double id, bool materialize, bool record);

/* The node at which the gradient of a tensor arrives, which is owned, and the number of its input.
   The number of words, or -1. */
FB_API int32_t fb_tensor_edge(double tensor, double ctx);
/* fb_backward (`accumulate`) and fb_grad from and to edges. Words: roots; gradients, as many, 0 for
   none; inputs. A root or input each: node and number of its input, or 0 and a tensor. */
FB_API int32_t
fb_pass(double ctx, bool retain_graph, bool create_graph, bool allow_unused, bool accumulate);
/* Calls `id` (FB_CALL_NODE_PREHOOK, without an answer) once a pass: when all gradients of the
   tensors are there that it computes, with 0 for the others; or (`any`) with the first. Words:
   tensors. */
FB_API int32_t fb_multi_hook(double ctx, double id, bool any);
/* Notes that the tensor was changed in place. 0, or -1. */
FB_API int32_t fb_tensor_bump(double tensor);

/* From now on, what ops of this thread save for their backward pass goes through the caller's
   functions under `id` (0: through none; -1: through those of fb_mutation_enter). How many pairs
   are active. */
FB_API int32_t fb_saved_hooks_push(double id);
/* Takes the innermost pair away. How many are left. */
FB_API int32_t fb_saved_hooks_pop(void);
/* From now on, ops of this thread copy what was saved before they change it. 0, or -1. */
FB_API int32_t fb_mutation_enter(void);
/* The end of that: what was saved meanwhile serves no pass any more. 0, or -1. */
FB_API int32_t fb_mutation_leave(void);

/* Switches anomaly mode, for the process. `id`: the function that is asked for this thread's stack
 * whenever an op is recorded. */
FB_API int32_t fb_anomaly_set(bool on, bool check_nan, double id);
/* 0 off, 1 on, 2 on and NaNs are refused. */
FB_API int32_t fb_anomaly_enabled(void);
/* Gives the stack that was asked for. */
FB_API void fb_anomaly_stack(const char* text, uint32_t bytes);
/* Text: what made the function that failed in the last pass, told once. Its bytes. */
FB_API double fb_anomaly_report(double ctx);

/* ---- Function transforms: a stack of levels on the calling thread ---- */

/* Enters a transform. vmap: the size of the batch; randomness 0 is refused, 1 the same, 2 different
   for each. The level, from 1. */
FB_API int32_t fb_transform_push(int32_t what, double batch, int32_t randomness);
/* Leaves the innermost transform. Its level. */
FB_API int32_t fb_transform_pop(void);
/* Takes the innermost transform off the stack, to be put back: what runs between belongs to the
   level below. Owned until then; 0 on failure. */
FB_API double fb_transform_lower(void);
/* Puts it back. Its level. */
FB_API int32_t fb_transform_raise(double transform);
/* The tensor as the level of a grad or jvp transform sees it; `track`: derivatives by it are
 * wanted. Owned. */
FB_API double fb_transform_wrap(double tensor, int32_t level, bool track);
/* The tensor under it: owned, 0 where it is none of that level, -1 on failure. */
FB_API double fb_transform_unwrap(double tensor, int32_t level);
/* Hides dimension `dim` from the level of a vmap. Owned. */
FB_API double fb_batch_add(double tensor, int32_t dim, int32_t level);
/* Puts it back as dimension `dim`, or repeats a tensor that has none. Owned. */
FB_API double fb_batch_remove(double tensor, int32_t level, double batch, int32_t dim);
/* FB_TRANSFORM_VMAP or FB_TRANSFORM_GRAD for a tensor that a transform wrapped, 0 for any other. */
FB_API int32_t fb_tensor_wrapping(double tensor);
/* Words: FB_TRANSFORM_*, level, the hidden dimension (vmap), the tensor underneath (owned): what a
 * printed tensor shows. None for a tensor that no transform under way has wrapped. */
FB_API int32_t fb_wrapper_peel(double tensor, double ctx);
/* Enters and leaves the level of dual numbers, of which there is one a thread. The level, or -1. */
FB_API int32_t fb_dual_enter(void);
FB_API int32_t fb_dual_exit(int32_t level);
/* Whether tangents are computed; `on` -1 changes nothing. What it was. */
FB_API int32_t fb_forward_enabled(int32_t on);

/* ---- Profiler ---- */

/* Begins to record the ops of the calling thread, and of those that it hands work to. 0, or -1. */
FB_API int32_t fb_profiler_start(bool shapes, bool memory, bool flops);
/* Ends it. Words: n events, each: name as string words; start, duration (ns); threads of start, end
   and forward pass; sequence number, scope, flops, bytes (of a "[memory]" event); whether it ended
   on another thread; shapes of the inputs: n (-1: not recorded), then count and sizes each. */
FB_API int32_t fb_profiler_stop(double ctx);
/* A range of the user's under a name: an owned record, 0 on failure. Leave it on the same thread.
 */
FB_API double fb_record_enter(const char* name, uint32_t bytes);
FB_API void fb_record_leave(double record);

/* ---- Process and thread state ---- */

FB_API int32_t fb_grad_enabled(void);
/* 1 where it was on before, else 0. */
FB_API int32_t fb_set_grad_enabled(bool on);
FB_API int32_t fb_inference_enabled(void);
/* Enters or leaves inference mode on this thread, nested; enter returns an owned guard for leave.
 */
FB_API double fb_inference_enter(bool on);
FB_API void fb_inference_leave(double guard);
FB_API int32_t fb_manual_seed(uint32_t high, uint32_t low);
/* The CPU generator's state as a byte tensor: owned handle. */
FB_API double fb_rng_state(void);
FB_API int32_t fb_set_rng_state(double tensor);
FB_API int32_t fb_num_threads(void);
FB_API int32_t fb_set_num_threads(int32_t n);
FB_API int32_t fb_default_dtype(void);
FB_API int32_t fb_set_default_dtype(int32_t dtype);
/* 0 off, 1 warn, 2 throw where an op has no deterministic implementation. */
FB_API int32_t fb_deterministic(void);
FB_API int32_t fb_set_deterministic(int32_t mode);
/* Whether scaled dot product attention may use a backend (a number of at::SDPBackend), for the
   process; `on` below 0 changes nothing. What it was, or -1. */
FB_API int32_t fb_sdp(int32_t backend, int32_t on);
/* Words: the backends in the order in which they are tried, which is set first if `set`. The number
   of words, or -1. */
FB_API int32_t fb_sdp_priority(double ctx, bool set);

/* Random generators of their own. Owned handles; words: the seed as INT64 scalar. */
FB_API double fb_generator_new(void);
FB_API void fb_generator_release(double generator);
FB_API int32_t fb_generator_seed(double generator, double ctx, bool fresh);
FB_API int32_t fb_generator_set_seed(double generator, uint32_t high, uint32_t low);
FB_API double fb_generator_state(double generator);
FB_API int32_t fb_generator_set_state(double generator, double tensor);

/* The device code of a name such as "cuda:1", or -1. */
FB_API int32_t fb_device_parse(const char* name, uint32_t bytes);

/* ---- Ops ---- */

/* "aten::add.Tensor". A handle that lives as long as the process; 0 when there is no such op. */
FB_API double fb_op_find(const char* name, uint32_t bytes);
/* Words written, or -1. */
FB_API int32_t fb_op_call(double op, double ctx);
/* Text: every schema of the dispatcher, a line each. Its bytes. */
FB_API double fb_op_schemas(double ctx);

/* Text: the names of all registered operators, a line each ("aten::matmul"). Its bytes. */
FB_API double fb_registry_names(double ctx);
/* Text: the schemas of one, a line each. Its bytes, 0 when there is none of that name. */
FB_API double fb_registry_schemas(double ctx, const char* name, uint32_t bytes);
/* Calls the first overload that takes the arguments. Words: as for fb_callable_call; the result is
   an Array where there are several. */
FB_API int32_t fb_registry_call(double ctx, const char* name, uint32_t bytes);
/* Opens a library that registers ops. 0, or -1. */
FB_API int32_t fb_load_library(const char* path, uint32_t bytes);

/* Nanoseconds a call of an op on `tensor` in a C++ loop, for benchmarks: 0 add, 1 matmul, 2 relu, 3
 * view, 4 item, 5 a chain of ten; 100 more: within the modes and the allocator that the thread has.
 */
FB_API double fb_bench(int32_t what, double tensor, int32_t iterations);
/* The same of memcpy from one tensor's memory: 0 to the other's, 1 to fresh memory, 2 to memory
 * that lies in no cache. */
FB_API double fb_bench_copy(int32_t what, double from, double to, int32_t iterations);

/* ---- Script objects: modules, and instances of script classes ---- */

FB_API void fb_object_release(double object);
FB_API double fb_object_retain(double object);
/* A new, empty module of a class of that name, in a compilation unit of its own (parent 0) or the
 * parent's. Owned. */
FB_API double fb_module_new(double parent, const char* name, uint32_t bytes);
/* `tensor` 0 registers None. */
FB_API int32_t fb_module_add_tensor(
    double module, const char* name, uint32_t bytes, double tensor, bool is_parameter);
FB_API int32_t fb_module_add_module(double module, const char* name, uint32_t bytes, double child);
/* Words: a value; `type` is TorchScript's annotation ("List[int]"), or empty for the value's own.
 */
FB_API int32_t fb_module_add_attribute(
    double module,
    double ctx,
    const char* name,
    uint32_t bytes,
    const char* type,
    uint32_t type_bytes);
/* A constant of the module's class, which source can read and nothing can set. Words: the value. */
FB_API int32_t fb_module_add_constant(double module, double ctx, const char* name, uint32_t bytes);
/* Defines methods from TorchScript source. */
FB_API int32_t fb_module_define(double module, const char* source, double bytes);
/* After a module was traced in both modes, into two methods: submodules that do another thing in
   each get methods of these names too, and a `forward` that branches on their own `training`. */
FB_API int32_t fb_module_join_modes(
    double module, const char* train, uint32_t train_bytes, const char* eval, uint32_t eval_bytes);
/* Words: 0 parameters, 1 buffers, 2 children, 3 attributes of this module, as Map from name to
   value; 4 method names, 5 the class name; 6 parameters and buffers. `deep`: of all modules below,
   with dotted names (0 to 3, and 6). */
FB_API int32_t fb_object_list(double object, double ctx, int32_t what, bool deep);
FB_API int32_t fb_object_get(double object, double ctx, const char* name, uint32_t bytes);
/* Words: a value. */
FB_API int32_t fb_object_set(double object, double ctx, const char* name, uint32_t bytes);
FB_API int32_t fb_module_train(double module, bool on);
/* 1 training, 0 evaluating, -1 failure. */
FB_API int32_t fb_module_training(double module);
/* dtype and device code, -1 for unchanged. */
FB_API int32_t fb_module_to(double module, int32_t device, int32_t dtype);
/* An independent copy of the module and its tensors. Owned. */
FB_API double fb_module_clone(double module);
/* Owned handle of a module with its parameters folded in; words: names to preserve, as one Array
 * value. */
FB_API double fb_module_freeze(double module, double ctx);

/* Owned handle of a frozen copy with passes for inference applied. */
FB_API double fb_module_optimize(double module, double ctx);
/* The executor's switches: 0 profiling, 1 optimization. `on` -1 changes nothing. What it was. */
FB_API int32_t fb_executor_switch(int32_t what, int32_t on);
/* Words: n, then kind (0 static, 1 dynamic) and depth each. Words out: what it was, likewise. */
FB_API int32_t fb_fusion_strategy(double ctx);

/* ---- Jobs: work on native threads, under the modes of the thread that asks ---- */

/* As fb_callable_call and fb_registry_call. A job's id; 0 on failure, -1 when the queue is full.
 * `max_bytes`: what it may hold at once in CPU memory, 0 for no bound. */
FB_API double fb_job_call(double callable, double ctx, double max_bytes);
FB_API double fb_job_op(const char* name, uint32_t bytes, double ctx, double max_bytes);
/* As fb_archive_ops and fb_load; the archive must stay open until the job is done. The result of
 * the second is an Array of the extra files as Map, and the module. */
FB_API double fb_job_archive_ops(double archive, double ctx, bool verify);
FB_API double fb_job_load(double archive, double ctx, int32_t device, bool verify);
/* As fb_module_save_file and fb_callable_save_file. */
FB_API double fb_job_save(
    double script, double ctx, bool callable, bool mobile, const char* path, uint32_t bytes);
/* 1 when the job will not run, 0 when it runs already, and its result is dropped, or is done. */
FB_API int32_t fb_job_cancel(double id);
/* Gives up on a job: one that runs goes on, on a thread that is replaced. 1 when it ran. */
FB_API int32_t fb_job_abandon(double id);
/* Takes a completion of this context. Words: id, 0 and the value, or id and 1 with the reason in
 * this thread's error slot. How many; 0 when there is none. */
FB_API int32_t fb_job_take(double ctx);
/* Waits, a second at most, until there is a completion: called on a thread of its own. How many. */
FB_API int32_t fb_jobs_wait(double ctx);
/* Ends a wait: nothing more is awaited. */
FB_API void fb_jobs_rest(double ctx);
/* The read end of a pipe that holds a byte while there are completions. It stays the context's. */
FB_API int32_t fb_jobs_pipe(double ctx);
/* 0 threads, 1 the longest queue; `value` 0 changes nothing. 2 queued, 3 running, 4 given up on and
 * still running. */
FB_API int32_t fb_jobs_setting(int32_t what, int32_t value);

/* ---- Handing over to another thread ---- */

/* Takes a reference of its own: 0 a tensor, 1 a script object, 2 a callable. A number for one
 * fb_transfer_take, on any thread; 0 on failure. */
FB_API double fb_transfer_put(int32_t kind, double handle);
/* Words: the kind, then a value (0, 1) or an owned handle (2). */
FB_API int32_t fb_transfer_take(double ctx, double number);
/* How many wait. */
FB_API double fb_transfer_waiting(void);

/* ---- Callables: functions, and methods bound to their object ---- */

FB_API void fb_callable_release(double callable);
/* Owned; 0 when there is no such method. */
FB_API double fb_object_method(double object, const char* name, uint32_t bytes);
/* Words: n positional values, values, n keywords, string words and value each. The words of the
 * result, or -1. */
FB_API int32_t fb_callable_call(double callable, double ctx);
/* Text: 0 graph, 1 code, 2 schema, 3 name, 4 graph with all calls inlined, 5 the graph as last
 * optimized, 6 as 4 without places in the source. Its bytes. */
FB_API double fb_callable_text(double callable, double ctx, int32_t what);
/* Words: the schema as a value: [name, [[name, type, kwarg_only, default or None]...], [[name,
 * type]...]]. */
FB_API int32_t fb_callable_schema(double callable, double ctx);
/* Words: a graph as a value; its shape is written at the head of graph.cpp. `which`: 0 its own, 1
 * with all calls inlined, 2 the one that last ran on this thread, as it was optimized. */
FB_API int32_t fb_callable_graph(double callable, double ctx, int32_t which);
/* Whether the executor has done with watching the callable's runs: 1 or 0, or -1. */
FB_API int32_t fb_callable_optimized(double callable);
/* Has the executor forget what it watched and optimized. 0, or -1. */
FB_API int32_t fb_callable_forget(double callable);

/* Nanoseconds a call in a C++ loop, for benchmarks. Words: as for fb_callable_call. */
FB_API double fb_callable_bench(double callable, double ctx, int32_t iterations);

/* ---- Compilation units ---- */

/* TorchScript source to a unit. Owned. `literal`: refuses default arguments that LibTorch would
 * have to run. */
FB_API double fb_compile(const char* source, double bytes, bool literal);
FB_API void fb_unit_release(double unit);
/* Words: the names of its functions, as an Array of strings. */
FB_API int32_t fb_unit_names(double unit, double ctx);
/* Words: the ops that they can reach, as for fb_archive_ops. */
FB_API int32_t fb_unit_ops(double unit, double ctx);
/* Owned callable; 0 when there is none of that name. */
FB_API double fb_unit_function(double unit, const char* name, uint32_t bytes);

/* ---- Tracing, on the calling thread: begin, the caller's own code, end or abort ---- */

/* Words: Array of example inputs, then Array of argument names (fewer are allowed). `self` is a
   module or 0. The words of the inputs to call with: every tensor replaced by the one that is
   traced. -1 on failure. */
FB_API int32_t fb_trace_begin(double ctx, double self, bool strict);
/* Ops from here to the matching pop belong to the submodule whose path is `name`
 * ("__module.encoder"). */
FB_API int32_t fb_trace_push_scope(const char* name, uint32_t bytes);
FB_API int32_t fb_trace_pop_scope(void);
/* Words: the output value. Ends the trace; with `self` the method `name` is added to it. Owned
   callable, or 0 (then the trace is ended too). */
FB_API double fb_trace_end(double ctx, const char* name, uint32_t bytes);
/* Drops the trace, if one is under way. */
FB_API void fb_trace_abort(void);
/* Text: what LibTorch warned of in the last trace on this thread, a line each. Its bytes. */
FB_API double fb_trace_warnings(double ctx);
FB_API int32_t fb_is_tracing(void);
/* Where the caller is: what is recorded from here on has this place. `text` is "file:line:column",
 * of which the first `file_bytes` are the file. Leaves the words alone. */
FB_API int32_t fb_trace_at(const char* text, uint32_t bytes, uint32_t file_bytes, uint32_t line);
/* While paused, ops run on this thread without being recorded. */
FB_API void fb_trace_pause(bool paused);
/* Makes the 0-d integer tensor of a traced size stand for element `index` of the `count` integers
   of the argument `name` of the next op (count -1: for the argument itself). */
FB_API int32_t
fb_trace_stash(const char* name, uint32_t bytes, int32_t count, int32_t index, double tensor);
/* A 0-d integer tensor that holds size `dim` and keeps it a variable of the graph. Owned. */
FB_API double fb_trace_size(double tensor, int32_t dim);

/* ---- Files: as bytes, or by a path that the caller has opened under its own permissions ---- */

/* A file's bytes, to look into and to load: borrowed until fb_archive_close. Owned, or 0. */
FB_API double fb_archive_open(const void* data, double bytes);
/* The same of a copy, for work on another thread: the caller's memory may change, or go. */
FB_API double fb_archive_open_copy(const void* data, double bytes);
/* The same of a file, which stays open until then: what was checked is what is loaded. */
FB_API double fb_archive_open_file(const char* path, uint32_t bytes);
FB_API void fb_archive_close(double archive);
/* Words: the ops that the program can reach, without running any of it: Array of strings, "?"
   before what could not be followed. `verify`: checksums too. The number of words, or -1. */
FB_API int32_t fb_archive_ops(double archive, double ctx, bool verify);
/* Words: what is in it, without running any of it, as a value; its shape is written in load.cpp. */
FB_API int32_t fb_archive_describe(double archive, double ctx, bool verify);
/* Words in: Array of extra file names; words out: Map of those found, then an owned module handle.
   The number of words, or -1. `device`: a device code, or -1. `verify`: each record is held against
   its checksum before LibTorch gets it. */
FB_API int32_t fb_load(double archive, double ctx, int32_t device, bool verify);
/* Words: Map of extra files. Text: the archive. Its bytes, or -1. `mobile`: with bytecode for the
 * lite interpreter. */
FB_API double fb_module_save(double module, double ctx, bool mobile);
FB_API double fb_callable_save(double callable, double ctx, bool mobile);
/* The same to a file that exists, which is emptied first and is on the disk when this returns 0. */
FB_API int32_t
fb_module_save_file(double module, double ctx, const char* path, uint32_t bytes, bool mobile);
FB_API int32_t
fb_callable_save_file(double callable, double ctx, const char* path, uint32_t bytes, bool mobile);

#ifdef __cplusplus
}
#endif

#endif /* FLAMBEAU_H */
