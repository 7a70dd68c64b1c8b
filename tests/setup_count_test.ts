import { describe, test } from "node:test";
import { assertEquals } from "@std/assert";
import { countBun, countDeno } from "../tools/count.ts";

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
