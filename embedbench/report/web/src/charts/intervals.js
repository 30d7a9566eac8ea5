/**
 * A row for each encoder: a dot for its number, a line for the interval.
 *
 * A panel has a `title` and `rows` of `{name, colour, value, low, high}`; `series` parts the rows of
 * one name, `chance` marks what shuffled and random vectors give. The look: `x`, `range`, `whole`
 * (whole numbers only), `legend` (of the series).
 */

import { dot, ruleX, ruleY, text } from "@observablehq/plot";

import { seen } from "../theme.js";
import { addLegend, addPanel, panelWidth, roomFor, short, toldWithInterval } from "./panel.js";

/** @type {import("./charts.js").Draw} */
export function drawIntervals(chart, panels, width, place) {
  if (chart.legend) addLegend(place, chart.legend);
  for (const panel of panels) {
    /** @type {any[]} */
    const rows = panel.rows.map((/** @type {any} */ row) => ({ ...row, colour: seen(row.colour) }));
    const names = [...new Set(rows.map((row) => row.name))];
    const series = [...new Set(rows.map((row) => row.series ?? ""))];
    const step = series.length > 1 ? 9 * series.length + 14 : 24;
    const known = rows.filter((row) => row.value !== null);
    const ends = known.flatMap((row) => [row.value, row.low ?? row.value, row.high ?? row.value]);
    const [low, high] = chart.range ?? [0, 1];
    const chance = known.flatMap((row) =>
      (row.chance ?? []).map((/** @type {number | null} */ value, /** @type {number} */ kind) => ({
        name: row.name,
        value,
        sign: kind ? "×" : "|",
      })),
    );
    const marked = [...ends, ...chance.map(({ value }) => value).filter((value) => value !== null)];
    const where = series.length > 1 ? { fy: "name", y: "series" } : { y: "name" };
    /** @type {import("@observablehq/plot").PlotOptions} */
    const frame =
      series.length > 1
        ? { fy: { domain: names, label: null, tickFormat: short, axis: "left" }, y: { axis: null, domain: series } }
        : { y: { domain: names, label: null, tickFormat: short, tickSize: 0 } };
    addPanel(place, panel.title ?? "", {
      width: panelWidth(width, panels.length, 330),
      height: names.length * step + 52,
      marginLeft: roomFor(names),
      marginRight: 14,
      x: {
        domain: [Math.min(low, ...marked), Math.max(high, ...marked)],
        label: panel.x || chart.x || null,
        labelAnchor: "left",
        labelArrow: "none",
        grid: true,
        ticks: chart.whole ? Math.min(8, Math.ceil(high)) : 5,
        ...(chart.whole ? { tickFormat: "d", interval: 1 } : {}),
      },
      ...frame,
      marks: [
        ruleX([0].filter(() => low <= 0)),
        ruleY(known.filter((row) => row.low !== null), {
          x1: "low",
          x2: "high",
          stroke: "colour",
          strokeWidth: 3,
          strokeOpacity: 0.5,
          ...where,
        }),
        text(chance.filter((row) => row.value !== null), {
          x: "value",
          text: "sign",
          fillOpacity: 0.55,
          fontSize: 14,
          ...where,
        }),
        dot(known, {
          x: "value",
          fill: "colour",
          r: series.length > 1 ? 3.5 : 5,
          title: (row) => `${row.name}${row.series ? `, ${row.series}` : ""}\n${toldWithInterval(row)}`,
          tip: true,
          ...where,
        }),
        text(rows.filter((row) => row.value === null), {
          x: () => low,
          text: () => "no number",
          textAnchor: "start",
          dx: 6,
          fillOpacity: 0.6,
          ...where,
        }),
      ],
    });
  }
}
