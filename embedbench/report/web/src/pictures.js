import { unpacked } from "./data.js";
import { element } from "./dom.js";

/** @typedef {{words: string[], codes: import("./data.js").Packed}} PackedWords */
/** @typedef {{words: string[], codes: ArrayLike<number>}} Words one of `words` for each picture */
/**
 * @typedef {object} PicturesRecord
 * @property {string[]} names
 * @property {number} total
 * @property {number} side
 * @property {import("./data.js").Packed} tiles
 * @property {import("./data.js").Packed} rows
 * @property {string[]} palette
 * @property {string} noise
 * @property {PackedWords} [labels]
 * @property {PackedWords} [domains]
 * @property {(PackedWords & {name: string})[]} [attributes] what should not matter
 * @property {import("./data.js").Packed} [disagreement]
 */

/** Stands for no tile and for no word. */
export const NOTHING = 65535;

/** The pictures of the page, known by their numbers. */
export class Pictures {
  /** @param {PicturesRecord} record */
  constructor(record) {
    this.names = record.names;
    this.total = record.total;
    this.palette = record.palette;
    this.noise = record.noise;
    this.labels = wordsOf(record.labels);
    this.domains = wordsOf(record.domains);
    /** @type {(Words & {name: string})[]} */
    this.attributes = (record.attributes ?? []).map(({ name, words, codes }) => ({ name, words, codes: unpacked(codes) }));
    this.disagreement = record.disagreement ? unpacked(record.disagreement) : null;
    this.numbers = new Map(record.names.map((name, number) => [name, number]));
    this.tiles = unpacked(record.tiles);
    /** Where each stands in the run's table of images. */
    this.rows = unpacked(record.rows);
    /** Tiles in a row and in a column of a sheet. */
    this.side = record.side;
  }

  /**
   * Returns the thumbnail of a picture.
   *
   * @param {number} picture
   * @param {string} [more] classes
   */
  tile(picture, more = "") {
    const name = this.names[picture];
    const place = this.tiles[picture];
    const [sheet, position] = [Math.floor(place / this.side ** 2), place % this.side ** 2];
    const isShown = place !== NOTHING;
    const shown = isShown ? `tile s${sheet} p${position}` : "named";
    const text = isShown ? "" : name.slice(name.lastIndexOf("/") + 1);
    return element("span", { role: "img", "aria-label": name, title: name, class: `${shown} ${more}` }, text);
  }

  /** @param {number} picture */
  label(picture) {
    return wordOf(this.labels, picture);
  }

  /** @param {number} picture */
  domain(picture) {
    return wordOf(this.domains, picture);
  }
}

/**
 * @param {PackedWords | undefined} packed
 * @returns {Words | null}
 */
function wordsOf(packed) {
  return packed ? { words: packed.words, codes: unpacked(packed.codes) } : null;
}

/**
 * @param {Words | null} words
 * @param {number} picture
 */
function wordOf(words, picture) {
  return words && words.codes[picture] !== NOTHING ? words.words[words.codes[picture]] : "";
}
