/**
 * Programs on which LibTorch alone ends the process, goes on without end, or reads what is not there, and what each
 * must come to here: the guards of `csrc/guards.cpp` hold inside of TorchScript too.
 *
 * @module
 */

/** A function `f` in source, and its result as text, or a part of the error's message. */
export type Program = readonly [body: string, outcome: string | RegExp];

const LEAST = "a = -9223372036854775807 - 1";
const CYCLE = "a: List[Any] = []\na.append(a)";

/** Programs by what they do. */
export const programs: Readonly<Record<string, Program>> = {
  "1 % 0": ["a = 1\nreturn a % (a - a)", /modulo by zero/],
  "1 % 0, folded": ["return 1 % 0", /modulo by zero/],
  "a number % 0": ["return torch.ones(1, dtype=torch.int64).item() % 0", /modulo by zero/],
  "7 % 3": ["return 7 % 3", "1"],
  "1 // 0": ["a = 1\nreturn a // (a - a)", /division/],
  "-2**63 % -1": [`${LEAST}\nreturn a % -1`, /out of range/],
  "-2**63 // -1": [`${LEAST}\nreturn a // -1`, /out of range/],
  "divmod(-2**63, -1)": [`${LEAST}\nreturn divmod(a, -1)`, /out of range/],
  "divmod(1, 0)": ["return divmod(1, 0)", /division/],
  "gcd(-2**63, -1)": [`${LEAST}\nreturn torch.gcd(a, -1)`, /out of range/],
  "factorial(2**62)": ["return torch.factorial(4611686018427387904)", /too large/],
  "range with a step of 0": ["a = 0\nfor i in range(0, 9, a):\n    a = i\nreturn a", /zero/],
  "a list index out of range": ["a = [1]\nreturn a[-9223372036854775807]", /out of range/],
  "pop from an empty list": ["a = [1]\na.pop()\nreturn a.pop()", /empty/],
  "a list that extends itself": ["a = ['a', 'b']\na.extend(a)\nreturn len(a)", "4"],
  "a list times 2**62": ["a = [1, 2, 3, 4]\nreturn a * 4611686018427387904", /longer/],
  "a list times -1": ["return [1] * -1", /repeated/],
  "a list times 3": ["return [1] * 3", "1,1,1"],
  "a shift by a negative number": ["a = 1 << -5\nreturn 1", "1"],
  "a text centred in less than nothing": ["return 'a'.center(-2)", /width/],
  "a text of 2**40 characters": ["return 'a'.ljust(1099511627776)", /longer/],
  "tabs of 2**62 characters": ["return 'a\\tb'.expandtabs(4611686018427387904)", /longer/],
  "nothing counted": ["return 'abc'.count('')", /empty/],
  "nothing replaced": ["return 'abc'.replace('', 'x')", /empty/],
  "a text replaced": ["return 'abc'.replace('b', 'xy')", "axyc"],
  "split at nothing": ["return 'abc'.rsplit('')", /empty/],
  "NaN as a key": ["a = {1.0: 1}\na[float('nan')] = 2\nreturn len(a)", /NaN/],
  "NaN sorted in reverse": [
    "a: List[float] = []\nfor i in range(99):\n    a.append(float('nan'))\na.sort(reverse=True)\nreturn len(a)",
    /NaN/,
  ],
  "equal tensors sorted in reverse": [
    "a: List[Tensor] = []\nfor i in range(999):\n    a.append(torch.ones(1))\na.sort(reverse=True)\nreturn len(a)",
    "999",
  ],
  "tensors sorted": [
    "a = sorted([torch.tensor(3), torch.tensor(1), torch.tensor(2)])\nreturn [int(x) for x in a]",
    "1,2,3",
  ],
  "tensors sorted in reverse": [
    "a = [torch.tensor(3), torch.tensor(1), torch.tensor(2)]\na.sort(reverse=True)\nreturn [int(x) for x in a]",
    "3,2,1",
  ],
  "tuples sorted": ["return sorted([(2, 'a'), (1, 'b'), (1, 'a')])", "1,a,1,b,2,a"],
  "a list in itself, printed": [`${CYCLE}\nprint(a)\nreturn 1`, /contains itself/],
  "a list in itself, as text": [`${CYCLE}\nreturn str(a)`, /contains itself/],
  "a list in itself, returned": [`${CYCLE}\nreturn a`, /contains itself/],
  "2**60 elements that are shared": [
    "a: List[Any] = []\nfor i in range(60):\n    b: List[Any] = []\n    b.append(a)\n    b.append(a)\n    a = b\nreturn a",
    /elements/,
  ],
  "a dtype of -1": ["return torch.zeros([2], dtype=-1)", /no dtype -1/],
  "a dtype of 1000": ["return torch.ones(2).sum(dtype=1000)", /no dtype 1000/],
  "a copy to no dtype": ["return torch.ones(2).to(None, False, True)", /dtype or a device/],
  "native_batch_norm without statistics": [
    "return torch.native_batch_norm(torch.ones(2, 3), None, None, None, None, False, 0.1, 1e-5)",
    /running_mean/,
  ],
  "lstm with no batch sizes": [
    "return torch.lstm(torch.ones(2, 3), torch.zeros([0], dtype=torch.int64), " +
    "[torch.ones(1, 1, 3), torch.ones(1, 1, 3)], [torch.ones(12, 3), torch.ones(12, 3)], " +
    "False, 1, 0.0, False, False)",
    /Batch sizes/,
  ],
  "max_pool1d with a kernel of 2**40": [
    "return torch.max_pool1d(torch.ones(1, 4), 1099511627776)",
    /too large/,
  ],
  "embedding_bag with empty offsets": [
    "return torch.embedding_bag(torch.zeros(1, 10, dtype=torch.float64), " +
    "torch.zeros(6, dtype=torch.int64), torch.zeros(0, dtype=torch.int64))",
    /offsets/,
  ],
  "a polynomial of degree 2**32": [
    "return torch.special_legendre_polynomial_p(torch.ones(2), 4294967296)",
    /degree/,
  ],
};

/** The source of a program. */
export function sourceOf(body: string): string {
  return `def f():\n${body.split("\n").map((line) => `    ${line}\n`).join("")}`;
}
