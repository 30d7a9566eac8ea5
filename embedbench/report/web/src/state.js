/**
 * What a person looks at, the same for all maps.
 *
 * @typedef {{key: string, text: string, members: Set<number>}} Group a colour of a legend
 * @typedef {"hover" | "marks" | "look"} Change what is pointed at; which are marked; how maps look
 */

export const NONE = -1;

export class State {
  constructor() {
    /** The picture that is pointed at. */
    this.hovered = NONE;
    /** The picture that is opened. */
    this.chosen = NONE;
    /** @type {number[]} The pictures that it was opened among, in their order; empty for those that stand out. */
    this.among = [];
    /** @type {Set<number>} */
    this.selected = new Set();
    /** @type {Set<number> | null} */
    this.found = null;
    /** @type {Group | null} */
    this.group = null;
    this.projection = 0;
    this.colouring = 0;
    this.selecting = false;
    /** @type {((change: Change) => void)[]} */
    this.listeners = [];
  }

  /** @param {(change: Change) => void} listener */
  listen(listener) {
    this.listeners.push(listener);
  }

  /** @param {Change} change */
  tell(change) {
    for (const listener of this.listeners) listener(change);
  }

  /** @param {number} picture */
  hover(picture) {
    if (picture === this.hovered) return;
    this.hovered = picture;
    this.tell("hover");
  }

  /**
   * @param {number} picture NONE to close it
   * @param {number[]} [among] the pictures that it stands among
   */
  choose(picture, among = []) {
    this.among = among;
    if (picture === this.chosen) return;
    this.chosen = picture;
    this.tell("marks");
  }

  /** @param {Set<number>} pictures */
  select(pictures) {
    this.selected = pictures;
    this.tell("marks");
  }

  /** @param {Set<number> | null} pictures */
  find(pictures) {
    this.found = pictures;
    this.tell("marks");
  }

  /** @param {Group | null} group the same again lets go of it */
  emphasise(group) {
    this.group = group && this.group?.key === group.key ? null : group;
    this.tell("marks");
  }

  /**
   * Says whether a picture stands out, or nothing is asked for.
   *
   * @param {number} picture
   */
  stands(picture) {
    return (
      (!this.group || this.group.members.has(picture)) &&
      (!this.found || this.found.has(picture)) &&
      (!this.selected.size || this.selected.has(picture))
    );
  }
}
