//! Compiles the C ABI shim (`csrc/*.cpp`) against LibTorch.
//!
//! The set-up (`tools/setup/shim.ts`) calls this with a prefix and caches in the user's cache; by hand:
//!
//!     zig build -Dlibtorch=DIR -Dstdcxx-include=DIR... -Dstdcxx-lib=FILE --prefix OUT
//!
//! LibTorch is built against GNU's libstdc++, so the shim is too: its headers and its shared library
//! are named by the options, and Zig's own libc++ stays out.

const std = @import("std");
const builtin = @import("builtin");

const required_zig = "0.17.1";

/// A field, not a `fn`, so that another Zig reports this one sentence and nothing about its std.Build.
pub const build = if (std.mem.eql(u8, builtin.zig_version_string, required_zig))
    buildShim
else
    @compileError("Flambeau's shim is built with Zig " ++ required_zig ++ ", but this is Zig " ++
        builtin.zig_version_string ++ ": run the set-up, which brings the right one.");

const flags = [_][]const u8{
    "-std=c++20",
    "-nostdinc++",
    "-fvisibility=hidden",
    "-fvisibility-inlines-hidden",
    "-fno-sanitize=all",
    // LibTorch's headers are not ours to mend; ours are held to -Wall by the flags below.
    "-Wall",
    "-Wextra",
    "-Wno-unused-parameter",
};

fn buildShim(b: *std.Build) !void {
    const libtorch = b.option([]const u8, "libtorch", "Directory holding LibTorch's include/ and lib/") orelse
        return missing("-Dlibtorch=DIR");
    const stdcxx_include = b.option([]const []const u8, "stdcxx-include", "A directory of libstdc++'s headers (repeat it)") orelse
        return missing("-Dstdcxx-include=DIR");
    const stdcxx_lib = b.option([]const u8, "stdcxx-lib", "libstdc++'s shared library") orelse
        return missing("-Dstdcxx-lib=FILE");

    const module = b.createModule(.{
        // Baseline, not native: a cache in a home directory outlives the machine's processor.
        .target = b.resolveTargetQuery(.{ .cpu_model = .baseline }),
        .optimize = .ReleaseFast,
        .link_libc = true,
        .sanitize_c = .off,
        .strip = false,
        .pic = true,
    });
    module.addCSourceFiles(.{
        .root = b.path("csrc"),
        .files = try sources(b),
        .flags = &flags,
        .language = .cpp,
    });
    // Not -isystem: libstdc++'s #include_next would then skip the C library's headers.
    for (stdcxx_include) |dir| module.addIncludePath(absolute(b, dir));
    const torch_include = b.pathJoin(&.{ libtorch, "include" });
    module.addSystemIncludePath(absolute(b, torch_include));
    // After LibTorch's: stands in for headers that it uses and does not ship.
    module.addSystemIncludePath(b.path("csrc/compat"));
    module.addSystemIncludePath(absolute(b, b.pathJoin(&.{ torch_include, "torch", "csrc", "api", "include" })));

    const torch_lib = b.pathJoin(&.{ libtorch, "lib" });
    module.addLibraryPath(absolute(b, torch_lib));
    module.addRPath(absolute(b, torch_lib));
    // `torch` is needed though nothing refers to it: on a CUDA build it is what brings the CUDA kernels.
    module.linkSystemLibrary("torch", .{ .needed = true, .use_pkg_config = .no });
    module.linkSystemLibrary("torch_cpu", .{ .use_pkg_config = .no });
    module.linkSystemLibrary("c10", .{ .use_pkg_config = .no });
    module.addObjectFile(absolute(b, stdcxx_lib));

    const shim = b.addLibrary(.{
        .name = "flambeau",
        .linkage = .dynamic,
        .root_module = module,
    });
    shim.each_lib_rpath = false;
    b.installArtifact(shim);
}

/// Every `csrc/*.cpp`, sorted, so that adding a source needs no change here.
fn sources(b: *std.Build) ![]const []const u8 {
    b.dependOnDirectoryContents(b.path("csrc"));
    const io = b.graph.io;
    const arena = b.graph.arena;
    var dir = try b.root.openDir(io, "csrc", .{ .iterate = true });
    defer dir.close(io);

    var names: std.ArrayList([]const u8) = .empty;
    var entries = dir.iterate();
    while (try entries.next(io)) |entry| {
        if (std.mem.endsWith(u8, entry.name, ".cpp")) try names.append(arena, b.dupe(entry.name));
    }
    std.mem.sort([]const u8, names.items, {}, lessThan);
    return names.items;
}

fn lessThan(_: void, a: []const u8, b: []const u8) bool {
    return std.mem.lessThan(u8, a, b);
}

fn absolute(b: *std.Build, path: []const u8) std.Build.LazyPath {
    return b.graph.cwdRelativePath(path);
}

fn missing(option: []const u8) error{MissingOption} {
    std.log.err("{s} is missing: run the set-up, which passes it.", .{option});
    return error.MissingOption;
}
