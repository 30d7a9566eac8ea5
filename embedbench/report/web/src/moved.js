import { choice, dot, element } from "./dom.js";
import { opener } from "./maps/selection.js";
import { seen } from "./theme.js";

/**
 * A point of the curves of corruptions, with the pictures that are moved the furthest there.
 *
 * @typedef {{
 *   encoder: string, colour: string, corruption: string, severity: number, pictures: number[],
 *   kept: number[],
 * }} Point
 */

/**
 * Shows the pictures behind a point of the curves: one that is chosen, or pressed in the chart.
 *
 * @param {{points: Point[]}} record
 * @param {HTMLElement} place
 * @param {import("./pictures.js").Pictures} pictures
 * @param {import("./state.js").State} state
 */
export function startMoved({ points }, place, pictures, state) {
  const texts = (/** @type {(point: Point) => string} */ textOf) => [...new Set(points.map(textOf))];
  const [encoders, corruptions] = [texts(({ encoder }) => encoder), texts(({ corruption }) => corruption)];
  const severities = texts(({ severity }) => String(severity)).sort();
  const said = element("p", { class: "note", role: "status" });
  const tiles = element("div", { class: "tiles moved" });
  const chosen = () => [encoder, corruption, severity].map((one) => one.querySelector("select")?.selectedIndex ?? 0);
  const show = () => {
    const [one, other, third] = chosen();
    const [name, kind, level] = [encoders[one], corruptions[other], severities[third]];
    const point = points.find((here) => here.encoder === name && here.corruption === kind && String(here.severity) === level);
    const found = point?.pictures ?? [];
    said.replaceChildren(
      ...(point ? [dot(seen(point.colour))] : []),
      found.length
        ? `${name}, ${kind} ${level}: the pictures that are moved the furthest. A number: how many percent of its nearest pictures one keeps.`
        : `${name}, ${kind} ${level}: no picture of this page is moved.`,
    );
    const made = found.map((picture, index) => {
      const tile = opener(pictures, state, picture, found);
      tile.append(element("small", {}, `${point?.kept[index]} %`));
      return tile;
    });
    tiles.replaceChildren(...made);
  };
  const [encoder, corruption, severity] = [
    choice("Encoder", encoders, show),
    choice("Corruption", corruptions, show),
    choice("Severity", severities, show),
  ];
  place.append(
    element("h3", {}, "Pictures that are moved the furthest"),
    element("div", { class: "row" }, encoder, corruption, severity),
    said,
    tiles,
  );
  const select = (/** @type {HTMLElement} */ one, /** @type {number} */ index) => {
    const made = one.querySelector("select");
    if (made) made.selectedIndex = index;
  };
  select(severity, severities.length - 1);
  show();
  document.querySelector('[data-chart="curves"]')?.addEventListener("point", (event) => {
    if (!(event instanceof window.CustomEvent)) return;
    const { name, panel, x } = event.detail;
    const places = [encoders.indexOf(name), corruptions.indexOf(panel), severities.indexOf(String(x))];
    if (places.includes(-1)) return;
    [encoder, corruption, severity].forEach((one, index) => select(one, places[index]));
    show();
    place.scrollIntoView({ block: "nearest" });
  });
}
