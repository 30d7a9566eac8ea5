import { element } from "../dom.js";

/** @typedef {import("./partitions.js").Partitions} Partitions */
/** @typedef {import("./partitions.js").Partition} Partition */

const LABELS = "the labels";

/** Chooses a partition: its encoder, its clusterer, and its space where there are several. */
export class Picker {
  /**
   * @param {Partitions} all
   * @param {string[]} titles of the three choices
   * @param {boolean} hasLabels whether the labels can be chosen, too
   * @param {() => void} changed
   */
  constructor(all, titles, hasLabels, changed) {
    this.all = all;
    this.chosen = all.list[0];
    this.isLabels = false;
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
    fill(encoder.select, hasLabels ? [...names, LABELS] : names);
    this.parts = [encoder.label, clusterer.label, space.label];
    this.choose(this.chosen);
  }

  read() {
    this.isLabels = this.encoder.select.selectedIndex === this.all.encoders.length;
    const encoder = this.isLabels ? this.chosen.encoder : this.encoder.select.selectedIndex;
    const { value: clusterer } = this.clusterer.select;
    this.choose(this.all.find(encoder, clusterer, this.space.select.value), this.isLabels);
  }

  /**
   * @param {Partition} partition
   * @param {boolean} [isLabels]
   */
  choose(partition, isLabels = false) {
    [this.chosen, this.isLabels] = [partition, isLabels];
    const { encoder, clusterer, space } = partition;
    const [clusterers, spaces] = [this.all.clusterers(encoder), this.all.spaces(encoder, clusterer)];
    this.encoder.select.selectedIndex = isLabels ? this.all.encoders.length : encoder;
    fill(this.clusterer.select, clusterers, clusterer);
    fill(this.space.select, spaces, space);
    this.clusterer.label.hidden = isLabels || clusterers.length < 2;
    this.space.label.hidden = isLabels || spaces.length < 2;
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
