import { decoded } from "../deep_link.js";

const WORD = "#cluster=";
const PROPERTY = "#attribute=";

/** @typedef {import("./partitions.js").Partitions} Partitions */
/** @typedef {import("./partitions.js").Partition} Partition */

/**
 * Returns the address of a cluster in the page; the space is part of it where it is not the first.
 *
 * @param {Partitions} all
 * @param {Partition} partition
 * @param {number} number
 */
export function addressOf(all, partition, number) {
  const parts = [all.nameOf(partition), partition.clusterer, String(number)];
  if (partition.space !== all.list[0].space) parts.push(partition.space);
  return WORD + parts.map(encodeURIComponent).join("/");
}

/** Returns what of this section the page's address names; "" for nothing of it. */
export function addressedKind() {
  if (location.hash.startsWith(WORD)) return "a cluster";
  return location.hash.startsWith(PROPERTY) ? "an attribute" : "";
}

/** Takes the cluster out of the page's address: another partition was chosen. */
export function forgetAddress() {
  if (addressedKind()) history.replaceState(null, "", location.pathname + location.search);
}

/**
 * Returns the cluster that the address of the page names; null where there is none.
 *
 * @param {Partitions} all
 * @returns {{partition: Partition, number: number} | null}
 */
export function addressed(all) {
  if (!location.hash.startsWith(WORD)) return null;
  const [name, clusterer, number, space] = location.hash.slice(WORD.length).split("/").map(decoded);
  const partition = all.list.find(
    (one) =>
      all.nameOf(one) === name && one.clusterer === clusterer && one.space === (space ?? all.list[0].space),
  );
  const found = partition?.clusters.find(({ facts }) => String(facts.number) === number);
  return partition && found ? { partition, number: found.facts.number } : null;
}

/** Lets links to an attribute of an encoder lead there; without a script they lead to the section. */
export function addressProperties() {
  for (const link of document.querySelectorAll("a[data-attribute]")) {
    const parts = [link.getAttribute("data-encoder") ?? "", link.getAttribute("data-attribute") ?? ""];
    link.setAttribute("href", PROPERTY + parts.map(encodeURIComponent).join("/"));
  }
}

/**
 * Returns the encoder's first partition, by K-means where it has one, and the attribute that the
 * page's address names; null where there is none.
 *
 * @param {Partitions} all
 * @param {import("./picker.js").Property[]} properties
 * @returns {{partition: Partition, property: import("./picker.js").Property} | null}
 */
export function addressedProperty(all, properties) {
  if (!location.hash.startsWith(PROPERTY)) return null;
  const [name, title] = location.hash.slice(PROPERTY.length).split("/").map(decoded);
  const encoder = all.encoders.findIndex((one) => one.name === name);
  const property = properties.find((one) => one.title === title);
  return encoder < 0 || !property ? null : { partition: all.find(encoder, "kmeans", all.list[0].space), property };
}
