/**
 * TorchScript files whose programs a test writes itself.
 *
 * @module
 */

import * as torch from "../../mod.ts";
import { edited } from "./archive.ts";

/** An honest file: a module that adds 1. */
export const honest: Uint8Array = (() => {
  using x = torch.zeros([2]);
  using script = torch.jit.trace((x: torch.Tensor) => x.add(1), [x]);
  return torch.jit.serialize(script);
})();

/** The record of its program. */
export const CODE = "code/__torch__.py";

/** How the source of its class begins. */
export const HEAD = `class PlaceholderModule(Module):
  __parameters__ = []
  __buffers__ = []
  training : bool
`;

/** A file whose module has this source for its methods, after `more` on the top level. */
export function model(methods: string, more = ""): Uint8Array {
  return edited(honest, { [CODE]: `${more}${HEAD}${methods}`, [`${CODE}.debug_pkl`]: null });
}

/** The method `forward`, with these statements on `x`. */
export function forward(body: string): string {
  return `  def forward(self: __torch__.PlaceholderModule,
    x: Tensor) -> Tensor:
${body.split("\n").map((line) => `    ${line}`).join("\n")}
    return x
`;
}
