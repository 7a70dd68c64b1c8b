import { describe, test } from "node:test";
import { assert, assertEquals, assertThrows } from "@std/assert";
import { native } from "../ffi/mod.ts";
import * as torch from "../mod.ts";

const { sdpaKernel, SDPBackend } = torch.nn.attention;

const q = torch.rand([1, 2, 4, 8], { requiresGrad: true });
const attend = () => torch.nn.functional.scaledDotProductAttention(q, q, q);
const kernel = () => attend().gradFn!.name;
// PyTorch's names for the same calls.
const FLASH = "ScaledDotProductFlashAttentionForCpuBackward0";
const MATH = "UnsafeViewBackward0";
const enabled = () => [0, 1, 2, 3, 4].filter((one) => native.fb_sdp(one, -1) === 1);

describe("nn.attention.sdpaKernel()", () => {
  test("leaves the kernels that are named, and brings the others back", () => {
    assertEquals(kernel(), FLASH);
    assertEquals(sdpaKernel(SDPBackend.MATH, kernel), MATH);
    assertEquals(sdpaKernel([SDPBackend.FLASH_ATTENTION], kernel), FLASH);
    assertEquals(kernel(), FLASH);
    assertEquals(enabled(), [0, 1, 2, 3, 4]);
  });

  test("holds for a block, and within another", () => {
    {
      using outer = sdpaKernel(SDPBackend.MATH);
      assertEquals(kernel(), MATH);
      assertEquals(sdpaKernel([SDPBackend.FLASH_ATTENTION, SDPBackend.MATH], kernel), FLASH);
      assertEquals([kernel(), enabled()], [MATH, [0]]);
      outer[Symbol.dispose]();
      outer[Symbol.dispose]();
      assertEquals(kernel(), FLASH);
    }
    assertEquals(enabled(), [0, 1, 2, 3, 4]);
  });

  test("computes the same by either", () => {
    const [one, two] = [SDPBackend.MATH, SDPBackend.FLASH_ATTENTION].map((one) =>
      sdpaKernel(one, attend)
    );
    assert(torch.allclose(one!, two!, { atol: 1e-6 }));
  });

  test("keeps the order of the CPU, with setPriority too, as in PyTorch", () => {
    const options = { setPriority: true };
    assertEquals(
      sdpaKernel([SDPBackend.MATH, SDPBackend.FLASH_ATTENTION], kernel, options),
      FLASH,
    );
    using _ = sdpaKernel([SDPBackend.MATH], options);
    assertEquals(kernel(), MATH);
  });

  test("comes back where the function throws", () => {
    for (const backends of [[], [SDPBackend.EFFICIENT_ATTENTION]]) {
      assertThrows(
        () => sdpaKernel(backends, attend),
        torch.TorchError,
        "No viable backend for scaled_dot_product_attention was found",
      );
      assertEquals(enabled(), [0, 1, 2, 3, 4]);
    }
  });

  test("refuses what it cannot use, and changes nothing then", () => {
    const refused = (args: unknown[], type: typeof TypeError | typeof RangeError, text: string) =>
      assertThrows(() => (sdpaKernel as (...args: unknown[]) => unknown)(...args), type, text);
    refused(["MATH", attend], TypeError, "argument 'backends' must be one of SDPBackend");
    refused([[0, 9], attend], TypeError, "argument 'backends[1]' must be one of SDPBackend");
    refused([SDPBackend.ERROR, attend], RangeError, "cannot be SDPBackend.ERROR");
    refused([SDPBackend.MATH, 1], TypeError, "argument 'fn' must be a function, but got 1");
    refused([SDPBackend.MATH, async () => {}], TypeError, "must be synchronous");
    refused([SDPBackend.MATH, { priority: true }], TypeError, "unknown option 'priority'");
    refused([SDPBackend.MATH, attend, { setPriority: 1 }], TypeError, "'setPriority'");
    assertEquals(enabled(), [0, 1, 2, 3, 4]);
  });
});
