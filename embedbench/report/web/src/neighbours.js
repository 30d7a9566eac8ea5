import { recordOf, unpacked } from "./data.js";
import { NOTHING } from "./pictures.js";

/** @typedef {{encoder: string, nearest: ArrayLike<number>}} NearestList */

/** The nearest pictures of each picture, by each encoder. */
export class Neighbours {
  /** @param {{shown: number, lists: {encoder: string, nearest: import("./data.js").Packed}[]} | null} record */
  constructor(record) {
    this.shown = record?.shown ?? 0;
    /** @type {Map<string, ArrayLike<number>>} */
    this.lists = new Map(record?.lists.map(({ encoder, nearest }) => [encoder, unpacked(nearest)]));
  }

  static ofPage() {
    return new Neighbours(recordOf("neighbours"));
  }

  /**
   * Returns the nearest pictures of one, the nearest first; none where they are not known.
   *
   * @param {string} encoder
   * @param {number} picture
   */
  of(encoder, picture) {
    const list = this.lists.get(encoder);
    if (!list) return [];
    const places = Array.from({ length: this.shown }, (_, rank) => list[picture * this.shown + rank]);
    return places.filter((neighbour) => neighbour !== NOTHING);
  }

  /**
   * Returns how many encoders have each picture among the nearest of one.
   *
   * @param {number} picture
   */
  counts(picture) {
    /** @type {Map<number, number>} */
    const counts = new Map();
    for (const encoder of this.lists.keys()) {
      for (const neighbour of this.of(encoder, picture)) {
        counts.set(neighbour, (counts.get(neighbour) ?? 0) + 1);
      }
    }
    return counts;
  }
}
