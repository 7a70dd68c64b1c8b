import { describe, test } from "node:test";
import { assertEquals } from "@std/assert";
import { countBun, countDeno, failuresOf } from "../tools/count.ts";

const ended = (code: number, stdout = "") => ({ code, stdout, stderr: "" });

describe("countDeno()", () => {
  const junit = `<testsuites><testsuite>
    <testcase name="group" classname="x"><failure message="1 step"/></testcase>
    <testcase name="alone" classname="x"></testcase>
    <testcase name="skipped" classname="x"><skipped/></testcase>
    <testcase name="group &gt; good" classname="x"></testcase>
    <testcase name="group &gt; bad" classname="x"><failure message="no">no</failure></testcase>
  </testsuite></testsuites>`;

  test("counts tests, not the groups they are in", () => {
    assertEquals(countDeno(junit, ended(1)), { passed: 2, failed: 1 });
  });

  test("counts a file that does not load as failed, once", () => {
    const line = "./tests/a_test.ts (uncaught error)\n";
    assertEquals(countDeno("", ended(1, line + line)), { passed: 0, failed: 1 });
  });

  test("counts a run that crashed as failed", () => {
    assertEquals(countDeno("", ended(139)), { passed: 0, failed: 1 });
  });
});

describe("countBun()", () => {
  test("reads the last lines", () => {
    const output = " 3 pass\n\x1b[33m 1 skip\x1b[0m\n 2 fail\nRan 6 tests across 1 file.";
    assertEquals(countBun(ended(1, output)), { passed: 3, failed: 2 });
  });

  test("counts an error between tests, and a run that crashed, as failed", () => {
    assertEquals(countBun(ended(1, " 3 pass\n 0 fail\n 1 error\n")), { passed: 3, failed: 1 });
    assertEquals(countBun(ended(132, "")), { passed: 0, failed: 1 });
  });
});

describe("failuresOf()", () => {
  test("tells what Bun printed before each failure", () => {
    const output =
      "tests/a_test.ts:\n(pass) a > good [1ms]\n7 |  no\nerror: no\n(fail) a > bad [2ms]\n" +
      "(pass) b\n\n1 tests failed:\n(fail) a > bad [2ms]\n 1 fail\n";
    assertEquals(failuresOf(ended(1, output)).slice(0, 1), [
      "7 |  no\nerror: no\n(fail) a > bad [2ms]",
    ]);
  });

  test("tells Deno's errors, one by one and no longer than need be", () => {
    const many = Array.from({ length: 99 }, (_, i) => `line => ${i}`).join("\n");
    const output =
      ` ERRORS \n\na ... bad => x.ts:1:2\nerror: no\n\nb => x.ts:3:4\n${many}\n FAILURES \n\na`;
    const [first, second] = failuresOf(ended(1, output));
    assertEquals(first, "a ... bad => x.ts:1:2\nerror: no\n");
    assertEquals(second!.split("\n").slice(-2), ["…", "line => 98"]);
    assertEquals(second!.split("\n").length, 31);
  });

  test("tells what a run that was ended printed last", () => {
    const stdout = Array.from({ length: 99 }, (_, i) => `line ${i} ... ok`).join("\n");
    const told = failuresOf({ code: 128, stdout, stderr: "ended by SIGSEGV" });
    assertEquals(told.length, 1);
    const lines = told[0]!.split("\n");
    assertEquals(lines[0], "It ended with exit code 128. It printed last:");
    assertEquals(lines.slice(-2), ["line 98 ... ok", "ended by SIGSEGV"]);
    assertEquals(failuresOf(ended(0, stdout)), []);
  });
});
