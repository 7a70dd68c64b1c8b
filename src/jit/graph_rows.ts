/**
 * A picture of a graph that needs no layout: one row a vertex, in order, with what it takes.
 *
 * @module
 */

import type { Drawing } from "./graph_drawing.ts";

const ROW = 20;
const INDENT = 24;
const CHARACTER = 7;

/** Text as SVG takes it. Characters that XML has no way to write are dropped. */
export function escapeXml(text: string): string {
  // deno-lint-ignore no-control-regex -- these are what XML refuses
  return text.replaceAll(/[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]/g, "")
    .replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;")
    .replaceAll('"', "&quot;");
}

/** The drawing as rows of an SVG. */
export function rowsOf({ vertices, edges }: Drawing): string {
  const numbers = new Map(vertices.map(({ id }, i) => [id, i + 1]));
  const sources = new Map<string, number[]>();
  for (const { from, to } of edges) {
    sources.set(to, [...sources.get(to) ?? [], numbers.get(from)!]);
  }
  const rows = vertices.map(({ id, label, boxes }, i) => {
    const from = sources.get(id) ?? [];
    const box = boxes.at(-1)?.label;
    const text = [
      `${i + 1}`,
      label.replaceAll("\n", " "),
      ...(box === undefined ? [] : [`in ${box}`]),
      ...(from.length === 0 ? [] : [`← ${from.join(", ")}`]),
    ].join("  ");
    return { text, x: INDENT * (1 + boxes.length), y: ROW * (i + 1) };
  });
  const width = rows.reduce((most, { text, x }) => Math.max(most, x + text.length * CHARACTER), 0);
  const height = ROW * (rows.length + 1);
  const texts = rows.map(({ text, x, y }) => `<text x="${x}" y="${y}">${escapeXml(text)}</text>`);
  return `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}" font-family="monospace" font-size="12">
<rect width="100%" height="100%" fill="#ffffff"/>
${texts.join("\n")}
</svg>
`;
}
