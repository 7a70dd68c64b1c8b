import { assertEquals, assertThrows } from "@std/assert";
import { test } from "node:test";
import * as torch from "../mod.ts";
import { balanced } from "./support/balance.ts";

const { nn } = torch;
const { convertConv2dWeightMemoryFormat, convertConv3dWeightMemoryFormat } = nn.utils;

test("the weights of convolutions lie as asked for, with PyTorch's strides, and their values stay", () =>
  balanced(() => {
    torch.manualSeed(0);
    const net = new nn.Sequential(
      new nn.Conv2d(8, 4, 3),
      new nn.Conv3d(2, 4, 3),
      new nn.ConvTranspose2d(8, 4, [2, 3]),
    );
    const parameters = [...net.parameters()];
    const values = parameters.map((p) => p.toArray());
    const strides = () => [...net.parameters()].map((p) => p.stride());
    convertConv2dWeightMemoryFormat(net, "channels_last");
    // As torch.nn.utils.convert_conv2d_weight_memory_format leaves them in PyTorch 2.13.
    assertEquals(strides(), [[72, 1, 24, 8], [1], [54, 27, 9, 3, 1], [1], [24, 1, 12, 4], [1]]);
    convertConv3dWeightMemoryFormat(net, "channels_last_3d");
    assertEquals(strides(), [[72, 1, 24, 8], [1], [54, 1, 18, 6, 2], [1], [24, 1, 12, 4], [1]]);
    assertEquals([...net.parameters()].every((p, i) => p === parameters[i]), true);
    assertEquals(parameters.map((p) => p.toArray()), values);
    convertConv2dWeightMemoryFormat(net, "contiguous_format");
    assertEquals(strides()[0], [72, 9, 3, 1]);
    net.dispose();
  }));

test("memory formats that there are not, and modules that are none, are refused", () => {
  const layer = new nn.Conv2d(1, 1, 1);
  assertThrows(
    () => convertConv2dWeightMemoryFormat(layer, "nhwc" as never),
    TypeError,
    "convertConv2dWeightMemoryFormat(): argument 'memoryFormat' must be one of",
  );
  assertThrows(
    () => convertConv3dWeightMemoryFormat({} as never, "channels_last_3d"),
    TypeError,
    "convertConv3dWeightMemoryFormat(): argument 'module' must be a Module",
  );
});
