import { readFileSync } from "node:fs";
import { describe, test } from "node:test";
import { assert, assertEquals, assertInstanceOf } from "@std/assert";
import { JitTypeError } from "../ffi/errors.ts";
import { errorKinds } from "../ffi/raise.ts";
import { ABI_VERSION, type NativeSymbol, symbols } from "../ffi/symbols.ts";
import * as torch from "../mod.ts";
import { Tag } from "../src/jit/tags.ts";

const header = readFileSync(new URL("../csrc/flambeau.h", import.meta.url), "utf8")
  .replaceAll(/\/\*[\s\S]*?\*\//g, "");

/** What each C type is in the neutral table. */
function neutral(type: string): string {
  if (type.includes("*")) return "buffer";
  const names: Record<string, string> = {
    double: "f64",
    int32_t: "i32",
    uint32_t: "u32",
    bool: "bool",
    void: "void",
    fb_callback: "function",
  };
  const name = names[type];
  assert(name, `The header has the type ${JSON.stringify(type)}, which the table cannot say`);
  return name;
}

function parameterType(parameter: string): string {
  const found = /^(.*?)\s*\b[a-z_]+$/.exec(parameter.replaceAll(/\s+/g, " ").trim());
  assert(found, `The parameter ${JSON.stringify(parameter)} has no name`);
  return neutral(found[1]!.trim());
}

function declarations(): Record<string, NativeSymbol> {
  const found: Record<string, NativeSymbol> = {};
  for (
    const [, result, name, list] of header.matchAll(
      /FB_API\s+([\w\s*]+?)\s*\b(fb_\w+)\(([^)]*)\)\s*;/g,
    )
  ) {
    const parameters = list!.trim() === "void" ? [] : list!.split(",").map(parameterType);
    found[name!] = { parameters, result: neutral(result!.trim()) } as NativeSymbol;
  }
  return found;
}

function constants(enumeration: string): Record<string, number> {
  const body = new RegExp(`enum ${enumeration} \\{([^}]*)\\}`).exec(header)?.[1];
  assert(body, `The header has no enum ${enumeration}`);
  const members = body.split(",").map((member) => member.trim()).filter((member) => member !== "");
  return Object.fromEntries(members.map((member) => {
    const [name, value] = member.split("=").map((part) => part.trim());
    return [name!, Number(value)];
  }));
}

describe("csrc/flambeau.h and ffi/symbols.ts", () => {
  const declared = declarations();

  test("have the same functions", () => {
    assertEquals(Object.keys(symbols).sort(), Object.keys(declared).sort());
    // A reader of the header that found nothing would agree with an empty table.
    assertEquals(Object.keys(declared).length, header.match(/^FB_API /gm)?.length);
  });

  test("agree about the parameters and the result of each", () => {
    for (const [name, symbol] of Object.entries(symbols)) {
      assertEquals(symbol as NativeSymbol, declared[name], name);
    }
  });

  test("have the same ABI version, which the loaded library has too", () => {
    assertEquals(ABI_VERSION, Number(/#define FB_ABI_VERSION (\d+)/.exec(header)?.[1]));
    assertEquals(torch.version.abi, ABI_VERSION);
  });
});

/** `FB_VALUE_NAMED_TUPLE` as TypeScript writes it: `namedTuple`. */
function camel(name: string, prefix: string): string {
  const words = name.slice(prefix.length).toLowerCase();
  return words.replaceAll(/_([a-z])/g, (_, letter: string) => letter.toUpperCase());
}

describe("The numbers of csrc/flambeau.h", () => {
  test("of kinds of value are those of src/jit/tags.ts", () => {
    const values = Object.entries(constants("fb_value_tag"))
      .map(([name, value]) => [camel(name, "FB_VALUE_"), value]);
    assertEquals(Object.fromEntries(values), { ...Tag } as Record<string, number>);
  });

  test("of kinds of failure are those of ffi/raise.ts", () => {
    for (const [name, code] of Object.entries(constants("fb_error_kind"))) {
      if (name === "FB_ERROR_NONE") continue;
      const expected = name === "FB_ERROR_JIT_TYPE" ? "type" : camel(name, "FB_ERROR_");
      assertEquals(errorKinds[code], expected, name);
    }
  });

  test("of kinds of scalar are those that a call writes and reads", () => {
    assertEquals(constants("fb_scalar_tag"), {
      FB_SCALAR_INT: 0,
      FB_SCALAR_FLOAT: 1,
      FB_SCALAR_BOOL: 2,
      FB_SCALAR_COMPLEX: 3,
      FB_SCALAR_INT64: 4,
    });
    using integers = torch.full([1], 2n ** 62n, { dtype: "int64" });
    assertEquals(integers.itemBigInt(), 2n ** 62n);
    using complex = torch.full([1], { re: 1, im: -2 }, { dtype: "complex128" });
    assertEquals(complex.item() as unknown, { re: 1, im: -2 });
  });

  test("tell the error of a value that does not fit its TorchScript type", () => {
    using unit = torch.jit.compile("def f(x: int) -> int:\n    return x\n");
    let caught: unknown;
    try {
      unit.f!("text");
    } catch (error) {
      caught = error;
    }
    assertInstanceOf(caught, JitTypeError);
    assertEquals(caught.kind, "type");
  });
});
