/**
 * A line for each encoder, with a band for its interval.
 *
 * A panel has a `title`, perhaps a `y` label, and `lines` of `{name, colour, points}`; a point is x,
 * value and perhaps low, high and what it is called. `rings` are points of `{colour, x, value}`. `mark` is an x to be marked, `band` grey areas of x, low and high.
 * A point that is pressed is told by an event `point`: the line's name, x and the panel's title.
 * The look: `x`, `y`, `range` of y, `whole` (x in whole numbers), `zero` (show 0), `log` (x in powers).
 */

import { areaY, lineY, dot, ruleX, tip, pointer } from "@observablehq/plot";

import { seen } from "../theme.js";
import { addLegend, addPanel, panelWidth, told } from "./panel.js";

/** @type {import("./charts.js").Draw} */
export function drawLines(chart, panels, width, place) {
  for (const panel of panels) {
    /** @type {{name: string, colour: string, x: number, value: number, low: number, high: number, called: string}[]} */
    const points = panel.lines.flatMap((/** @type {any} */ line) =>
      line.points.map((/** @type {any[]} */ [x, value, low, high, called]) => ({
        name: line.name,
        colour: seen(line.colour),
        x,
        value: value ?? NaN,
        low: low ?? value ?? NaN,
        high: high ?? value ?? NaN,
        called: called ?? "",
      })),
    );
    const known = points.filter((point) => !Number.isNaN(point.value));
    const xs = [...new Set(points.map((point) => point.x))].sort((one, other) => one - other);
    const drawn = addPanel(place, panel.title ?? "", {
      width: panelWidth(width, panels.length, 280),
      height: 230,
      marginTop: 28,
      marginLeft: 52,
      marginBottom: 36,
      x: {
        label: chart.x,
        labelArrow: "none",
        labelAnchor: "center",
        ...(chart.whole ? { ticks: xs.length > 10 ? 8 : xs, tickFormat: "d" } : {}),
        ...(chart.log ? { type: "log" } : {}),
      },
      y: {
        label: panel.y ?? chart.y ?? null,
        labelArrow: "none",
        grid: true,
        ticks: 5,
        ...(chart.range ? { domain: chart.range } : {}),
        zero: Boolean(chart.zero),
      },
      marks: [
        areaY(panel.band ?? [], {
          x: "0",
          y1: "1",
          y2: "2",
          fill: "currentColor",
          fillOpacity: 0.1,
        }),
        areaY(points, { x: "x", y1: "low", y2: "high", z: "name", fill: "colour", fillOpacity: 0.12 }),
        ruleX(typeof panel.mark === "number" ? [panel.mark] : [], { strokeDasharray: "4 3" }),
        lineY(points, { x: "x", y: "value", z: "name", stroke: "colour", strokeWidth: 1.7 }),
        dot(xs.length > 30 ? [] : known, { x: "x", y: "value", fill: "colour", r: 2.5 }),
        dot(panel.rings ?? [], {
          x: "x",
          y: "value",
          stroke: (/** @type {any} */ ring) => seen(ring.colour),
          strokeWidth: 1.8,
          r: 6,
        }),
        tip(
          known,
          pointer({
            x: "x",
            y: "value",
            title: (point) =>
              `${point.name}${point.called ? `\n${point.called}` : ""}\n${chart.x} ${told(point.x)}: ${told(point.value)}`,
          }),
        ),
      ],
    });
    tellPresses(drawn, panel.title ?? "");
  }
  const names = new Map(panels.flatMap((panel) => panel.lines.map((/** @type {any} */ one) => [one.name, one])));
  if (names.size > 1) addLegend(place, [...names.values()]);
}

/**
 * Tells which point is pressed.
 *
 * @param {Element} drawn what Plot drew; its `value` is the point that is pointed at
 * @param {string} panel
 */
function tellPresses(drawn, panel) {
  drawn.addEventListener("click", () => {
    const point = /** @type {any} */ (drawn).value;
    if (!point) return;
    const detail = { name: point.name, x: point.x, panel };
    drawn.dispatchEvent(new window.CustomEvent("point", { bubbles: true, detail }));
  });
}
