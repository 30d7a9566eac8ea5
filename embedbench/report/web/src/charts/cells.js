/**
 * Tables of numbers from 0 to 1 as shaded cells.
 *
 * A panel has a `title`, names of `rows` and `columns`, and `cells`, a list for each row. The look:
 * `percent`, `square` (columns are the rows, and bear their numbers).
 */

import { cell, text } from "@observablehq/plot";

import { addPanel, panelWidth, roomFor, short } from "./panel.js";

const MOST_NUMBERS = 400;
const STRONG = 0.6;

/** @type {import("./charts.js").Draw} */
export function drawCells(chart, panels, width, place) {
  for (const panel of panels) {
    /** @type {string[]} */
    const rows = panel.rows.map((/** @type {string} */ name, /** @type {number} */ index) =>
      chart.square ? `${index + 1} ${name}` : name,
    );
    const each = panelWidth(width, panels.length, roomFor(rows) + (chart.square ? 30 * rows.length : 280));
    const cells = rows.flatMap((row, index) =>
      panel.columns.map((/** @type {string} */ column, /** @type {number} */ place) => ({
        row,
        place,
        column,
        value: panel.cells[index][place],
      })),
    );
    const known = cells.filter((one) => one.value !== null);
    const left = roomFor(rows);
    const across = (each - left) / panel.columns.length;
    const slanted = !chart.square && across < 70;
    addPanel(place, panel.title ?? "", {
      width: each,
      height: rows.length * 24 + (slanted ? 110 : 34),
      marginLeft: left,
      marginRight: 0,
      marginTop: 4,
      marginBottom: slanted ? 100 : 24,
      x: {
        domain: panel.columns.map((/** @type {string} */ _, /** @type {number} */ index) => index),
        label: null,
        tickSize: 0,
        tickRotate: slanted ? -45 : 0,
        tickFormat: (index) => (chart.square ? String(index + 1) : short(panel.columns[index])),
      },
      y: { domain: rows, label: null, tickSize: 0, tickFormat: short },
      marks: [
        cell(known, {
          x: "place",
          y: "row",
          fill: "var(--accent)",
          fillOpacity: (one) => Math.max(0.03, Math.min(1, one.value)),
          inset: 0.5,
          title: (one) => `${one.row}\n${one.column}: ${shown(one.value, chart.percent)}`,
          tip: true,
        }),
        text(known.length > MOST_NUMBERS || across < 30 ? [] : known.filter((one) => one.value > 0), {
          x: "place",
          y: "row",
          text: (one) => shown(one.value, chart.percent),
          fill: (one) => (one.value > STRONG ? "var(--paper)" : "currentColor"),
          fontSize: 11,
          pointerEvents: "none",
        }),
      ],
    });
  }
}

/**
 * @param {number} value
 * @param {boolean} [percent]
 */
function shown(value, percent) {
  return percent ? `${Math.round(100 * value)} %` : value.toFixed(2);
}
