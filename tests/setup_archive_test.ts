import { existsSync, readFileSync, readlinkSync, statSync } from "node:fs";
import { join } from "node:path";
import { describe, test } from "node:test";
import { assert, assertEquals, assertRejects, assertStringIncludes } from "@std/assert";
import { SetupError } from "../tools/setup/errors.ts";
import { ensureLibtorch, findLibtorch } from "../tools/setup/libtorch.ts";
import { type ArchiveEntry, LIBTORCH_ENTRIES, serve, zip } from "./setup/archive.ts";
import { machine } from "./setup/machine.ts";

const text = (path: string) => readFileSync(path, "utf8");

describe("LibTorch's archive", () => {
  test("is fetched and unpacked into the cache, modes and links too", async () => {
    using here = machine();
    await using server = await serve(await zip(LIBTORCH_ENTRIES));
    here.env.FLAMBEAU_LIBTORCH_URL = server.url;

    const libtorch = await ensureLibtorch(here);

    assertEquals(libtorch.version, "2.13.0");
    assertEquals(libtorch.source, "cache");
    const library = join(libtorch.directory, "lib/libtorch_cpu.so");
    assertEquals(text(library), "the library ".repeat(20_000));
    assertEquals(statSync(library).mode & 0o777, 0o755);
    assertEquals(readlinkSync(join(libtorch.directory, "lib/libgomp.so")), "libtorch_cpu.so");
    assert(!existsSync(join(here.home, "downloads/libtorch-2.13.0.zip")));
    assertEquals(await findLibtorch(here), libtorch);
  });

  test("is taken up where the connection broke off", async () => {
    using here = machine();
    const bytes = await zip(LIBTORCH_ENTRIES);
    await using server = await serve(bytes, { breaks: 2 });
    here.env.FLAMBEAU_LIBTORCH_URL = server.url;

    const { directory } = await ensureLibtorch(here);

    assertEquals(text(join(directory, "lib/libtorch_cpu.so")), "the library ".repeat(20_000));
    const half = Math.floor(bytes.length / 2);
    const threeQuarters = half + Math.floor((bytes.length - half) / 2);
    assertEquals(server.ranges, ["", `bytes=${half}-`, `bytes=${threeQuarters}-`]);
  });

  test("is refused when an entry's CRC does not match, and fetched anew by the next run", async () => {
    using here = machine();
    const bytes = await zip(LIBTORCH_ENTRIES);
    const damaged = bytes.slice();
    // One bit, in the middle of the library.
    damaged[bytes.length >> 1]! ^= 1;
    {
      await using server = await serve(damaged);
      here.env.FLAMBEAU_LIBTORCH_URL = server.url;
      const error = await assertRejects(() => ensureLibtorch(here), SetupError, "is damaged");
      assertStringIncludes(error.message, "run the set-up again");
    }
    assertEquals(await findLibtorch(here), null);
    await using server = await serve(bytes);
    here.env.FLAMBEAU_LIBTORCH_URL = server.url;
    assertEquals((await ensureLibtorch(here)).version, "2.13.0");
  });

  const escaping: readonly ArchiveEntry[] = [
    ["../../outside", "x"],
    ["libtorch/lib/out", "../../../outside", 0o120777],
    ["libtorch/lib/absolute", "/etc/passwd", 0o120777],
  ];
  for (const entry of escaping) {
    test(`is refused when it has ${entry[0]} for ${entry[1]}`, async () => {
      using here = machine();
      await using server = await serve(await zip([...LIBTORCH_ENTRIES, entry]));
      here.env.FLAMBEAU_LIBTORCH_URL = server.url;
      await assertRejects(() => ensureLibtorch(here), SetupError, "outside of its directory");
      assertEquals(await findLibtorch(here), null);
      assert(!existsSync(join(here.home, "outside")));
    });
  }

  test("that the server does not have is reported with the answer and a way out", async () => {
    using here = machine();
    await using server = await serve(new Uint8Array(), { status: 404 });
    here.env.FLAMBEAU_LIBTORCH_URL = server.url;
    const error = await assertRejects(() => ensureLibtorch(here), SetupError, "answered 404");
    assertStringIncludes(error.message, "set FLAMBEAU_LIBTORCH_URL to a mirror");
  });

  test("that cannot be reached is reported as a machine without network", async () => {
    using here = machine();
    const server = await serve(new Uint8Array());
    await server[Symbol.asyncDispose]();
    here.env.FLAMBEAU_LIBTORCH_URL = server.url;
    await assertRejects(
      () => ensureLibtorch(here),
      SetupError,
      "connect this machine to the network",
    );
  });

  test("is not begun on a disk without room for it", async () => {
    using here = machine();
    here.freeMegabytes = 900;
    here.env.FLAMBEAU_LIBTORCH_URL = "http://127.0.0.1:1/never-asked.zip";
    const error = await assertRejects(() => ensureLibtorch(here), SetupError);
    assertEquals(
      error.message,
      `Fetching LibTorch 2.13.0 needs 1200 MB of disk space, but ${here.home} has 900 MB free: ` +
        "free some space, or set FLAMBEAU_HOME to a directory on a larger disk.",
    );
  });
});
