/**
 * A chart of one suite: for each case a bar a system, as long as it took, relative to the longest.
 *
 * @module
 */

import type { Row } from "./harness.ts";

const BAR = 14;
const GAP = 12;
const LEFT = 290;
const WIDTH = 520;
const colours = ["#1a73e8", "#34a853", "#9aa0a6", "#f9ab00", "#a142f4", "#d93025"];

const escape = (text: string) =>
  text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;");

/** The chart as SVG. */
export function chartOf(rows: readonly Row[]): string {
  const systems = [...new Set(rows.map(({ system }) => system))];
  const cases = [...new Set(rows.map((row) => row.case))];
  const parts: string[] = [];
  let y = 40;
  systems.forEach((system, i) => {
    const x = 10 + i * 150;
    parts.push(
      `<rect x="${x}" y="10" width="12" height="12" fill="${colours[i % colours.length]}"/>`,
      `<text x="${x + 17}" y="20">${escape(system)}</text>`,
    );
  });
  for (const name of cases) {
    const own = rows.filter((row) => row.case === name);
    const longest = Math.max(...own.map(({ median }) => median));
    parts.push(`<text x="${LEFT - 8}" y="${y + 11}" text-anchor="end">${escape(name)}</text>`);
    for (const system of systems) {
      const row = own.find((row) => row.system === system);
      if (row === undefined) continue;
      const width = Math.max(1, row.median / longest * WIDTH);
      const colour = colours[systems.indexOf(system) % colours.length];
      parts.push(
        `<rect x="${LEFT}" y="${y}" width="${width.toFixed(1)}" height="${
          BAR - 2
        }" fill="${colour}"/>`,
      );
      y += BAR;
    }
    y += GAP;
  }
  const width = Math.max(LEFT + WIDTH + 20, 20 + systems.length * 150);
  return `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${y}" font-family="Helvetica,Arial,sans-serif" font-size="11">
<rect width="100%" height="100%" fill="#ffffff"/>
${parts.join("\n")}
</svg>
`;
}
