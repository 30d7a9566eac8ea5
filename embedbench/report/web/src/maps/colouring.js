import { NOTHING } from "../pictures.js";
import { asColour, channels } from "../theme.js";

/**
 * @typedef {{colour: string, shape: string}} Style
 * @typedef {{text: string, style: Style, code: number}} Entry a colour of a legend
 * @typedef {object} Paint how the pictures of a map are drawn
 * @property {Style[]} styles
 * @property {ArrayLike<number>} codes the number of each picture's style
 * @property {Entry[]} entries empty for a scale
 * @property {{low: string, high: string, colours: string[]} | null} scale
 * @typedef {object} Colouring
 * @property {string} title
 * @property {boolean} isShared whether it is the same on every map
 * @property {(map: number) => Paint} paint
 */

export const SHAPES = ["circle", "square", "diamond", "triangle"];

const STEPS = 24;

/** From low to high, dark to bright: viridis, thinned. */
const RISING = ["#440154", "#414487", "#2a788e", "#22a884", "#7ad151", "#fde725"];
/** From below 0 through grey to above. */
const AROUND = ["#b2182b", "#ef8a62", "#c9ccd1", "#67a9cf", "#2166ac"];

/**
 * Returns the colourings that the run has, the one to begin with first.
 *
 * @param {import("../pictures.js").Pictures} pictures
 * @param {import("./maps.js").MapEncoder[]} encoders
 * @returns {Colouring[]}
 */
export function colourings(pictures, encoders) {
  /** @type {Colouring[]} */
  const found = [];
  /** @param {string} title @param {import("../pictures.js").Words | null} words */
  const addWords = (title, words) => {
    if (!words) return;
    const paint = wordPaint(pictures, words);
    found.push({ title, isShared: true, paint: () => paint });
  };
  addWords("label", pictures.labels);
  const clusters = encoders.map((encoder) => clusterPaint(pictures, encoder));
  found.push({ title: "cluster", isShared: false, paint: (map) => clusters[map] });
  addWords("domain", pictures.domains);
  if (encoders.some((encoder) => encoder.silhouettes)) {
    const paints = encoders.map(({ silhouettes }) =>
      scalePaint(pictures, silhouettes ?? new Float32Array(0), -1, 1, AROUND),
    );
    found.push({ title: "silhouette", isShared: false, paint: (map) => paints[map] });
  }
  if (pictures.disagreement) {
    const known = Array.from(pictures.disagreement).filter((value) => !Number.isNaN(value));
    const [low, high] = [Math.min(...known), Math.max(...known)];
    const paint = scalePaint(pictures, pictures.disagreement, low, high, RISING);
    found.push({ title: "disagreement", isShared: true, paint: () => paint });
  }
  return found;
}

/**
 * @param {import("../pictures.js").Pictures} pictures
 * @param {number} code
 * @returns {Style}
 */
function styleOf(pictures, code) {
  const { palette, noise } = pictures;
  if (code < 0) return { colour: noise, shape: "circle" };
  const shape = SHAPES[Math.floor(code / palette.length) % SHAPES.length];
  return { colour: palette[code % palette.length], shape };
}

/**
 * @param {import("../pictures.js").Pictures} pictures
 * @param {import("../pictures.js").Words} words
 * @returns {Paint}
 */
function wordPaint(pictures, words) {
  const styles = words.words.map((_, code) => styleOf(pictures, code));
  const entries = words.words.map((text, code) => ({ text, style: styles[code], code }));
  styles.push(styleOf(pictures, -1));
  const codes = Array.from(words.codes, (code) => (code === NOTHING ? words.words.length : code));
  if (codes.includes(words.words.length)) {
    const code = words.words.length;
    entries.push({ text: "unknown", style: styles[code], code });
  }
  return { styles, codes, entries, scale: null };
}

/**
 * @param {import("../pictures.js").Pictures} pictures
 * @param {import("./maps.js").MapEncoder} encoder
 * @returns {Paint}
 */
function clusterPaint(pictures, encoder) {
  const numbers = [...new Set(Array.from(encoder.clusters))].sort(
    (one, other) => Number(one < 0) - Number(other < 0) || one - other,
  );
  const styles = numbers.map((number) => styleOf(pictures, number));
  const place = new Map(numbers.map((number, code) => [number, code]));
  const codes = Array.from(encoder.clusters, (number) => place.get(number) ?? 0);
  const entries = numbers.map((number, code) => ({
    text: clusterName(encoder, number), style: styles[code], code,
  }));
  return { styles, codes, entries, scale: null };
}

/**
 * Returns what a cluster is called.
 *
 * @param {import("./maps.js").MapEncoder} encoder
 * @param {number} number
 */
export function clusterName(encoder, number) {
  if (number === -2) return "in no cluster";
  const name = encoder.names[String(number)];
  const called = number < 0 ? "noise" : `cluster ${number}`;
  return name ? `${called}: ${name}` : called;
}

/**
 * @param {import("../pictures.js").Pictures} pictures
 * @param {ArrayLike<number>} values
 * @param {number} low
 * @param {number} high
 * @param {string[]} colours
 * @returns {Paint}
 */
function scalePaint(pictures, values, low, high, colours) {
  /** @type {Style[]} */
  const styles = Array.from({ length: STEPS }, (_, step) => ({
    colour: between(colours, step / (STEPS - 1)), shape: "circle",
  }));
  styles.push(styleOf(pictures, -1));
  const codes = pictures.names.map((_, picture) => {
    const value = values[picture];
    if (value === undefined || Number.isNaN(value)) return STEPS;
    return Math.round(((value - low) / (high - low || 1)) * (STEPS - 1));
  });
  return { styles, codes, entries: [], scale: { low: low.toFixed(2), high: high.toFixed(2), colours } };
}

/**
 * @param {string[]} colours
 * @param {number} share from 0 to 1
 */
function between(colours, share) {
  const place = share * (colours.length - 1);
  const first = Math.min(Math.floor(place), colours.length - 2);
  const [one, other] = [channels(colours[first]), channels(colours[first + 1])];
  return asColour(one.map((value, index) => value + (other[index] - value) * (place - first)));
}
