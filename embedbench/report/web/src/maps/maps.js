import { unpacked } from "../data.js";
import { element } from "../dom.js";
import { startDeepLink } from "../deep_link.js";
import { Sheets } from "../sheets.js";
import { onThemeChange } from "../theme.js";
import { colourings } from "./colouring.js";
import { MapView } from "./map_view.js";
import { picturePanel } from "./picture_panel.js";
import { selectionPanel } from "./selection.js";
import { legend, toolbar } from "./toolbar.js";
import { tooltip } from "./tooltip.js";

/**
 * @typedef {object} MapEncoder
 * @property {string} name
 * @property {string} colour
 * @property {ArrayLike<number>} clusters -1 is noise, -2 none
 * @property {ArrayLike<number> | null} silhouettes
 * @property {Record<string, string>} names of clusters
 *
 * @typedef {object} Projection
 * @property {string} title
 * @property {(Float32Array | null)[]} planes of each encoder
 *
 * @typedef {object} Maps what the maps show
 * @property {MapEncoder[]} encoders
 * @property {Projection[]} projections
 * @property {import("./colouring.js").Colouring[]} colourings
 * @property {import("../pictures.js").Pictures} pictures
 * @property {import("../sheets.js").Sheets} sheets
 * @property {import("../state.js").State} state
 */

const MOST_MAPS = 6;
const STEPS = 65535;

/**
 * Fills the section of the maps.
 *
 * @param {any} record
 * @param {HTMLElement} place
 * @param {import("../pictures.js").Pictures} pictures
 * @param {import("../state.js").State} state
 */
export function startMaps(record, place, pictures, state) {
  const maps = mapsOf(record, pictures, state);
  const shown = maps.encoders.map((_, map) => map < MOST_MAPS);
  const views = maps.encoders.map((_, map) => new MapView(maps, map));
  const grid = element("div", { class: "maps" });
  const status = element("p", { class: "unseen", role: "status", "aria-live": "polite" });
  const layOut = () => {
    grid.replaceChildren(...views.filter((_, map) => shown[map]).map((view) => view.root));
  };
  const choose = { shown, most: MOST_MAPS, layOut, reset: () => views.forEach((view) => view.reset()) };
  place.append(toolbar(maps, choose), legend(maps), grid, status);
  place.append(selectionPanel(maps), picturePanel(maps));
  place.append(tooltip(maps, views));
  layOut();
  state.listen((change) => {
    if (change === "hover" && state.hovered >= 0) {
      status.textContent = [pictures.names[state.hovered], pictures.label(state.hovered)].join(", ");
    }
  });
  onThemeChange(() => state.tell("look"));
  startDeepLink(place, pictures, state);
}

/**
 * @param {any} record
 * @param {import("../pictures.js").Pictures} pictures
 * @param {import("../state.js").State} state
 * @returns {Maps}
 */
function mapsOf(record, pictures, state) {
  /** @type {MapEncoder[]} */
  const encoders = record.encoders.map((/** @type {any} */ encoder) => ({
    ...encoder,
    clusters: unpacked(encoder.clusters),
    silhouettes: encoder.silhouettes ? unpacked(encoder.silhouettes) : null,
  }));
  /** @type {Projection[]} */
  const projections = record.projections.map((/** @type {any} */ projection) => ({
    title: projection.title,
    planes: projection.planes.map((/** @type {any} */ plane) => (plane ? placesOf(plane) : null)),
  }));
  return {
    encoders, projections, pictures, state,
    colourings: colourings(pictures, encoders),
    sheets: new Sheets(pictures, () => state.tell("marks")),
  };
}

/** @param {import("../data.js").Packed} plane */
function placesOf(plane) {
  return Float32Array.from(unpacked(plane), (value) => (value / STEPS) * 2 - 1);
}
