import { describe, test } from "node:test";
import { assert, assertEquals, assertThrows } from "@std/assert";
import * as torch from "../mod.ts";

const { nn } = torch;

const dict = () => new nn.ParameterDict([["b", torch.zeros([2])], ["a", torch.ones([3])]]);

describe("nn.ParameterDict, beside what a Map has", () => {
  test("setdefault adds what is not there, and gives what is", () => {
    const one = dict();
    const before = one.get("a");
    assert(one.setdefault("a", torch.zeros([9])) === before);
    const added = one.setdefault("c", torch.full([2], 7.5));
    assert(added instanceof nn.Parameter && one.get("c") === added);
    assertEquals([added.toArray(), [...one.keys()]], [[7.5, 7.5], ["b", "a", "c"]]);
    assertEquals([...one.namedParameters()].map(([name]) => name), ["b", "a", "c"]);
    assertThrows(() => one.setdefault("d", undefined as never), TypeError, "but got undefined");
    assertThrows(() => one.setdefault("d.e", torch.ones([1])), Error);
    assertEquals(one.size, 3);
  });

  test("popitem takes out the last, until there is none", () => {
    const one = dict();
    const names = [one.popitem(), one.popitem()].map(([name, parameter]) => [
      name,
      parameter.shape,
    ]);
    assertEquals(names, [["a", [3]], ["b", [2]]]);
    assertEquals([...one.parameters()].length, 0);
    assertThrows(() => one.popitem(), RangeError, "nn.ParameterDict is empty");
  });

  test("fromkeys shares a parameter, and the memory of a tensor", () => {
    const parameter = new nn.Parameter(torch.zeros([2]));
    const same = dict().fromkeys(["x", "y"], parameter);
    assert(same.get("x") === parameter && same.get("y") === parameter);
    const shared = dict().fromkeys(new Set(["x", "y"]), torch.zeros([2]));
    assert(shared.get("x") !== shared.get("y"));
    torch.noGrad(() => shared.get("x").add_(1));
    assertEquals(shared.get("y").toArray(), [1, 1]);
    assertThrows(() => dict().fromkeys(3 as never, parameter), TypeError, "must be iterable");
    assertThrows(() => dict().fromkeys(["x"], 3 as never), TypeError, "must be a Parameter");
  });

  test("get takes what to give instead; items and reversed are Python's", () => {
    const one = dict();
    assertEquals(one.get("none", null), null);
    assertEquals(one.get("none", undefined), undefined);
    assertEquals(one.get("b", null)!.shape, [2]);
    assertThrows(() => one.get("none"), RangeError, 'no parameter "none"');
    assertEquals([...one.items()].map(([name]) => name), ["b", "a"]);
    assertEquals([...one.reversed()], ["a", "b"]);
    // Python's `one | other`.
    const both = one.copy().update(new nn.ParameterDict({ a: torch.zeros([1]) }));
    assertEquals([both.get("a").shape, one.get("a").shape], [[1], [3]]);
  });

  test("what has no names is refused, and not passed over", () => {
    const refused = (value: unknown, text: string) => {
      assertThrows(
        () => new nn.ParameterDict(value as never),
        TypeError,
        `nn.ParameterDict: ${text}`,
      );
      assertThrows(() => dict().update(value as never), TypeError, `nn.ParameterDict: ${text}`);
    };
    refused(3, "argument 'parameters' must be an object, a Map, pairs or another dict, but got 3");
    refused(torch.ones([2]), "argument 'parameters' must be");
    refused([["a"]], "argument 'parameters[0]' must be a pair of a name and a value");
    refused(["ab"], "argument 'parameters[0]' must be a pair");
  });
});

describe("nn.ModuleDict", () => {
  test("has items, and refuses what has no names", () => {
    const heads = new nn.ModuleDict({ b: new nn.Linear(1, 1), a: new nn.Identity() });
    assertEquals([...heads.items()].map(([name]) => name), ["b", "a"]);
    assertEquals(new nn.ModuleDict(heads).size, 2);
    assertThrows(
      () => new nn.ModuleDict([heads.get("a")] as never),
      TypeError,
      "nn.ModuleDict: argument 'modules[0]' must be a pair of a name and a value",
    );
    assertThrows(() => heads.update(1 as never), TypeError, "argument 'modules' must be an object");
  });
});
