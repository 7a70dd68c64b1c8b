"""Writes tests/golden/profiler.json: ranges, and the tables that PyTorch prints of them.

    python tests/python/make_profiler_golden.py tests/golden/profiler.json
"""

import json
import sys

from torch.autograd.profiler_util import EventList, FunctionEvent

LONG = "aten::a_name_that_is_longer_than_the_column_which_is_cut_off_here"
# name, start, end, thread, shapes, memory, flops, async
RANGES = [
    ("aten::linear", 0.5, 1200.75, 1, [[2, 3], [4, 3], [4]], 2048, 0, False),
    ("aten::addmm", 10.0, 1000.125, 1, [[4], [2, 3], [3, 4]], 2048, 48_000, False),
    ("aten::expand", 11.0, 15.5, 1, [[4]], 0, 0, False),
    ("aten::copy_", 20.0, 30.0, 1, [[2, 4], [2, 4]], -512, 0, False),
    ("aten::relu", 1300.0, 2_500_000.0, 1, [[2, 4]], 3_145_728, 0, False),
    ("aten::relu", 1310.0, 2_400_000.0, 1, [[2, 4]], 3_145_728, 0, False),
    ("aten::clamp_min", 1320.0, 2_300_000.0, 1, [[2, 4], []], 3_145_728, 8, False),
    ("AddmmBackward0", 5.0, 905.0, 2, [[2, 4]], 0, 0, False),
    ("aten::mm", 6.0, 300.0, 2, [[4, 2], [2, 3]], 128, 96_000_000, False),
    ("aten::mm", 300.0, 600.0, 2, [[2, 4], [4, 3]], 256, 96_000_000, False),
    ("aten::copy_", 650.0, 700.25, 2, [[4, 3], [4, 3]], 0, 0, False),
    (LONG, 2000.0, 2100.0, 2, [], 5, 0, False),
    ("my step", 0.0, 4000.0, 3, [], 0, 0, True),
    ("aten::add", 7.0, 8.0, 3, [[1]], 4, 1, False),
]

TABLES = [
    {},
    {"groupByInputShape": True},
    {"profileMemory": True, "sortBy": "selfCpuMemoryUsage"},
    {"withFlops": True, "sortBy": "selfCpuTimeTotal"},
    {"sortBy": "cpuTimeTotal", "rowLimit": 3, "header": "The header", "timeUnit": "ms"},
    {"topLevelEventsOnly": True, "timeUnit": "s"},
    {"groupByInputShape": True, "maxShapesColumnWidth": 18, "maxNameColumnWidth": 20, "sortBy": "count"},
]
SNAKE = {
    "sortBy": "sort_by",
    "rowLimit": "row_limit",
    "header": "header",
    "timeUnit": "time_unit",
    "topLevelEventsOnly": "top_level_events_only",
    "maxShapesColumnWidth": "max_shapes_column_width",
    "maxNameColumnWidth": "max_name_column_width",
}
KEYS = {
    "selfCpuMemoryUsage": "self_cpu_memory_usage",
    "selfCpuTimeTotal": "self_cpu_time_total",
    "cpuTimeTotal": "cpu_time_total",
    "count": "count",
}


def event(i, name, start, end, thread, shapes, memory, flops, is_async):
    return FunctionEvent(
        id=i,
        name=name,
        thread=thread,
        start_us=start,
        end_us=end,
        overload_name="",
        input_shapes=shapes,
        cpu_memory_usage=memory,
        flops=flops,
        is_async=is_async,
        stack=[],
        sequence_nr=-1,
        fwd_thread=0,
        scope=0,
    )


def table(options):
    events = EventList(
        sorted(
            (event(i, *one) for i, one in enumerate(RANGES)),
            key=lambda one: [one.time_range.start, -one.time_range.end],
        ),
        profile_memory=options.get("profileMemory", False),
        with_flops=options.get("withFlops", False),
    )
    events._build_tree()
    averages = events.key_averages(group_by_input_shapes=options.get("groupByInputShape", False))
    given = {SNAKE[key]: value for key, value in options.items() if key in SNAKE}
    if "sort_by" in given:
        given["sort_by"] = KEYS[given["sort_by"]]
    return averages.table(**given)


fields = ["name", "start", "end", "thread", "inputShapes", "cpuMemoryUsage", "flops", "isAsync"]
golden = {
    "ranges": [dict(zip(fields, one)) for one in RANGES],
    "tables": [{"options": options, "expected": table(options)} for options in TABLES],
}
with open(sys.argv[1], "w", encoding="utf-8") as file:
    json.dump(golden, file, indent=1)
    file.write("\n")
