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
    "c++",
    // Baseline, not native: a cache in a home directory outlives the machine's processor.
    "-mcpu=baseline",
    "-std=c++20",
    "-O2",
    "-DNDEBUG",
    "-fPIC",
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

    var includes: std.ArrayList([]const u8) = .empty;
    // Not -isystem: libstdc++'s #include_next would then skip the C library's headers.
    for (stdcxx_include) |dir| try includes.append(b.graph.arena, b.fmt("-I{s}", .{dir}));
    const torch_include = b.pathJoin(&.{ libtorch, "include" });
    for ([_][]const u8{
        torch_include,
        b.pathJoin(&.{ torch_include, "torch", "csrc", "api", "include" }),
    }) |dir| try includes.appendSlice(b.graph.arena, &.{ "-isystem", dir });

    const module = b.createModule(.{
        .target = b.resolveTargetQuery(.{ .cpu_model = .baseline }),
        .optimize = .ReleaseFast,
        .link_libc = true,
        .pic = true,
    });
    // Compiled by steps of their own, since Zig's module knows no precompiled headers: without, reading
    // LibTorch's headers takes three quarters of the time.
    const headers = try filesOf(b, ".h");
    const precompile = compiler(b, "read LibTorch's headers", includes.items);
    precompile.addArgs(&.{ "-x", "c++-header" });
    precompile.addFileArg(b.path("csrc/libtorch.h"));
    precompile.addArg("-o");
    const precompiled = precompile.addOutputFileArg("libtorch.pch");
    for (try filesOf(b, ".cpp")) |source| {
        const compile = compiler(b, b.fmt("compile {s}", .{source}), includes.items);
        for (headers) |header| compile.addFileInput(b.path(b.pathJoin(&.{ "csrc", header })));
        compile.addArg("-include-pch");
        compile.addFileArg(precompiled);
        compile.addArg("-c");
        compile.addFileArg(b.path(b.pathJoin(&.{ "csrc", source })));
        compile.addArg("-o");
        module.addObjectFile(compile.addOutputFileArg(b.fmt("{s}.o", .{source})));
    }

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

/// A run of this Zig's C++ compiler, with what every one needs.
fn compiler(b: *std.Build, name: []const u8, includes: []const []const u8) *std.Build.Step.Run {
    const run = b.addSystemCommand(&.{b.graph.zig_exe});
    run.setName(name);
    run.addArgs(&flags);
    run.addArgs(includes);
    // After LibTorch's: stands in for headers that it uses and does not ship.
    run.addArg("-isystem");
    run.addDirectoryArg(b.path("csrc/compat"));
    return run;
}

/// Every file of `csrc/` with an ending, sorted, so that adding one needs no change here.
fn filesOf(b: *std.Build, ending: []const u8) ![]const []const u8 {
    b.dependOnDirectoryContents(b.path("csrc"));
    const io = b.graph.io;
    const arena = b.graph.arena;
    var dir = try b.root.openDir(io, "csrc", .{ .iterate = true });
    defer dir.close(io);

    var names: std.ArrayList([]const u8) = .empty;
    var entries = dir.iterate();
    while (try entries.next(io)) |entry| {
        if (std.mem.endsWith(u8, entry.name, ending)) try names.append(arena, b.dupe(entry.name));
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
