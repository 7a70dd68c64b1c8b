/**
 * Which tensors can be reached from a value.
 *
 * @module
 */

/** What a scope frees. */
export interface Tracked extends Disposable {
  /** Whether it was freed already. */
  readonly isDisposed: boolean;
}

let isTensor: (value: unknown) => boolean = () => false;

/** Sets what tells a tensor from other values; set once, by the module that defines the class. */
export function setIsTensor(test: (value: unknown) => boolean): void {
  isTensor = test;
}

/**
 * The tensors in a value, at any depth. Getters are not run: what they make would not be there before.
 */
export function tensorsIn(value: unknown): Set<Tracked> {
  const found = new Set<Tracked>();
  const seen = new Set<object>();
  // Not by recursion: a linked list may be long.
  const waiting: unknown[] = [value];
  while (waiting.length > 0) {
    const next = waiting.pop();
    if ((typeof next !== "object" && typeof next !== "function") || next === null) continue;
    if (seen.has(next)) continue;
    seen.add(next);
    if (isTensor(next)) found.add(next as Tracked);
    else if (!ArrayBuffer.isView(next)) addInsides(next, waiting);
  }
  return found;
}

function addInsides(value: object, inside: unknown[]): void {
  // By the intrinsics: a class may iterate in a way of its own, or not at all.
  if (value instanceof Map) {
    Map.prototype.forEach.call(value, (one, key) => inside.push(key, one));
  } else if (value instanceof Set) Set.prototype.forEach.call(value, (one) => inside.push(one));
  for (const key of Reflect.ownKeys(value)) {
    const property = Reflect.getOwnPropertyDescriptor(value, key);
    if (property !== undefined && "value" in property) inside.push(property.value);
  }
}
