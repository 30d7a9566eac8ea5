import { choice, element } from "../dom.js";
import { onThemeChange } from "../theme.js";
import { drawBars } from "./bars.js";
import { drawCells } from "./cells.js";
import { drawCost } from "./cost.js";
import { drawIntervals } from "./intervals.js";
import { drawLines } from "./lines.js";

/**
 * A chart as the page holds it; `report/charts/chart.py` says what its parts are.
 *
 * @typedef {{
 *   kind: string, title: string, choose: string, views: {name: string, panels: any[]}[],
 *   [look: string]: any,
 * }} Chart
 * @typedef {(chart: Chart, panels: any[], width: number, place: HTMLElement) => void} Draw
 */

/**
 * What draws each kind of chart: the panels of the view that is chosen, into a place.
 *
 * @type {Record<string, Draw>}
 */
const KINDS = {
  bars: drawBars,
  cells: drawCells,
  cost: drawCost,
  intervals: drawIntervals,
  lines: drawLines,
};

/**
 * Draws a chart, again when its width, its view or the theme changes.
 *
 * @param {Chart} chart
 * @param {HTMLElement} place
 */
export function startChart(chart, place) {
  const drawn = element("div", { class: "chart", role: "group", "aria-label": chart.title });
  let [view, width] = [0, 0];
  const draw = () => {
    drawn.replaceChildren();
    KINDS[chart.kind](chart, chart.views[view].panels, width, drawn);
  };
  if (chart.views.length > 1) {
    const names = chart.views.map((one) => one.name);
    const chosen = (/** @type {number} */ index) => {
      view = index;
      draw();
    };
    place.prepend(element("div", { class: "tools" }, choice(chart.choose, names, chosen)));
  }
  place.prepend(element("h3", {}, chart.title));
  place.insertBefore(drawn, place.querySelector(".note"));
  place.hidden = false;
  onThemeChange(draw);
  // A chart in a closed part of the page has no width until it is opened.
  new ResizeObserver(() => {
    const now = Math.floor(drawn.getBoundingClientRect().width);
    if (!now || (now >= width && now - width < 8)) return;
    width = now;
    draw();
  }).observe(drawn);
}
