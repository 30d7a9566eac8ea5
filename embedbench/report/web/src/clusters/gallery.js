import { button, element } from "../dom.js";
import { opener } from "../maps/selection.js";

const STEP = 120;

/**
 * @typedef {object} Shown what the section shows pictures with
 * @property {import("../pictures.js").Pictures} pictures
 * @property {import("../state.js").State} state
 * @property {HTMLElement | null} maps the section of the maps
 */

/**
 * Returns a grid of pictures that grows in steps, so that many are no burden.
 *
 * @param {Shown} shown
 * @param {number[]} members
 * @param {ArrayLike<number> | null} silhouettes of all pictures
 * @param {...HTMLElement} others buttons that stand above it, too
 */
export function gallery({ pictures, state }, members, silhouettes, ...others) {
  const tiles = element("div", { class: "tiles" });
  let ordered = members;
  const more = button("", () => grow());
  const grow = () => {
    const from = tiles.childElementCount;
    const next = ordered.slice(from, from + STEP).map((picture) => opener(pictures, state, picture, ordered));
    tiles.append(...next);
    const left = ordered.length - tiles.childElementCount;
    more.hidden = !left;
    more.textContent = `Show ${Math.min(left, STEP)} more of ${left.toLocaleString("en")}`;
    if (from && !left) next[0]?.focus();
  };
  const lowest = button("Lowest silhouette first", () => {
    const isOn = lowest.getAttribute("aria-pressed") !== "true";
    lowest.setAttribute("aria-pressed", String(isOn));
    ordered = isOn && silhouettes ? bySilhouette(members, silhouettes) : members;
    tiles.replaceChildren();
    grow();
  }, { "aria-pressed": false });
  lowest.hidden = members.length < 2 || !silhouettes;
  grow();
  return element("div", { class: "gallery" }, element("div", { class: "row" }, ...others, lowest), tiles, more);
}

/**
 * @param {number[]} members
 * @param {ArrayLike<number>} silhouettes
 */
function bySilhouette(members, silhouettes) {
  const value = (/** @type {number} */ picture) => (silhouettes[picture] < -32767 ? Infinity : silhouettes[picture]);
  return [...members].sort((one, other) => (value(one) < value(other) ? -1 : Number(value(one) > value(other))));
}

/**
 * Returns a button that selects pictures on the maps and goes there; nothing where there are none.
 *
 * @param {Shown} shown
 * @param {number[]} members
 * @param {string} title of what they are
 */
export function onMaps({ state, maps }, members, title) {
  if (!maps || !members.length) return [];
  const press = () => {
    state.select(new Set(members));
    maps.scrollIntoView();
  };
  return [button("Show on the maps", press, { "aria-label": `Show on the maps: ${title}` })];
}
