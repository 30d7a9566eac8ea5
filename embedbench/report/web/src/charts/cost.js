/**
 * A score against a cost: a dot for each encoder, the front of those that none beats in both.
 *
 * A panel has `dots` of `{name, colour, value, low, high}`; `score`, what the values are;
 * `recommended`, a name, and `because`, why it is. The look: `costs` of `{name, more, values}`, a
 * value for each dot, `more` where more of it is better.
 */

import { dot, line, ruleX } from "@observablehq/plot";

import { choice, element } from "../dom.js";
import { seen } from "../theme.js";
import { addLegend, addPanel, told, toldWithInterval } from "./panel.js";

/**
 * @typedef {{
 *   name: string, colour: string, value: number, low: number | null, high: number | null,
 *   cost: number,
 * }} Dot
 */

/** @type {import("./charts.js").Draw} */
export function drawCost(chart, panels, width, place) {
  chart.cost ??= 0;
  const [panel] = panels;
  const { dots } = panel;
  const names = chart.costs.map((/** @type {{name: string}} */ cost) => cost.name);
  const against = choice("against", names, (index) => {
    chart.cost = index;
    place.replaceChildren();
    drawCost(chart, panels, width, place);
  });
  const select = against.querySelector("select");
  if (select) select.selectedIndex = chart.cost;
  const cost = chart.costs[chart.cost];
  /** @type {Dot[]} */
  const known = dots
    .map((/** @type {any} */ one, /** @type {number} */ index) => ({
      ...one,
      colour: seen(one.colour),
      cost: cost.values[index],
    }))
    .filter((/** @type {any} */ one) => one.value !== null && one.cost !== null);
  addLegend(place, dots);
  place.prepend(element("div", { class: "tools" }, against));
  const front = frontOf(known, cost.more);
  const ends = known.flatMap((one) => [one.value, one.low ?? one.value, one.high ?? one.value]);
  addPanel(place, "", {
    width: Math.min(width, 860),
    height: 320,
    inset: 14,
    marginLeft: 46,
    marginBottom: 40,
    x: {
      type: "log",
      label: cost.name + (cost.more ? " (more is better)" : " (less is better)"),
      labelArrow: "none",
      labelAnchor: "center",
      tickFormat: (value) => (/^[125]/.test(String(value)) ? told(value) : ""),
      grid: true,
    },
    y: {
      domain: [Math.max(0, Math.min(...ends) - 0.05), Math.min(1, Math.max(...ends) + 0.05)],
      grid: true,
      ticks: 6,
      label: panel.score,
      labelArrow: "none",
    },
    marks: [
      line(front, { x: "cost", y: "value", stroke: "currentColor", strokeOpacity: 0.45, strokeDasharray: "5 4" }),
      ruleX(known.filter((one) => one.low !== null), {
        x: "cost",
        y1: "low",
        y2: "high",
        stroke: "colour",
        strokeWidth: 3,
        strokeOpacity: 0.5,
      }),
      dot(known.filter((one) => one.name === panel.recommended), {
        x: "cost",
        y: "value",
        r: 10,
        stroke: "currentColor",
        strokeWidth: 1.5,
      }),
      dot(known, {
        x: "cost",
        y: "value",
        r: 5.5,
        fill: "colour",
        title: (one) =>
          `${one.name}\n${toldWithInterval(one)}\n${told(one.cost)} ${cost.name}` +
          (front.includes(one) ? "\nnone is better in both" : ""),
        tip: true,
      }),
    ],
  });
  place.append(...offTheFront(known, panel, cost.more));
}

/**
 * Returns what says why the recommended encoder is not on the front; nothing where it is.
 *
 * @param {Dot[]} dots
 * @param {{recommended: string | null, because: string}} panel
 * @param {boolean} more
 */
function offTheFront(dots, { recommended, because }, more) {
  const own = dots.find((one) => one.name === recommended);
  const better = dots.filter((one) => own && beats(one, own, more));
  if (!own || !better.length) return [];
  const highest = better.reduce((one, other) => (other.value > one.value ? other : one));
  const text = `${own.name} is recommended because ${because}, though ${highest.name} is at least as good at no more of this cost.`;
  return [element("p", { class: "note off-front" }, text)];
}

/**
 * Returns the dots that no other beats in both, the dearest first or last.
 *
 * @param {Dot[]} dots
 * @param {boolean} more
 */
function frontOf(dots, more) {
  const rising = (/** @type {Dot} */ one, /** @type {Dot} */ other) => saved(one, other, more);
  return dots.filter((one) => !dots.some((other) => beats(other, one, more))).sort(rising);
}

/** @type {(one: Dot, other: Dot, more: boolean) => boolean} */
function beats(one, other, more) {
  const less = saved(one, other, more);
  return one.value >= other.value && less >= 0 && (one.value > other.value || less > 0);
}

/** @type {(one: Dot, other: Dot, more: boolean) => number} how much cheaper one is */
function saved(one, other, more) {
  return more ? one.cost - other.cost : other.cost - one.cost;
}
