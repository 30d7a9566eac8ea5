/**
 * A bar for each encoder, in parts that add up to 100.
 *
 * A panel has a `title` and `rows` of `{name, parts}`. The look: `parts` of `{name, colour}`, `x`.
 */

import { barX, text } from "@observablehq/plot";

import { addLegend, addPanel, panelWidth, roomFor, short, told } from "./panel.js";

const LEAST_FOR_A_NUMBER = 10;

/** @type {import("./charts.js").Draw} */
export function drawBars(chart, panels, width, place) {
  addLegend(place, chart.parts);
  for (const panel of panels) {
    /** @type {string[]} */
    const names = panel.rows.map((/** @type {any} */ row) => row.name);
    const parts = panel.rows.flatMap((/** @type {any} */ row) => {
      let end = 0;
      return row.parts.map((/** @type {number | null} */ value, /** @type {number} */ index) => {
        const start = end;
        end += value ?? 0;
        return { name: row.name, start, end, value, ...colours(chart.parts[index]) };
      });
    });
    addPanel(place, panel.title ?? "", {
      width: panelWidth(width, panels.length, 330),
      height: names.length * 26 + 46,
      marginLeft: roomFor(names),
      x: { domain: [0, 100], label: chart.x, labelArrow: "none", ticks: 5 },
      y: { domain: names, label: null, tickSize: 0, tickFormat: short },
      marks: [
        barX(parts, {
          x1: "start",
          x2: "end",
          y: "name",
          fill: "colour",
          inset: 0.5,
          title: (part) => `${part.name}\n${part.part}: ${told(part.value)} %`,
          tip: true,
        }),
        text(
          parts.filter((/** @type {any} */ part) => part.value >= LEAST_FOR_A_NUMBER),
          {
            x: (part) => (part.start + part.end) / 2,
            y: "name",
            text: (part) => Math.round(part.value).toString(),
            fill: "ink",
            pointerEvents: "none",
          },
        ),
      ],
    });
  }
}

/** @param {{name: string, colour: string}} part */
function colours({ name, colour }) {
  const light = [1, 3, 5].reduce((sum, at) => sum + parseInt(colour.slice(at, at + 2), 16), 0) / 765;
  return { part: name, colour, ink: light > 0.5 ? "#1f2933" : "#ffffff" };
}
