/**
 * The error that ends a set-up.
 *
 * @module
 */

/** A set-up that cannot go on. Its message is one or two sentences that say what is wrong and how to mend it. */
export class SetupError extends Error {
  /** The class's name, as it is printed. */
  override readonly name = "SetupError";
}

/** The system's code for a failed file operation, such as `ENOENT`; undefined for any other error. */
export function errorCode(error: unknown): string | undefined {
  return (error as { code?: string } | null)?.code;
}
