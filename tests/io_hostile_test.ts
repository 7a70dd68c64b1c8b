import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import process from "node:process";
import { describe, test } from "node:test";
import { assert, assertEquals, assertThrows } from "@std/assert";
import * as torch from "../mod.ts";

const { io } = torch;

/** How many changed files are tried of each kind; a task raises it. */
const MUTATIONS = Number(process.env.FLAMBEAU_TEST_MUTATIONS ?? 400);

/** A fixed sequence of whole numbers below `limit`. */
function sequence(seed: number): (limit: number) => number {
  let state = seed;
  return (limit) => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return Math.floor(state / 2 ** 32 * limit);
  };
}

/** The file with bytes flipped, cut, doubled or overwritten. */
function mutated(bytes: Uint8Array, random: (limit: number) => number): Uint8Array {
  const copy = bytes.slice();
  switch (random(5)) {
    case 0:
      copy[random(copy.length)]! ^= 1 << random(8);
      return copy;
    case 1:
      return copy.slice(0, random(copy.length));
    case 2:
      for (let i = 0; i < 4; i++) copy[random(copy.length)] = random(256);
      return copy;
    case 3: {
      const [from, to] = [random(copy.length), random(copy.length)];
      copy.set(copy.slice(from, from + Math.min(16, copy.length - to)), to);
      return copy;
    }
    default: {
      const at = random(copy.length - 8);
      copy.set(new Uint8Array(8).fill(random(2) * 255), at);
      return copy;
    }
  }
}

/** What a reader makes of a file: its text, or its refusal. Anything but a refusal in words fails the test. */
function outcome(read: () => unknown): string {
  try {
    return JSON.stringify(texts(read()));
  } catch (error) {
    assert(error instanceof torch.TorchError && error.kind === "serialization", String(error));
    return "refused";
  }
}

/** With texts in the place of tensors, whose own JSON has no room for every integer. */
function texts(value: unknown): unknown {
  if (value instanceof torch.Tensor) return text(value);
  if (Array.isArray(value)) return value.map(texts);
  if (typeof value !== "object" || value === null) return value;
  const entries = value instanceof Map ? [...value] : Object.entries(value);
  return entries.map(([key, part]) => [texts(key), texts(part)]);
}

function text(tensor: torch.Tensor): string {
  const text = `${tensor.dtype} ${tensor.shape} ${tensor.stride()} ${tensor.toTypedArray()}`;
  tensor.dispose();
  return text;
}

const x = torch.tensor([[1, 2], [3, 4.5]]);
const value = () => ({ x, t: x.t(), n: [1, "a", null, 2.5], ints: torch.tensor([1, 2, 3]) });

describe("a file that was changed anywhere", () => {
  test(`of torch.save's never loads as something else (${MUTATIONS} times)`, () => {
    const bytes = io.serialize(value());
    const whole = outcome(() => io.load(bytes));
    const random = sequence(1);
    let refused = 0;
    for (let i = 0; i < MUTATIONS; i++) {
      const result = outcome(() => io.load(mutated(bytes, random)));
      if (result === "refused") refused++;
      else assertEquals(result, whole);
    }
    assert(refused > MUTATIONS / 3 && refused < MUTATIONS, `${refused}`);
  });

  // These formats have no checksums: their content may change, but nothing may crash.
  test(`of safetensors is loaded or refused in words (${MUTATIONS} times)`, () => {
    const file = fileURLToPath(new URL("./golden/io/dtypes.safetensors", import.meta.url));
    const bytes = new Uint8Array(readFileSync(file));
    const random = sequence(2);
    for (let i = 0; i < MUTATIONS; i++) {
      outcome(() => io.loadSafetensors(mutated(bytes, random)));
    }
  });

  test(`of a pickle is loaded or refused in words (${MUTATIONS} times)`, () => {
    const bytes = legacy(simplePickle());
    assertEquals(outcome(() => io.load(bytes)), '[["a",[1,2,[["b","c"]]]]]');
    const random = sequence(3);
    for (let i = 0; i < MUTATIONS; i++) outcome(() => io.load(mutated(bytes, random)));
  });
});

// ---- Pickles by hand: the format before zip archives has no checksum to get past ----

const MAGIC = [0x80, 2, 0x8a, 10, 0x6c, 0xfc, 0x9c, 0x46, 0xf9, 0x20, 0x6a, 0xa8, 0x50, 0x19, 0x2e];
const VERSION = [0x80, 2, 0x4d, 0xe9, 0x03, 0x2e];

function bytesOf(...parts: (string | number | readonly number[] | Uint8Array)[]): number[] {
  return parts.flatMap((part) =>
    typeof part === "string"
      ? [...part].map((letter) => letter.charCodeAt(0))
      : typeof part === "number"
      ? [part]
      : [...part]
  );
}

function word(text: string): number[] {
  return bytesOf(0x58, [text.length, 0, 0, 0], text);
}

/** A file of PyTorch before 1.6 with this pickle as its value, and no storages. */
function legacy(pickle: readonly number[]): Uint8Array {
  const system = bytesOf([0x80, 2], "}", word("little_endian"), [0x88], "s.");
  return Uint8Array.from(bytesOf(MAGIC, VERSION, system, [0x80, 2], pickle, ".", [0x80, 2], "]."));
}

function simplePickle(): number[] {
  return bytesOf("}", word("a"), "]", "(K", 1, "K", 2, "}", word("b"), word("c"), "s", "es");
}

function refusal(pickle: readonly number[]): string {
  const error = assertThrows(() => io.load(legacy(pickle))) as Error;
  assert(error instanceof torch.TorchError, String(error));
  return error.message.replace("io.load(): the file given as bytes is refused: ", "");
}

describe("a pickle", () => {
  test("that calls something is refused by its name, and nothing is run", () => {
    assertEquals(
      refusal(bytesOf("cposix\nsystem\n", "(", word("touch /tmp/flambeau-was-here"), "tR")),
      "it names posix.system, which is not on the list of what data of tensors needs",
    );
    assert(refusal(bytesOf("c__builtin__\neval\n")).startsWith("it names __builtin__.eval,"));
    assert(refusal(bytesOf("ctorch\nload\n")).startsWith("it names torch.load,"));
    assert(refusal(bytesOf("ctorch._utils\n__class__\n")).startsWith("it names torch._utils."));
    assert(refusal(bytesOf("ctorch\nfloat32\n)R")).includes("it calls torch.float32"));
    assert(refusal(bytesOf("K", 1, ")R")).includes("it calls 1"));
    assert(refusal(bytesOf("ccollections\nOrderedDict\n")).includes("itself, which is no data"));
    assert(refusal(bytesOf("}}b")).includes("it sets the state of a dict"));
    assert(refusal(bytesOf("(i__main__\nX\n")).includes("instruction 0x69"));
  });

  test("names that JavaScript knows are no names of the list", () => {
    for (const name of ["constructor", "__proto__", "toString", "hasOwnProperty"]) {
      assert(refusal(bytesOf(`ctorch\n${name}\n`)).includes(`torch.${name}`));
      assert(refusal(bytesOf(`c${name}\n${name}\n`)).includes(name));
    }
  });

  test("that is nested absurdly is refused, and no stack overflows", () => {
    const nested = (depth: number) =>
      bytesOf(new Array(depth).fill(0x5d), new Array(depth - 1).fill(0x61));
    assertEquals(refusal(nested(1_000_000)), "it is nested more than 1000 deep");
    const tuples = bytesOf(")", new Array(1_000_000).fill(0x85));
    assertEquals(refusal(tuples), "it is nested more than 1000 deep");
    assert(JSON.stringify(io.load(legacy(nested(500)))).startsWith("[[[["));
  });

  test("that doubles itself again and again stays as small as it is", () => {
    // l0 = []; l1 = [l0, l0]; l2 = [l1, l1] … of which the last would have 2 ** 200 leaves.
    let pickle = bytesOf("]");
    for (let i = 0; i < 200; i++) {
      pickle = pickle.concat(bytesOf("q", i, "0]", "(", "h", i, "h", i, "e"));
    }
    let list = io.load(legacy(pickle)) as unknown[];
    let depth = 0;
    for (; list.length > 0; depth++) {
      assertEquals(list[0], list[1]);
      list = list[0] as unknown[];
    }
    assertEquals(depth, 200);
  });

  test("that asks for absurd sizes is refused before memory is taken", () => {
    assert(refusal(bytesOf("X", [255, 255, 255, 127])).includes("ends in the middle"));
    assert(refusal(bytesOf([0x8e], [255, 255, 255, 255, 255, 255, 255, 127])).includes("ends in"));
    assert(refusal(bytesOf("j", [1, 0, 0, 0])).includes("is not there"));
    assert(refusal(bytesOf("a")).includes("takes more values"));
    assert(refusal(bytesOf("(")).length > 0);
    assert(refusal(bytesOf("e")).includes("did not begin"));
    assert(refusal(bytesOf("K", 1, "(K", 2, "u")).includes("puts keys to 1"));
  });

  const storage = (length: readonly number[]) =>
    bytesOf("(", word("storage"), "ctorch\nFloatStorage\n", word("0"), word("cpu"), length, "tQ");
  const tensor = (offset: readonly number[], size: readonly number[], stride: readonly number[]) =>
    bytesOf("ctorch._utils\n_rebuild_tensor_v2\n(", storage([0x4b, 2]), offset, size, stride, [
      0x89,
    ], "}tR");
  const int = (value: number) => bytesOf("J", new Uint8Array(new Int32Array([value]).buffer));

  test("a tensor outside of its storage is refused", () => {
    const outside = "which is not inside of its storage of 8 bytes";
    assert(
      refusal(tensor(int(0), bytesOf(int(3), [0x85]), bytesOf(int(1), [0x85]))).endsWith(outside),
    );
    assert(
      refusal(tensor(int(1), bytesOf(int(2), [0x85]), bytesOf(int(1), [0x85]))).endsWith(outside),
    );
    assert(
      refusal(tensor(int(0), bytesOf(int(2), [0x85]), bytesOf(int(9), [0x85]))).endsWith(outside),
    );
    const huge = bytesOf(int(2 ** 31 - 1), int(2 ** 31 - 1), [0x86]);
    assert(refusal(tensor(int(0), huge, bytesOf(int(0), int(0), [0x86]))).endsWith(outside));
    assert(
      refusal(tensor(int(-1), bytesOf(int(1), [0x85]), bytesOf(int(1), [0x85]))).includes(
        "no call",
      ),
    );
    assert(
      refusal(tensor(int(0), bytesOf(int(-1), [0x85]), bytesOf(int(1), [0x85]))).includes(
        "no call",
      ),
    );
    assert(refusal(tensor(int(0), bytesOf(int(1), [0x85]), bytesOf(")"))).includes("no call"));
  });

  test("a storage that is not in the file is refused", () => {
    const valid = tensor(int(0), bytesOf(int(2), [0x85]), bytesOf(int(1), [0x85]));
    assertEquals(refusal(valid), "its storage 0 is missing");
  });
});
