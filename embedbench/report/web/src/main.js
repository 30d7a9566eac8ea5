import { startChart } from "./charts/charts.js";
import { startClusters } from "./clusters/clusters.js";
import { recordOf } from "./data.js";
import { startMaps } from "./maps/maps.js";
import { startMoved } from "./moved.js";
import { Pictures } from "./pictures.js";
import { State } from "./state.js";
import { startTables } from "./tables/tables.js";
import { startTabs } from "./tabs.js";

/**
 * What starts each section: it is given the section's record, and the place to fill.
 *
 * @type {Record<string, (record: any, place: HTMLElement, pictures: Pictures, state: State) => void>}
 */
const SECTIONS = { maps: startMaps, clusters: startClusters, moved: startMoved };

startTables();

const record = recordOf("pictures");
if (record) {
  const [pictures, state] = [new Pictures(record), new State()];
  for (const place of document.querySelectorAll("[data-part]")) {
    const name = place.getAttribute("data-part") ?? "";
    if (!(place instanceof window.HTMLElement) || !SECTIONS[name]) continue;
    SECTIONS[name](recordOf(name), place, pictures, state);
    place.hidden = false;
  }
}

const charts = recordOf("charts");
for (const place of document.querySelectorAll("[data-chart]")) {
  const chart = charts?.[place.getAttribute("data-chart") ?? ""];
  if (chart && place instanceof window.HTMLElement) startChart(chart, place);
}

startTabs();
