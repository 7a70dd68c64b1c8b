/**
 * The names that somebody may have meant who wrote another.
 *
 * @module
 */

/** How many letters were left out, put in or changed, where it is `most` at most; else more than that. */
function distance(a: string, b: string, most: number): number {
  if (Math.abs(a.length - b.length) > most) return most + 1;
  let row = Array.from({ length: b.length + 1 }, (_, i) => i);
  for (let i = 1; i <= a.length; i++) {
    const next = [i];
    for (let j = 1; j <= b.length; j++) {
      const change = a[i - 1] === b[j - 1] ? 0 : 1;
      next.push(Math.min(next[j - 1]! + 1, row[j]! + 1, row[j - 1]! + change));
    }
    row = next;
  }
  return row[b.length]!;
}

/** PyTorch's way to write a name: `addmm_`, not `addMm_`. */
function plain(name: string): string {
  return name.replace(/([a-z])([A-Z])/g, "$1_$2").toLowerCase();
}

/** Up to three of the names that are nearly the one that was asked for, the nearest first. */
export function nearNames(asked: string, names: Iterable<string>): string[] {
  const wanted = plain(asked.slice(0, 100));
  const most = wanted.length < 5 ? 1 : 2;
  const near: [number, string][] = [];
  for (const name of names) {
    const far = distance(wanted, plain(name), most);
    if (far <= most) near.push([far, name]);
  }
  return near.sort(([a], [b]) => a - b).slice(0, 3).map(([, name]) => name);
}
