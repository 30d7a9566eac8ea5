import { NOTHING } from "../pictures.js";
import { numberOf } from "./partitions.js";

/**
 * @typedef {object} Group a row or a column
 * @property {string} title
 * @property {string} name of a cluster, "" without one
 * @property {string} phrase what it is called in a sentence
 * @property {string} colour "" without one
 * @property {number[]} pictures
 * @property {boolean} isLast noise, no label, and the rest stand after the others
 */

const MOST = 40;

/**
 * Returns the groups of a partition: its clusters, of very many the largest and the rest as one.
 *
 * @param {import("./partitions.js").Partition} partition
 * @param {string} owner whose they are, as a sentence says it
 * @returns {Group[]}
 */
export function clusterGroups(partition, owner) {
  const groups = partition.clusters.map(({ facts, colour, pictures }) => ({
    title: facts.name ? `${facts.number}: ${facts.name}` : numberOf(facts), name: facts.name ?? "", phrase: `${numberOf(facts)} of ${owner}`, colour, pictures, isLast: facts.number < 0,
  }));
  return folded(groups, (count) => ({ title: `${count} smaller`, phrase: `${count} smaller clusters of ${owner}` }));
}

/**
 * Returns the groups of pictures with the same label, or the same value of an attribute.
 *
 * @param {import("../pictures.js").Words} values
 * @param {string} kind "label", or the attribute's name
 * @param {string[]} palette empty for groups without colours
 * @returns {Group[]}
 */
export function wordGroups({ words, codes }, kind, palette) {
  /** @type {Group[]} */
  const groups = words.map((word, code) => ({
    title: word, name: "", phrase: `${kind} ${word}`, colour: palette.length ? palette[code % palette.length] : "", pictures: [], isLast: false,
  }));
  const unknown = { title: `no ${kind}`, name: "", phrase: `no ${kind}`, colour: "", pictures: [], isLast: true };
  for (let picture = 0; picture < codes.length; picture += 1) {
    const code = codes[picture];
    /** @type {Group} */ (code === NOTHING ? unknown : groups[code]).pictures.push(picture);
  }
  if (unknown.pictures.length) groups.push(unknown);
  return folded(groups, (count) => ({ title: `${count} rarer`, phrase: `${count} rarer of ${kind}` }));
}

/**
 * @param {Group[]} groups
 * @param {(count: number) => {title: string, phrase: string}} called
 * @returns {Group[]}
 */
function folded(groups, called) {
  const whole = groups.filter(({ isLast }) => !isLast);
  if (whole.length <= MOST) return groups;
  const bySize = [...whole].sort((one, other) => other.pictures.length - one.pictures.length);
  const small = new Set(bySize.slice(MOST - 1));
  const pictures = [...small].flatMap((group) => group.pictures);
  const rest = { ...called(small.size), name: "", colour: "", pictures, isLast: true };
  return [...whole.filter((group) => !small.has(group)), rest, ...groups.filter(({ isLast }) => isLast)];
}

/**
 * Returns the pictures that each row shares with each column.
 *
 * @param {Group[]} rows
 * @param {Group[]} columns
 * @returns {number[][][]}
 */
export function sharedPictures(rows, columns) {
  /** @type {Map<number, number>} */
  const places = new Map();
  columns.forEach(({ pictures }, column) => pictures.forEach((picture) => places.set(picture, column)));
  return rows.map(({ pictures }) => {
    /** @type {number[][]} */
    const cells = columns.map(() => []);
    for (const picture of pictures) {
      const column = places.get(picture);
      if (column !== undefined) cells[column].push(picture);
    }
    return cells;
  });
}

/**
 * Returns the order of the columns that puts large counts on the diagonal: again and again the
 * largest count whose row and column are free takes both. What is last stays last.
 *
 * @param {number[][][]} cells
 * @param {Group[]} rows
 * @param {Group[]} columns
 */
export function diagonalOrder(cells, rows, columns) {
  const counts = cells.flatMap((row, from) =>
    row.map((pictures, to) => ({ count: pictures.length, from, to })),
  );
  const free = counts.filter(({ count, from, to }) => count && !rows[from].isLast && !columns[to].isLast);
  free.sort((one, other) => other.count - one.count || one.from - other.from || one.to - other.to);
  /** @type {Map<number, number>} */
  const places = new Map();
  const taken = new Set();
  for (const { from, to } of free) {
    if (taken.has(from) || places.has(to)) continue;
    taken.add(from);
    places.set(to, from);
  }
  const place = (/** @type {number} */ column) =>
    places.get(column) ?? rows.length * (columns[column].isLast ? 2 : 1) + column;
  return columns.map((_, column) => column).sort((one, other) => place(one) - place(other));
}
