import { readFileSync, statSync } from "node:fs";
import { after, before, describe, test } from "node:test";
import { assert, assertEquals, assertThrows } from "@std/assert";
import * as torch from "../mod.ts";
import { balanced } from "./support/balance.ts";
import { type Folder, folder } from "./support/program.ts";
import { python } from "./support/python.ts";

const { io } = torch;

const DTYPES: torch.DType[] = [
  ...["float64", "float32", "float16", "int64", "int32", "int16", "int8"] as const,
  ...["uint64", "uint32", "uint16", "uint8", "bool", "complex64", "complex128"] as const,
];

let here: Folder;

before(async () => {
  here = folder();
  await python("io_numpy.py", "make", here.path);
});

after(() => here[Symbol.dispose]());

function refusal(run: () => unknown): string {
  const error = assertThrows(run) as Error;
  assert(error instanceof torch.TorchError, String(error));
  return error.message.replaceAll(here.path, "");
}

/** The real parts as plain numbers. */
function numbers(tensor: torch.Tensor): unknown {
  return (tensor.dtype.startsWith("complex") ? torch.real(tensor) : tensor).double().toArray();
}

describe("loadNpy()", () => {
  for (const order of ["", "-big", "-fortran"]) {
    test(`reads every dtype of numpy's that PyTorch has${order}`, () => {
      for (const dtype of DTYPES) {
        const tensor = io.loadNpy(here.file(`${dtype}${order}.npy`));
        assertEquals<unknown>([tensor.dtype, tensor.shape], [dtype, [2, 3]]);
        const expected = dtype === "bool" ? [[1, 1, 0], [1, 0, 1]] : [[1, 2, 0], [3, 0, 5]];
        assertEquals(numbers(tensor), expected, dtype);
        assertEquals(tensor.stride(), order === "-fortran" ? [1, 2] : [3, 1]);
        if (dtype.startsWith("complex")) {
          assertEquals(torch.imag(tensor).double().toArray(), [[2, 4, 0], [6, 0, 10]]);
        }
      }
    });
  }

  test("reads scalars, empty arrays, later versions, and more than one piece", () => {
    assertEquals(io.loadNpy(here.file("scalar.npy")).item(), 2.5);
    assertEquals(io.loadNpy(here.file("empty.npy")).shape, [0, 3]);
    assertEquals(io.loadNpy(here.file("version2.npy")).toArray(), [0, 1, 2]);
    assertEquals(io.loadNpy(readFileSync(here.file("version3.npy"))).toArray(), [0, 1, 2]);
    const large = io.loadNpy(here.file("large-big.npy"));
    assert(torch.equal(large, torch.arange(1_500_000, { dtype: "int32" }).reshape([3, -1])));
  });

  test("refuses what no tensor holds, by its name", () => {
    const reason = (name: string) => refusal(() => io.loadNpy(here.file(`${name}.npy`)));
    assertEquals(
      reason("objects"),
      "io.loadNpy(): /objects.npy is no .npy file of numbers: its elements are Python objects, which could run anything",
    );
    assert(reason("strings").endsWith("its elements are strings"));
    assert(reason("records").endsWith("its elements are records"));
    assert(reason("dates").endsWith("its elements are dates"));
    assert(reason("long").endsWith("its elements are of numpy's type '<f16', which no tensor has"));
    assert(reason("absent").includes("could not be read"));
  });

  test("refuses a file that was cut anywhere, or is longer than it says", () => {
    const whole = readFileSync(here.file("int16.npy"));
    for (let length = 0; length < whole.length; length++) {
      refusal(() => io.loadNpy(new Uint8Array(whole.subarray(0, length))));
    }
    const longer = new Uint8Array(whole.length + 1);
    longer.set(whole);
    assert(
      refusal(() => io.loadNpy(longer)).includes("asks for 12 bytes of elements, and it has 13"),
    );
  });

  test("refuses shapes that are absurd", () => {
    const whole = new Uint8Array(readFileSync(here.file("int16.npy")));
    const text = new TextDecoder("latin1").decode(whole);
    for (
      const shape of [
        "(9, 9999999999999999999)",
        "(2, -3)",
        "(1" + ",1".repeat(9),
        "__import__('os')",
      ]
    ) {
      const changed = text.replace("(2, 3)", shape).replace(" ".repeat(shape.length - 6), "");
      refusal(() => io.loadNpy(Uint8Array.from(changed, (c) => c.charCodeAt(0))));
    }
  });
});

describe("saveNpy() and saveNpz()", () => {
  test("are read by numpy", async () => {
    for (const dtype of DTYPES) {
      io.saveNpy(io.loadNpy(here.file(`${dtype}-fortran.npy`)), here.file(`ours-${dtype}.npy`));
    }
    io.saveNpy(torch.tensor(1), here.file("ours-scalar.npy"));
    io.saveNpy(torch.zeros([0, 3]), here.file("ours-empty.npy"));
    const tensors = {
      x: torch.arange(6).reshape([2, 3]).t(),
      ż: torch.ones([2]),
      zeros: torch.zeros([10_000]),
    };
    io.saveNpz(tensors, here.file("ours-stored.npz"));
    io.saveNpz(tensors, here.file("ours-deflated.npz"), { compressed: true });
    assert(statSync(here.file("ours-stored.npz")).size > 40_000);
    assert(statSync(here.file("ours-deflated.npz")).size < 2_000);
    await python("io_numpy.py", "check", here.path);
    for (const kind of ["stored", "deflated"]) {
      const back = io.loadNpz(here.file(`ours-${kind}.npz`));
      assertEquals(back.x!.toArray(), [[0, 3], [1, 4], [2, 5]]);
    }
  });

  test("refuse dtypes that numpy has not, and what is no tensor", () => {
    const file = here.file("refused");
    const x = torch.ones([1]);
    assertEquals(
      (assertThrows(() => io.saveNpy(x.bfloat16(), file)) as Error).message,
      "io.saveNpy(): argument 'tensor' is of bfloat16, which numpy has not: convert it, say with float()",
    );
    assertThrows(() => io.saveNpy([1] as unknown as torch.Tensor, file), TypeError);
    assertThrows(() => io.saveNpz({ a: x.bfloat16() }, file), TypeError);
    assertThrows(() => io.saveNpz({ a: 1 } as never, file), TypeError);
    assertThrows(() => statSync(file));
  });
});

describe("loadNpz()", () => {
  for (const kind of ["stored", "deflated"]) {
    test(`reads ${kind} archives of numpy's, and frees what it does not return`, () => {
      balanced(() => {
        const arrays = io.loadNpz(here.file(`${kind}.npz`));
        assertEquals(Object.keys(arrays), ["x", "ż", "zeros"]);
        assertEquals(arrays.x!.toArray(), [[0, 1, 2], [3, 4, 5]]);
        assertEquals(arrays.ż!.toArray(), [1, 1]);
        for (const array of Object.values(arrays)) array.dispose();
      });
    });

    test(`finds a flipped bit in ${kind} archives`, () => {
      const bytes = new Uint8Array(readFileSync(here.file(`${kind}.npz`)));
      bytes[150]! ^= 4;
      balanced(() => refusal(() => io.loadNpz(bytes)));
    });
  }

  test("refuses other files", () => {
    assert(refusal(() => io.loadNpz(here.file("int16.npy"))).includes("not a zip archive"));
    const archive = io.serialize([1]);
    assert(refusal(() => io.loadNpz(archive)).includes("which is no array"));
  });
});
