/** What all kinds of charts share: one panel's frame, names that fit, legends. */

import { plot } from "@observablehq/plot";

import { dot, element } from "../dom.js";
import { seen } from "../theme.js";

const LONGEST = 26;
const A_SIGN = 6.8;

/**
 * Returns a name that fits beside a chart: its ends, where it is too long.
 *
 * @param {string} name
 */
export function short(name) {
  return name.length <= LONGEST ? name : `${name.slice(0, 15)}…${name.slice(-10)}`;
}

/**
 * Returns the room in pixels that the longest of some names needs.
 *
 * @param {string[]} names
 */
export function roomFor(names) {
  return 16 + A_SIGN * Math.max(4, ...names.map((name) => short(name).length));
}

/**
 * Returns how wide a panel is when panels stand side by side as far as they are readable.
 *
 * @param {number} width of all
 * @param {number} panels
 * @param {number} least
 */
export function panelWidth(width, panels, least) {
  const across = Math.max(1, Math.min(panels, Math.floor((width + 16) / (least + 16))));
  return Math.floor((width - 16 * (across - 1)) / across);
}

/**
 * Adds one panel; returns what is drawn in it.
 *
 * @param {HTMLElement} place
 * @param {string} title "" for none
 * @param {import("@observablehq/plot").PlotOptions} options
 */
export function addPanel(place, title, options) {
  const drawn = plot({ ...options, style: { background: "none", fontSize: "12px" } });
  const figure = element("figure", { class: "panel" });
  if (title) figure.append(element("figcaption", {}, title));
  nameAsPicture(drawn, title || "chart");
  figure.append(drawn);
  place.append(figure);
  return drawn;
}

/**
 * Adds what the colours mean.
 *
 * @param {HTMLElement} place
 * @param {{name: string, colour: string}[]} entries
 */
export function addLegend(place, entries) {
  const items = entries.map(({ name, colour }) =>
    element("li", {}, dot(seen(colour)), short(name)),
  );
  place.prepend(element("ul", { class: "key-list" }, ...items));
}

/**
 * Returns a number as people read it.
 *
 * @param {number | null} value
 */
export function told(value) {
  if (value === null) return "no number";
  const size = Math.abs(value);
  if (Number.isInteger(value) || size >= 1000) return Math.round(value).toLocaleString("en");
  return size >= 10 ? value.toFixed(1) : value.toFixed(size < 0.01 ? 4 : 2);
}

/**
 * Returns a number with its interval, if it has one.
 *
 * @param {{value: number | null, low?: number | null, high?: number | null}} row
 */
export function toldWithInterval({ value, low, high }) {
  const has = low !== undefined && low !== null && high !== undefined && high !== null;
  return told(value) + (has && low !== high ? ` (95 % interval ${told(low)} to ${told(high)})` : "");
}

/**
 * Makes a drawing one picture for those who hear it; what its parts are called is for tests alone.
 *
 * @param {Element} drawn
 * @param {string} title
 */
function nameAsPicture(drawn, title) {
  for (const part of drawn.querySelectorAll("[aria-label]")) {
    part.setAttribute("data-mark", part.getAttribute("aria-label") ?? "");
    part.removeAttribute("aria-label");
  }
  drawn.setAttribute("role", "img");
  drawn.setAttribute("aria-label", title);
}
