import { describe, test } from "node:test";
import { assert, assertEquals, assertStringIncludes, assertThrows } from "@std/assert";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import * as torch from "../mod.ts";
import {
  computing,
  internalOps,
  languageOps,
  outsideArgument,
  outsideName,
  refusedNamespaces,
  refusedOps,
} from "../src/jit/security/op_rules.ts";
import { reasonAgainst } from "../src/jit/security/policy.ts";
import { edited, unzip } from "./support/archive.ts";
import { balanced } from "./support/balance.ts";
import { CODE, forward, HEAD, honest, model } from "./support/hostile.ts";
import { folder } from "./support/program.ts";

const { jit } = torch;

function refused(bytes: Uint8Array, op: string): torch.TorchError {
  const error = assertThrows(() => jit.load(bytes), torch.TorchError);
  assertStringIncludes(error.message, op);
  return error;
}

test("The source that these tests replace is what LibTorch writes", () => {
  const text = new TextDecoder().decode(unzip(honest).get(CODE));
  assert(text.startsWith(HEAD), text);
  using loaded = jit.load(model(forward("x = torch.add(x, 1)")));
  assertEquals(loaded(torch.tensor([1])).toArray(), [2]);
});

describe("A program that reaches files is refused, and runs nothing, when the op is called", () => {
  const reading = (path: string) => `torch.from_file(${JSON.stringify(path)}, False, 16, dtype=0)`;
  const creating = (path: string) => `torch.from_file(${JSON.stringify(path)}, True, 16, dtype=0)`;
  const places: Record<string, (call: string) => Uint8Array> = {
    "in forward": (call) => model(forward(`x = ${call}`)),
    "in a branch": (call) =>
      model(forward(`if bool(torch.gt(torch.sum(x), 9)):\n  x = ${call}\nelse:\n  pass`)),
    "in a loop in a branch": (call) =>
      model(
        forward(
          `for i in range(int(torch.sum(x))):\n  if bool(torch.sum(x)):\n    x = ${call}\n  else:\n    pass`,
        ),
      ),
    "in another method": (call) =>
      model(
        forward("x = x") +
          `  def other(self: __torch__.PlaceholderModule) -> Tensor:\n    return ${call}\n`,
      ),
    "in a function": (call) =>
      edited(honest, {
        [CODE]: `def deep() -> Tensor:\n  return ${call}\n${HEAD}${
          forward("x = __torch__.deep()")
        }`,
      }),
    "in a class": (call) =>
      edited(honest, {
        [CODE]: `class Inner:
  a : int
  def __init__(self: __torch__.Inner) -> NoneType:
    self.a = 1
    return None
  def m(self: __torch__.Inner) -> Tensor:
    return ${call}
${HEAD}${
          forward("x = __torch__.Inner.__new__(__torch__.Inner)\n_0 = (x0).__init__()").replace(
            "x = __torch__",
            "x0 = __torch__",
          )
        }`,
      }),
    "in a forked function": (call) =>
      edited(honest, {
        [CODE]: `def deep(x: Tensor) -> Tensor:\n  return ${call}\n${HEAD}${
          forward("def forked():\n  return __torch__.deep(x)\nf = fork(forked)\nx = torch.wait(f)")
        }`,
      }),
    "by its namespace": (call) => model(forward(`x = ${call.replace("torch.", "ops.aten.")}`)),
  };
  for (const [where, make] of Object.entries(places)) {
    test(where, () => {
      using here = folder();
      writeFileSync(here.file("secret"), "0123456789abcdef");
      const path = here.file("made");
      balanced(() => {
        const error = refused(make(reading(here.file("secret"))), "aten::from_file");
        assertStringIncludes(error.message, 'allow: ["aten::from_file"]');
        refused(make(creating(path)), "aten::from_file");
      });
      assert(!existsSync(path));
    });
  }

  test("in __setstate__, which LibTorch runs while it loads", () => {
    using here = folder();
    const path = here.file("made");
    const methods = `  def __getstate__(self: __torch__.PlaceholderModule) -> Dict[str, bool]:
    return {"training": True}
  def __setstate__(self: __torch__.PlaceholderModule,
    state: Dict[str, bool]) -> NoneType:
    y = ${creating(path)}
    self.training = bool(torch.eq(torch.sum(y), 0))
    return None
`;
    const bytes = model(forward("x = x") + methods);
    // That it would run: allowed, it does.
    jit.load(bytes, { allow: ["aten::from_file"] }).dispose();
    assert(existsSync(path));
    using other = folder();
    const next = model(forward("x = x") + methods.replace(path, other.file("made")));
    refused(next, "aten::from_file");
    assert(!existsSync(other.file("made")));
  });

  test("in a default argument, which LibTorch runs while it compiles", () => {
    using here = folder();
    const path = here.file("made");
    const bytes = model(
      `  def forward(self: __torch__.PlaceholderModule, x: Tensor, y: Tensor=${
        creating(path)
      }) -> Tensor:\n    return x\n`,
    );
    const error = refused(bytes, "a default argument or a constant");
    assertStringIncludes(error.message, CODE);
    assertThrows(() => jit.load(bytes, { allow: ["aten::from_file"] }), torch.TorchError);
    assertThrows(() => jit.inspect(bytes), torch.TorchError);
    assert(!existsSync(path));
  });

  test("in a constant of a class", () => {
    using here = folder();
    const path = here.file("made");
    const text = `${HEAD}  a : Final[Tensor] = ${creating(path)}\n${forward("x = x")}`;
    refused(edited(honest, { [CODE]: text }), "a default argument or a constant");
    assert(!existsSync(path));
  });

  test("that writes: save", () => {
    using here = folder();
    refused(model(forward(`torch.save(x, ${JSON.stringify(here.file("made"))})`)), "aten::save");
    assert(!existsSync(here.file("made")));
  });
});

describe("A program that is not what its types say", () => {
  test("is refused where it takes one class for another", () => {
    const text = (from: string) =>
      `class Small:
  a : int
  def __init__(self: __torch__.Small) -> NoneType:
    self.a = 1
    return None
class Large:
  a : int
  b : int
  c : str
  def __init__(self: __torch__.Large) -> NoneType:
    self.a = 1
    self.b = 2
    self.c = "c"
    return None
${HEAD}${
        forward(
          `s = __torch__.Small.__new__(__torch__.Small)\n_0 = (s).__init__()\nu = annotate(${from}, s)\n` +
            "l = unchecked_cast(__torch__.Large, u)\nx = torch.add(x, l.b)",
        )
      }`;
    for (const from of ["Any", "Union[__torch__.Small, __torch__.Large]"]) {
      refused(edited(honest, { [CODE]: text(from) }), "a cast of".replace("a ", ""));
    }
  });

  test("is refused where it calls what only LibTorch itself may", () => {
    refused(
      model(forward("x = unchecked_cast(Tensor, ops.prim.AutogradAdd(x, x))")),
      "prim::AutogradAdd",
    );
    refused(
      model(forward("x = ops.inductor._reinterpret_tensor(x, [9, 9], [1, 1], 0)")),
      "inductor::",
    );
    refused(model(forward("x = torch._reshape_alias(x, [99], [1])")), "aten::_reshape_alias");
  });
});

describe("allow", () => {
  const bytes = (path: string) =>
    model(forward(`x = torch.from_file(${JSON.stringify(path)}, False, 4, dtype=0)`));

  test("lets a program call what it names: an op, an overload, a namespace, all", () => {
    using here = folder();
    writeFileSync(here.file("f"), "0123");
    for (const allow of ["aten::from_file", "aten::*", "*"]) {
      using loaded = jit.load(bytes(here.file("f")), { allow: ["aten::mm", allow] });
      assertEquals(loaded(torch.zeros([1])).toArray(), [48, 49, 50, 51]);
    }
    assertThrows(() => jit.load(bytes("f"), { allow: ["aten::save"] }), torch.TorchError);
  });

  test("must be an array of names", () => {
    for (const allow of ["aten::from_file", [1], null, {}]) {
      assertThrows(() => jit.load(honest, { allow: allow as never }), TypeError, "option 'allow'");
    }
  });

  test("is an option of compile() too, whose source is otherwise the programmer's own", () => {
    using here = folder();
    const path = here.file("made");
    const source = `def f():\n    return torch.from_file(${JSON.stringify(path)}, True, 4)\n`;
    balanced(() => {
      jit.compile(source).dispose();
      assertThrows(() => jit.compile(source, { allow: [] }), torch.TorchError, "aten::from_file");
      jit.compile(source, { allow: ["aten::from_file"] }).dispose();
      const byDefault = `def f(x: Tensor = torch.from_file(${
        JSON.stringify(path)
      }, True, 4)):\n    return x\n`;
      assertThrows(() => jit.compile(byDefault, { allow: [] }), torch.TorchError);
    });
    assert(!existsSync(path));
  });
});

describe("inspect()", () => {
  test("tells what a file holds, by a path, a URL, and bytes", () => {
    using here = folder();
    using net = new torch.nn.Sequential(new torch.nn.Linear(3, 2), new torch.nn.BatchNorm1d(2));
    using x = torch.ones([2, 3]);
    using traced = jit.trace(net, [x]);
    jit.save(traced, here.file("net.pt"));
    const found = jit.inspect(here.file("net.pt"));
    assertEquals(jit.inspect(readFileSync(here.file("net.pt"))), found);
    assertEquals(found.parameters.map(({ name, shape, dtype }) => [name, shape, dtype]), [
      ["0.weight", [2, 3], "float32"],
      ["0.bias", [2], "float32"],
      ["1.weight", [2], "float32"],
      ["1.bias", [2], "float32"],
    ]);
    assertEquals(found.buffers.map(({ name, dtype }) => [name, dtype]), [
      ["1.running_mean", "float32"],
      ["1.running_var", "float32"],
      ["1.num_batches_tracked", "int64"],
    ]);
    assert(found.parameters.every(({ requiresGrad }) => requiresGrad));
    assert(
      found.methods.some(({ name, schema }) => name === "forward" && schema.includes("Tensor")),
    );
    assert(found.ops.includes("aten::linear") && found.ops.includes("aten::batch_norm"));
    assertEquals([found.refused, found.warnings], [[], []]);
    assertEquals(found.size, readFileSync(here.file("net.pt")).length);
    assert(found.records.some(({ name }) => name === "data.pkl"));
    assertStringIncludes(found.producer, "PyTorch");
  });

  test("tells what would be refused, and runs none of it", () => {
    using here = folder();
    const path = here.file("made");
    balanced(() => {
      const found = jit.inspect(
        model(forward(`x = torch.from_file(${JSON.stringify(path)}, True, 4)`)),
      );
      assertEquals(found.refused.map(({ op }) => op), ["aten::from_file"]);
      assert(found.warnings.some((warning) => warning.includes("aten::from_file")));
      assert(found.warnings.some((warning) => warning.includes("fingerprint")));
    });
    assert(!existsSync(path));
  });

  test("leaves nothing open or alive where it fails", () => {
    balanced(() => {
      assertThrows(() => jit.inspect(honest.subarray(0, 900)), torch.TorchError, "jit.inspect()");
      assertThrows(() => jit.inspect("absent.pt"), torch.TorchError, "could not be read");
      assertThrows(() => jit.inspect(1 as never), TypeError);
    });
  });
});

describe("The table of ops", () => {
  const schemas: string[] = [];
  for (const [namespace, ops] of Object.entries(jit.ops)) {
    // Libraries that other tests open, in the same process.
    if (namespace.startsWith("flambeau") || namespace === "aoti_custom_ops") continue;
    for (const op of Object.values(ops)) schemas.push(...op.schemas);
  }

  test("knows every namespace that LibTorch registers", () => {
    const namespaces = new Set(schemas.map((schema) => schema.split("::")[0]!));
    assert(namespaces.size > 15);
    const unknown = [...namespaces].filter((name) =>
      !computing.has(name) && !(name in refusedNamespaces) && name !== "prim"
    );
    assertEquals(unknown, [], "add the namespace to src/jit/security/op_rules.ts, with its reason");
  });

  test("refuses every op of LibTorch that by its name or an argument's reaches outside", () => {
    // Looked at one by one: `path` is an order of contractions, `split_with_sizes` and the like only sound so.
    const harmless = new Set(["aten::einsum"]);
    const suspicious = schemas.filter((schema) => {
      const name = schema.slice(0, schema.indexOf("("));
      const [op] = name.split(".");
      if (harmless.has(op!) || reasonAgainst(op!) !== null) return false;
      const given = schema.slice(schema.indexOf("(") + 1, schema.lastIndexOf("->"));
      const taken = [...given.matchAll(/\bstr(?:\[\])?\??\s+(\w+)/g)].map(([, argument]) =>
        argument!
      );
      return outsideName.test(op!.split("::")[1]!) ||
        taken.some((one) => outsideArgument.test(one));
    });
    assertEquals(suspicious, []);
  });

  test("names ops that are there", () => {
    const names = new Set(schemas.map((schema) => schema.slice(0, schema.search(/[.(]/))));
    // Some entries are of an overload.
    const gone = Object.keys(refusedOps).filter((op) => !names.has(op.replace(/\..*/, "")));
    // Not registered in every build of LibTorch.
    const optional = ["aten::load", "aten::_load_for_lite_interpreter"];
    assertEquals(gone.filter((op) => !optional.includes(op) && !op.includes("_tensor")), []);
    assertEquals([...internalOps].filter((name) => !names.has(`aten::${name}`)), []);
    assert(languageOps.has("If") && !languageOps.has("DifferentiableGraph"));
  });

  test("gives each refusal a reason", () => {
    for (const reason of [...Object.values(refusedOps), ...Object.values(refusedNamespaces)]) {
      assert(reason.length > 10);
    }
    assertEquals(reasonAgainst("aten::relu"), null);
    assertEquals(reasonAgainst("mylib::blur"), null);
    assert(reasonAgainst("mylib::read_image_file") !== null);
    assert(reasonAgainst("__torch__.torch.classes.dist_c10d.FileStore.__init__") !== null);
    assertEquals(
      reasonAgainst("__torch__.torch.classes.quantized.LinearPackedParamsBase.__setstate__"),
      null,
    );
  });
});
