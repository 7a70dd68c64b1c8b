/**
 * Forward-mode derivatives by dual numbers: a tensor that carries a tangent through the ops.
 *
 * @module
 */

export {
  dualLevel,
  enterDualLevel,
  exitDualLevel,
  makeDual,
  unpackDual,
  type UnpackedDual,
} from "./forward_ad.ts";
