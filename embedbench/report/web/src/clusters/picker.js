import { element } from "../dom.js";

/** @typedef {import("./partitions.js").Partitions} Partitions */
/** @typedef {import("./partitions.js").Partition} Partition */

/**
 * What pictures have beside clusters: labels, or an attribute that should not matter.
 *
 * @typedef {object} Property
 * @property {string} title
 * @property {string} kind what one of its values is called
 * @property {import("../pictures.js").Words} values
 * @property {string[]} palette colours of the values, empty for none
 * @property {boolean} isOrdered whether the values have an order of their own
 */

/**
 * Chooses a partition: its encoder, its clusterer, and its space where there are several. Or one of
 * the properties of the pictures.
 */
export class Picker {
  /**
   * @param {Partitions} all
   * @param {string[]} titles of the three choices
   * @param {Property[]} properties that can be chosen, too
   * @param {() => void} changed
   */
  constructor(all, titles, properties, changed) {
    this.all = all;
    this.chosen = all.list[0];
    this.properties = properties;
    /** @type {Property | null} */
    this.property = null;
    const [encoder, clusterer, space] = titles.map((title) => {
      const select = element("select", { "aria-label": title });
      select.addEventListener("change", () => {
        this.read();
        changed();
      });
      return { select, label: element("label", { class: "choice" }, `${title} `, select) };
    });
    this.encoder = encoder;
    this.clusterer = clusterer;
    this.space = space;
    const names = all.encoders.map(({ name }) => name);
    fill(encoder.select, [...names, ...properties.map(({ title }) => title)]);
    this.parts = [encoder.label, clusterer.label, space.label];
    this.choose(this.chosen);
  }

  read() {
    const index = this.encoder.select.selectedIndex;
    const property = this.properties[index - this.all.encoders.length] ?? null;
    const encoder = property ? this.chosen.encoder : index;
    const { value: clusterer } = this.clusterer.select;
    this.choose(this.all.find(encoder, clusterer, this.space.select.value), property);
  }

  /**
   * @param {Partition} partition
   * @param {Property | null} [property]
   */
  choose(partition, property = null) {
    [this.chosen, this.property] = [partition, property];
    const { encoder, clusterer, space } = partition;
    const [clusterers, spaces] = [this.all.clusterers(encoder), this.all.spaces(encoder, clusterer)];
    const { length } = this.all.encoders;
    this.encoder.select.selectedIndex = property ? length + this.properties.indexOf(property) : encoder;
    fill(this.clusterer.select, clusterers, clusterer);
    fill(this.space.select, spaces, space);
    this.clusterer.label.hidden = property !== null || clusterers.length < 2;
    this.space.label.hidden = property !== null || spaces.length < 2;
  }
}

/**
 * @param {HTMLSelectElement} select
 * @param {string[]} options
 * @param {string} [chosen]
 */
function fill(select, options, chosen) {
  select.replaceChildren(...options.map((option) => element("option", { value: option }, option)));
  if (chosen !== undefined) select.selectedIndex = options.indexOf(chosen);
}
