import { unpacked } from "../data.js";

/**
 * @typedef {object} ClusterRecord
 * @property {number} number -1 is noise
 * @property {number} size of all images
 * @property {number} shown how many of them are on the page
 * @property {number} odd how many of those are its least typical ones
 * @property {number} [silhouette]
 * @property {number} [cohesion]
 * @property {number} [separation]
 * @property {number} [nearest]
 * @property {string} [name]
 * @property {number} [margin]
 * @property {string} [word]
 * @property {number[][]} [labels] number of a word, and how many images have it
 * @property {number} [kinds] of labels
 * @property {number} [known] images with a label
 *
 * @typedef {object} Cluster
 * @property {ClusterRecord} facts
 * @property {number[]} pictures the most typical first, the least typical last
 * @property {string} colour
 * @property {{text: string, count: number}[]} labels the commonest, the first first
 *
 * @typedef {object} Partition the clusters of an encoder by a clusterer in a space
 * @property {number} encoder its number
 * @property {string} clusterer
 * @property {string} space
 * @property {Cluster[]} clusters by number, noise last
 * @property {ArrayLike<number> | null} silhouettes of each picture, in 32767ths
 */

/** All partitions of the run that the page has. */
export class Partitions {
  /**
   * @param {any} record
   * @param {import("../pictures.js").Pictures} pictures
   */
  constructor(record, pictures) {
    /** @type {{name: string, colour: string}[]} */
    this.encoders = record.encoders;
    /** @type {Partition[]} */
    this.list = record.partitions.map((/** @type {any} */ one) => partitionOf(one, record.words, pictures));
  }

  /** @param {Partition} partition */
  nameOf(partition) {
    return this.encoders[partition.encoder].name;
  }

  /** @param {number} encoder */
  clusterers(encoder) {
    return unique(this.list.filter((one) => one.encoder === encoder).map(({ clusterer }) => clusterer));
  }

  /**
   * @param {number} encoder
   * @param {string} clusterer
   */
  spaces(encoder, clusterer) {
    const found = this.list.filter((one) => one.encoder === encoder && one.clusterer === clusterer);
    return unique(found.map(({ space }) => space));
  }

  /**
   * Returns the partition that is nearest to what is wished: the encoder counts most, then the
   * clusterer.
   *
   * @param {number} encoder
   * @param {string} clusterer
   * @param {string} space
   */
  find(encoder, clusterer, space) {
    const points = (/** @type {Partition} */ one) =>
      4 * Number(one.encoder === encoder) + 2 * Number(one.clusterer === clusterer) + Number(one.space === space);
    return this.list.reduce((best, one) => (points(one) > points(best) ? one : best));
  }
}

/**
 * @param {any} record
 * @param {string[]} words
 * @param {import("../pictures.js").Pictures} pictures
 * @returns {Partition}
 */
function partitionOf(record, words, { palette, noise }) {
  const order = Array.from(unpacked(record.order));
  let start = 0;
  const clusters = record.clusters.map((/** @type {ClusterRecord} */ facts) => {
    const pictures = order.slice(start, (start += facts.shown));
    const labels = (facts.labels ?? []).map(([word, count]) => ({ text: words[word], count }));
    const colour = facts.number < 0 ? noise : palette[facts.number % palette.length];
    return { facts, pictures, colour, labels };
  });
  const { encoder, clusterer, space } = record;
  return { encoder, clusterer, space, clusters, silhouettes: record.silhouettes ? unpacked(record.silhouettes) : null };
}

/** @param {string[]} texts */
function unique(texts) {
  return [...new Set(texts)];
}

/**
 * Returns what a cluster is called without its name.
 *
 * @param {ClusterRecord} facts
 */
export function numberOf({ number }) {
  return number < 0 ? "noise" : `cluster ${number}`;
}

/**
 * Returns what a cluster is called.
 *
 * @param {ClusterRecord} facts
 */
export function titleOf(facts) {
  return facts.name ? `${numberOf(facts)}: ${facts.name}` : numberOf(facts);
}

/**
 * Returns the share of the commonest label among the images of known label.
 *
 * @param {Cluster} cluster
 */
export function purityOf({ facts, labels }) {
  return labels.length && facts.known ? labels[0].count / facts.known : undefined;
}
