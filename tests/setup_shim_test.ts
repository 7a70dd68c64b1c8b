import { existsSync, mkdirSync, readdirSync, utimesSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, test } from "node:test";
import { assert, assertEquals, assertNotEquals, assertRejects } from "@std/assert";
import { linkPath, readLink, writeLink } from "../ffi/link.ts";
import { flambeauHome } from "../ffi/home.ts";
import { SetupError } from "../tools/setup/errors.ts";
import { ensureShim, type ShimInputs, shimKey } from "../tools/setup/shim.ts";
import { install, type Machine, machine, put } from "./setup/machine.ts";

/** A checkout with two sources, and a Zig whose `build` does what `script` says. */
function prepare(here: Machine, script = BUILDS): ShimInputs {
  put(join(here.root, "build.zig"), "");
  put(join(here.root, "csrc/a.cpp"), "int a;");
  put(join(here.root, "csrc/flambeau.h"), "");
  return {
    zig: { exe: install(here, "zig", script), version: "0.17.1" },
    libtorch: { directory: "/libtorch", version: "2.13.0" },
    stdcxx: { include: ["/c++"], library: "/libstdc++.so" },
  };
}

/** Counts its runs, and writes a library. */
const BUILDS = `echo run >> "$PWD/runs"
while [ "$1" != --prefix ]; do shift; done
/bin/mkdir -p "$2/lib" && echo shim > "$2/lib/libflambeau.so" && echo shim > "$2/lib/libflambeau.dylib"`;

describe("The shim", () => {
  test("is built once, and again when a source, LibTorch or the compiler changes", async () => {
    using here = machine();
    const inputs = prepare(here);
    const first = await ensureShim(here, inputs);
    assert(existsSync(first.path));
    assertEquals(await ensureShim(here, inputs), first);

    writeFileSync(join(here.root, "csrc/a.cpp"), "int b;");
    const changed = await ensureShim(here, inputs);
    assertNotEquals(changed.key, first.key);
    assert(existsSync(changed.path));
    const keys = new Set([first.key, changed.key]);
    keys.add(await shimKey(here.root, { ...inputs, zig: { ...inputs.zig, version: "0.18.0" } }));
    const libtorch = { ...inputs.libtorch, directory: "/elsewhere" };
    keys.add(await shimKey(here.root, { ...inputs, libtorch }));
    put(join(here.root, "csrc/new.cpp"), "");
    keys.add(await shimKey(here.root, inputs));
    assertEquals(keys.size, 5);
  });

  test("is built again when a source changes while it compiles", async () => {
    using here = machine();
    const changesOnce = `[ -e "$PWD/runs" ] || echo "int changed;" > "$PWD/csrc/a.cpp"\n${BUILDS}`;
    const inputs = prepare(here, changesOnce);
    const { key } = await ensureShim(here, inputs);
    assertEquals(key, await shimKey(here.root, inputs));
    assertEquals(readdirSync(join(here.home, "shims")), [key]);
  });

  test("that does not compile ends in what the compiler said, and leaves nothing", async () => {
    using here = machine();
    const inputs = prepare(here, 'echo "csrc/a.cpp:1: error: no" >&2; exit 1');
    await assertRejects(() => ensureShim(here, inputs), SetupError, "csrc/a.cpp:1: error: no");
    assertEquals(readdirSync(join(here.home, "staging")), []);
    assert(!existsSync(join(here.home, "shims")));
  });

  test("keeps what a checkout is linked to, and the newest three of the rest", async () => {
    using here = machine();
    const inputs = prepare(here);
    for (const [i, key] of ["linked", "old1", "old2", "new1", "new2"].entries()) {
      const directory = join(here.home, "shims", key);
      mkdirSync(directory, { recursive: true });
      utimesSync(directory, 1000 + i, 1000 + i);
    }
    const other = { root: "/other", shim: "/s", libtorch: "/l", libtorchVersion: "2.13.0" };
    writeLink({ ...other, key: "linked" }, here.home);
    const { key } = await ensureShim(here, inputs);
    assertEquals(
      readdirSync(join(here.home, "shims")).sort(),
      [key, "linked", "new1", "new2"].sort(),
    );
  });

  test("without its sources ends in a sentence", async () => {
    using here = machine();
    const inputs = prepare(here);
    const bare = { ...here, root: here.directory };
    await assertRejects(
      () => ensureShim(bare, inputs),
      SetupError,
      "There are no sources of the shim",
    );
  });
});

describe("The link", () => {
  const link = {
    root: "/home/me/my project",
    shim: "/cache/shims/k/libflambeau.so",
    libtorch: "/cache/libtorch",
    libtorchVersion: "2.13.0",
    key: "k",
  };

  test("is read as it was written", () => {
    using here = machine();
    assertEquals(readLink(link.root, here.home), null);
    writeLink(link, here.home);
    assertEquals(readLink(link.root, here.home), link);
    assertEquals(readLink(`${link.root}/`, here.home), link);
    assertEquals(linkPath(link.root, here.home), join(here.home, "links/-home-me-my-project.json"));
  });

  test("of another checkout whose path looks alike is not taken", () => {
    using here = machine();
    writeLink(link, here.home);
    assertEquals(readLink("/home/me/my-project", here.home), null);
  });

  test("that is damaged counts as missing", () => {
    using here = machine();
    put(linkPath(link.root, here.home), '{"root": "/home');
    assertEquals(readLink(link.root, here.home), null);
    put(linkPath(link.root, here.home), JSON.stringify({ root: link.root }));
    assertEquals(readLink(link.root, here.home), null);
  });

  test("of a long path has a short name of its own", () => {
    const [a, b] = ["a", "b"].map((name) => linkPath(`/${name}${"/long".repeat(60)}`, "/cache"));
    assert(a!.length < 160);
    assertNotEquals(a, b);
  });
});

describe("The cache", () => {
  const home = (env: Record<string, string>) => flambeauHome((name) => env[name]);

  test("is FLAMBEAU_HOME, else in XDG_CACHE_HOME", () => {
    assertEquals(home({ FLAMBEAU_HOME: "/fb", XDG_CACHE_HOME: "/cache", HOME: "/me" }), "/fb");
    assertEquals(home({ XDG_CACHE_HOME: "/cache", HOME: "/me" }), join("/cache", "flambeau"));
  });

  test("is in the user's own caches otherwise", () => {
    assert(home({ HOME: "/me", LOCALAPPDATA: "/me" }).startsWith(join("/me")));
  });
});
