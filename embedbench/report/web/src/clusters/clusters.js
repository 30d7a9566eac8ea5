import { startDeepLink } from "../deep_link.js";
import { button, choice, element, goTo, tellDeadLink } from "../dom.js";
import { picturePanel } from "../maps/picture_panel.js";
import { addressProperties, addressed, addressedKind, addressedProperty, forgetAddress } from "./link.js";
import { ClusterList } from "./list.js";
import { Matrix } from "./matrix.js";
import { Partitions } from "./partitions.js";
import { Picker } from "./picker.js";

/**
 * Fills the section of the clusters.
 *
 * @param {any} record
 * @param {HTMLElement} place
 * @param {import("../pictures.js").Pictures} pictures
 * @param {import("../state.js").State} state
 */
export function startClusters(record, place, pictures, state) {
  const all = new Partitions(record, pictures);
  const part = document.querySelector('[data-part="maps"]');
  const maps = part instanceof window.HTMLElement ? part.closest("section") ?? part : null;
  const shown = { pictures, state, maps };
  const [list, matrix] = [new ClusterList(shown, all), new Matrix(shown, all)];
  const properties = propertiesOf(pictures);
  const compare = () => matrix.show(mine.chosen, theirs.property ?? theirs.chosen);
  const mine = new Picker(all, ["Encoder", "Clusterer", "Space"], [], () => {
    forgetAddress();
    list.show(mine.chosen);
    compare();
  });
  const theirs = new Picker(all, ["Compare with", "Its clusterer", "Its space"], properties, compare);
  const sorting = choice("Sort by", list.orders.map(({ title }) => title), (index) => list.sort(index));
  place.hidden = false;
  const tools = element("div", { class: "row" }, ...mine.parts, sorting);
  place.append(tools, list.root);
  const heading = element("h3", {}, "Where these clusters go");
  if (all.list.length > 1 || properties.length) {
    tools.append(button("\u2193 Where they go", () => heading.scrollIntoView()));
    place.append(
      heading,
      element("div", { class: "row" }, ...theirs.parts),
      element("p", { class: "note" }, "Rows are the clusters above. A number is how many pictures a row shares with a column; press it to see them."),
      matrix.root,
    );
  }
  if (!maps) startPanel(all, place, pictures, state);
  const follow = () => {
    const [asked, found, kind] = [addressedProperty(all, properties), addressed(all), addressedKind()];
    tellDeadLink(place, asked || found || !kind ? "" : `The address of this page names ${kind} that is not on it.`);
    if (asked) {
      mine.choose(asked.partition);
      theirs.choose(theirs.chosen, asked.property);
      list.show(asked.partition);
      compare();
      goTo(heading);
      return;
    }
    if (!found) return;
    if (found.partition !== mine.chosen) {
      mine.choose(found.partition);
      list.show(found.partition);
      compare();
    }
    list.goTo(found.number);
  };
  const { encoder, clusterer, space } = all.list[0];
  const other = all.list.find((one) => one.encoder !== encoder);
  if (other) theirs.choose(all.find(other.encoder, clusterer, space));
  else theirs.choose(all.list.at(1) ?? all.list[0], all.list.length < 2 ? properties[0] : null);
  list.show(mine.chosen);
  compare();
  addressProperties();
  window.addEventListener("hashchange", follow);
  // A browser that goes back to where the page was scrolled to would leave the cluster again.
  if (addressed(all) || addressedProperty(all, properties)) history.scrollRestoration = "manual";
  follow();
}

/**
 * Returns what clusters can be compared with beside other clusters.
 *
 * @param {import("../pictures.js").Pictures} pictures
 * @returns {import("./picker.js").Property[]}
 */
function propertiesOf({ labels, domains, attributes, palette }) {
  /** @type {(title: string, kind: string, values: import("../pictures.js").Words | null) => import("./picker.js").Property[]} */
  const known = (title, kind, values) => (values ? [{ title, kind, values, palette, isOrdered: false }] : []);
  return [
    ...known("the labels", "label", labels),
    ...known("the domains", "domain", domains),
    ...attributes.map((values) => ({ title: values.name, kind: values.name, values, palette: [], isOrdered: true })),
  ];
}

/**
 * Lets pictures be opened on a page without maps, whose part that else is.
 *
 * @param {Partitions} all
 * @param {HTMLElement} place
 * @param {import("../pictures.js").Pictures} pictures
 * @param {import("../state.js").State} state
 */
function startPanel(all, place, pictures, state) {
  const encoders = all.encoders.map(({ name, colour }, encoder) => {
    const { clusters: found } = all.find(encoder, all.list[0].clusterer, all.list[0].space);
    const clusters = new Int16Array(pictures.names.length).fill(-2);
    /** @type {Record<string, string>} */
    const names = {};
    for (const { facts, pictures: members } of found) {
      for (const picture of members) clusters[picture] = facts.number;
      if (facts.name) names[String(facts.number)] = facts.name;
    }
    return { name, colour, clusters, names, silhouettes: null };
  });
  place.append(picturePanel({ encoders, pictures, state }));
  startDeepLink(place, pictures, state);
}
