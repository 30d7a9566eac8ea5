/** Finds the nearest of many places fast: they lie in the cells of a grid. */

const CELLS = 64;

/** @param {number} place from -1 to 1 */
const cellOf = (place) => Math.min(CELLS - 1, Math.max(0, Math.floor(((place + 1) / 2) * CELLS)));

export class Grid {
  /** @param {Float32Array} plane x and y of each place in turn, from -1 to 1 */
  constructor(plane) {
    this.plane = plane;
    /** @type {number[][]} */
    this.cells = Array.from({ length: CELLS * CELLS }, () => []);
    for (let place = 0; place < plane.length / 2; place += 1) {
      this.cells[cellOf(plane[2 * place + 1]) * CELLS + cellOf(plane[2 * place])].push(place);
    }
  }

  /**
   * Returns the place nearest to a point within a distance; -1 without one.
   *
   * @param {number} x
   * @param {number} y
   * @param {number} reach
   */
  nearest(x, y, reach) {
    let [best, least] = [-1, reach * reach];
    for (let row = cellOf(y - reach); row <= cellOf(y + reach); row += 1) {
      for (let column = cellOf(x - reach); column <= cellOf(x + reach); column += 1) {
        for (const place of this.cells[row * CELLS + column]) {
          const distance =
            (this.plane[2 * place] - x) ** 2 + (this.plane[2 * place + 1] - y) ** 2;
          if (distance <= least) [best, least] = [place, distance];
        }
      }
    }
    return best;
  }
}

/**
 * Returns the next place from one in a direction; itself without one.
 *
 * Of two, the one less far aside is nearer.
 *
 * @param {Float32Array} plane
 * @param {number} from
 * @param {number} right 1, 0 or -1
 * @param {number} up 1, 0 or -1
 */
export function nextInDirection(plane, from, right, up) {
  let [best, least] = [from, Infinity];
  for (let place = 0; place < plane.length / 2; place += 1) {
    const dx = plane[2 * place] - plane[2 * from];
    const dy = plane[2 * place + 1] - plane[2 * from + 1];
    const ahead = dx * right + dy * up;
    const aside = Math.abs(dx * up) + Math.abs(dy * right);
    if (place !== from && ahead > 0 && aside <= ahead && ahead + 2 * aside < least) {
      [best, least] = [place, ahead + 2 * aside];
    }
  }
  return best;
}

/**
 * Says whether a point lies inside a polygon.
 *
 * @param {number[][]} polygon corners
 * @param {number} x
 * @param {number} y
 */
export function isInside(polygon, x, y) {
  let inside = false;
  for (let here = 0, before = polygon.length - 1; here < polygon.length; before = here, here += 1) {
    const [[x1, y1], [x2, y2]] = [polygon[here], polygon[before]];
    if (y1 > y !== y2 > y && x < ((x2 - x1) * (y - y1)) / (y2 - y1) + x1) inside = !inside;
  }
  return inside;
}
