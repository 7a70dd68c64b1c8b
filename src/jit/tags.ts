/**
 * The kinds of value that cross the boundary: `fb_value_tag` of csrc/flambeau.h.
 *
 * @module
 */

/** Tag by name. */
export const Tag = {
  none: 0,
  tensor: 1,
  bool: 2,
  int: 3,
  int64: 4,
  float: 5,
  number: 6,
  complex: 7,
  string: 8,
  array: 9,
  tuple: 10,
  record: 11,
  map: 12,
  list: 13,
  dict: 14,
  object: 15,
  namedTuple: 16,
  numbers: 17,
  enum: 18,
  device: 19,
  generator: 20,
  opaque: 21,
  future: 22,
} as const;
