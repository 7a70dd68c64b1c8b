/**
 * Numbers as Python's `format()` writes them, on which PyTorch's printing rests.
 *
 * JavaScript's `toFixed` and `toExponential` also round the exact binary value, but send a tie to the
 * larger number, where Python sends it to the even digit; the exponent and `-0` look different too.
 *
 * @module
 */

/** Writes `value` as Python's `"{:.<decimals>f}"`; `decimals` is at most 100. */
export function formatFixed(value: number, decimals: number): string {
  if (!Number.isFinite(value)) return formatNonFinite(value);
  const magnitude = Math.abs(value);
  if (magnitude >= 1e21) {
    // From here on toFixed() answers in exponents; every such float is an integer.
    return signOf(value) + BigInt(magnitude) + (decimals > 0 ? "." + "0".repeat(decimals) : "");
  }
  const digits = magnitude.toFixed(decimals);
  return signOf(value) + (isTie(magnitude, decimals) ? lowerToEven(digits) : digits);
}

/** Writes `value` as Python's `"{:.<decimals>e}"`; `decimals` is at most 100. */
export function formatScientific(value: number, decimals: number): string {
  if (!Number.isFinite(value)) return formatNonFinite(value);
  const magnitude = Math.abs(value);
  const text = magnitude.toExponential(decimals);
  const split = text.indexOf("e");
  const digits = text.slice(0, split);
  const exponent = Number(text.slice(split + 1));
  const mantissa = isTie(magnitude, decimals - exponent) ? lowerToEven(digits) : digits;
  const power = String(Math.abs(exponent)).padStart(2, "0");
  return `${signOf(value)}${mantissa}e${exponent < 0 ? "-" : "+"}${power}`;
}

function formatNonFinite(value: number): string {
  if (Number.isNaN(value)) return "nan";
  return value > 0 ? "inf" : "-inf";
}

function signOf(value: number): string {
  return value < 0 || Object.is(value, -0) ? "-" : "";
}

/**
 * Whether `magnitude` lies exactly between two numbers of `decimals` decimals (negative: between two
 * multiples of a power of ten).
 */
function isTie(magnitude: number, decimals: number): boolean {
  if (decimals < 0) {
    if (!Number.isInteger(magnitude)) return false;
    const unit = 10n ** BigInt(-decimals);
    return BigInt(magnitude) % unit === unit / 2n;
  }
  // A tie is an odd multiple of 1 / (2 * 10^d). The 5^d within is odd and no binary fraction has it in
  // its denominator, so it is enough to scale by 2^(d + 1), which is exact.
  return (magnitude * 2 ** (decimals + 1)) % 2 === 1;
}

/** Of a tie that was rounded up: the even one of its two neighbours. */
function lowerToEven(digits: string): string {
  const last = Number(digits.at(-1));
  // An odd digit is at least 1, so nothing has to be borrowed.
  return last % 2 === 0 ? digits : digits.slice(0, -1) + (last - 1);
}
