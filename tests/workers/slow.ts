/**
 * A dataset that takes its time, for `tests/data_worker_init_test.ts`.
 *
 * @module
 */

/** Example 5 never comes, and example 6 keeps its thread busy. */
export default {
  length: 10,
  async get(index: number): Promise<number> {
    if (index === 5) await new Promise<void>((resolve) => setTimeout(resolve, 60_000));
    // Deno ends such a thread no sooner.
    const until = Date.now() + 10_000;
    while (index === 6 && Date.now() < until);
    return index;
  },
};
