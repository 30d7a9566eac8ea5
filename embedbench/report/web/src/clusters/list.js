import { button, element, goTo } from "../dom.js";
import { opener } from "../maps/selection.js";
import { gallery, onMaps } from "./gallery.js";
import { addressOf } from "./link.js";
import { numberOf, purityOf, titleOf } from "./partitions.js";

/** @typedef {import("./partitions.js").Cluster} Cluster */
/** @typedef {import("./partitions.js").Partition} Partition */
/** @typedef {{title: string, value: (cluster: Cluster) => number | string | undefined, down: boolean}} Order */

const STEP = 12;
const FAR = 36;
const TYPICAL = 12;
const NO_BREAK = "\u00a0";

/**
 * Returns the orders in which clusters can stand.
 *
 * @param {boolean} hasLabels
 * @returns {Order[]}
 */
function ordersOf(hasLabels) {
  /** @type {(cluster: Cluster) => number | undefined} */
  const silhouette = ({ facts }) => facts.silhouette;
  /** @type {Order[]} */
  const orders = [
    { title: "number", value: ({ facts }) => facts.number, down: false },
    { title: "largest first", value: ({ facts }) => facts.size, down: true },
    { title: "smallest first", value: ({ facts }) => facts.size, down: false },
    { title: "highest silhouette first", value: silhouette, down: true },
    { title: "lowest silhouette first", value: silhouette, down: false },
    { title: "name", value: ({ facts }) => facts.name, down: false },
  ];
  const purest = { title: "highest purity first", value: purityOf, down: true };
  const mixed = { title: "lowest purity first", value: purityOf, down: false };
  return hasLabels ? [...orders.slice(0, 5), purest, mixed, orders[5]] : orders;
}

/** The clusters of one partition, each with what is known of it and its pictures. */
export class ClusterList {
  /**
   * @param {import("./gallery.js").Shown} shown
   * @param {import("./partitions.js").Partitions} all
   */
  constructor(shown, all) {
    this.shown = shown;
    this.all = all;
    this.partition = all.list[0];
    const hasLabels = all.list.some(({ clusters }) => clusters.some(({ labels }) => labels.length));
    this.orders = ordersOf(hasLabels);
    this.order = this.orders[0];
    this.list = element("ol", { class: "clusters" });
    this.more = button("", () => this.grow());
    this.root = element("div", {}, this.list, this.more);
    /** @type {Cluster[]} */
    this.sorted = [];
  }

  /** @param {Partition} partition */
  show(partition) {
    this.partition = partition;
    this.fill();
  }

  /** @param {number} index */
  sort(index) {
    this.order = this.orders[index];
    this.fill();
  }

  fill() {
    this.sorted = inOrder(this.partition.clusters, this.order);
    this.list.replaceChildren();
    this.grow();
  }

  grow() {
    const from = this.list.childElementCount;
    const next = this.sorted.slice(from, from + STEP).map((cluster) => this.card(cluster));
    this.list.append(...next);
    const left = this.sorted.length - this.list.childElementCount;
    this.more.hidden = !left;
    this.more.textContent = left > STEP ? `Show ${STEP} more of ${left} clusters` : `Show ${left} more cluster${left === 1 ? "" : "s"}`;
    if (from && !left) next[0]?.focus();
  }

  /**
   * Goes to the cluster of a number; one that stands far down comes to the front.
   *
   * @param {number} number
   */
  goTo(number) {
    let place = this.sorted.findIndex(({ facts }) => facts.number === number);
    if (place < 0) return;
    if (place >= FAR && place >= this.list.childElementCount) {
      this.sorted.unshift(...this.sorted.splice(place, 1));
      this.list.replaceChildren();
      place = 0;
    }
    while (this.list.childElementCount <= place) this.grow();
    const card = this.list.children[place];
    for (const one of this.list.children) one.classList.toggle("here", one === card);
    if (!(card instanceof window.HTMLElement)) return;
    goTo(card);
    card.focus({ preventScroll: true });
  }

  /** @param {Cluster} cluster */
  card(cluster) {
    const { facts, colour } = cluster;
    const title = titleOf(facts);
    const made = element("li", { class: "cluster", tabindex: -1, "data-cluster": facts.number, "aria-label": title });
    made.style.setProperty("--colour", colour);
    const address = addressOf(this.all, this.partition, facts.number);
    made.append(
      element(
        "div",
        {},
        element("h3", {}, element("a", { href: address, title: "The address of this cluster" }, title)),
        ...this.numbers(cluster).map((line) => element("p", {}, ...line)),
        ...labelLines(cluster),
      ),
      element("div", {}, ...this.tiles(cluster)),
    );
    return made;
  }

  /**
   * Returns what is known of a cluster, a short line each.
   *
   * @param {Cluster} cluster
   * @returns {(Node | string)[][]}
   */
  numbers({ facts }) {
    const images = `${facts.size.toLocaleString("en")} image${facts.size === 1 ? "" : "s"}`;
    const lines = [[facts.shown < facts.size ? `${images}, ${facts.shown.toLocaleString("en")} on this page` : images]];
    for (const [name, value] of [["silhouette", facts.silhouette], ["cohesion", facts.cohesion]]) {
      if (typeof value === "number") lines.push([`${name} ${value.toFixed(3)}`]);
    }
    /** @type {(Node | string)[][]} */
    const all = [...lines];
    if (facts.separation !== undefined) {
      const text = `separation ${facts.separation.toFixed(3)}`;
      const { nearest } = facts;
      if (nearest === undefined) all.push([text]);
      else {
        const address = addressOf(this.all, this.partition, nearest);
        all.push([`${text} from `, element("a", { href: address }, `cluster ${nearest}`)]);
      }
    }
    if (facts.name && facts.margin !== undefined) all.push([`name margin ${facts.margin.toFixed(3)}`]);
    if (!facts.name && facts.word) all.push([`no good name (nearest: ${facts.word})`]);
    return all;
  }

  /**
   * Returns the typical pictures of a cluster, the least typical ones, and what opens all.
   *
   * @param {Cluster} cluster
   * @returns {Node[]}
   */
  tiles({ facts, pictures: members }) {
    const { pictures, state } = this.shown;
    if (!members.length) return [element("p", {}, "None of its images is on this page.")];
    const [usual, odd] = [members.slice(0, members.length - facts.odd), members.slice(members.length - facts.odd)];
    const opened = (/** @type {number[]} */ some) => some.map((picture) => opener(pictures, state, picture, members));
    /** @type {Node[]} */
    const parts = [element("div", { class: "tiles typical" }, ...opened(usual.slice(0, TYPICAL)))];
    if (odd.length) {
      parts.push(
        element(
          "div",
          { class: "odd" },
          element("small", {}, "least typical"),
          element("div", { class: "tiles" }, ...opened(odd.reverse())),
        ),
      );
    }
    const row = element("div", { class: "row" });
    parts.push(row);
    if (members.length > Math.min(usual.length, TYPICAL) + odd.length) row.append(this.showAll(members, row, facts));
    row.append(...onMaps(this.shown, members, numberOf(facts)));
    return parts;
  }

  /**
   * @param {number[]} members
   * @param {HTMLElement} row after which they are shown
   * @param {import("./partitions.js").ClusterRecord} facts
   */
  showAll(members, row, facts) {
    const text = `all ${members.length.toLocaleString("en")}`;
    /** @type {HTMLElement | null} */
    let grid = null;
    const made = button(`Show ${text}`, () => {
      const isOpen = made.getAttribute("aria-expanded") === "true";
      if (isOpen) grid?.remove();
      else row.after((grid = gallery(this.shown, members, facts.number < 0 ? null : this.partition.silhouettes)));
      made.setAttribute("aria-expanded", String(!isOpen));
      made.textContent = isOpen ? `Show ${text}` : `Hide ${text}`;
    }, { "aria-expanded": false });
    return made;
  }
}

/**
 * Returns clusters in an order, noise last and before it those without a value.
 *
 * @param {Cluster[]} clusters
 * @param {Order} order
 */
function inOrder(clusters, { value, down }) {
  const rank = (/** @type {Cluster} */ one) => 2 * Number(one.facts.number < 0) + Number(value(one) === undefined);
  const compare = (/** @type {any} */ one, /** @type {any} */ other) =>
    typeof one === "string" ? one.localeCompare(other, "en") : Number(one > other) - Number(one < other);
  return [...clusters].sort((one, other) => {
    if (rank(one) !== rank(other)) return rank(one) - rank(other);
    const sign = value(one) === undefined ? 0 : compare(value(one), value(other));
    return (down ? -sign : sign) || one.facts.number - other.facts.number;
  });
}

/**
 * Returns the commonest labels of a cluster as a bar and in words.
 *
 * @param {Cluster} cluster
 */
function labelLines({ facts, labels }) {
  const { known, kinds } = facts;
  if (!labels.length || !known) return [];
  const bar = element("p", { class: "shares", "aria-hidden": true });
  for (const { count } of labels) {
    const part = element("i");
    part.style.width = `${(100 * count) / known}%`;
    bar.append(part);
  }
  const more = (kinds ?? 0) - labels.length;
  const texts = labels.map(({ text, count }) => `${text} ${percent(count / known)}`).join(", ");
  return [bar, element("p", { class: "labels" }, more > 0 ? `${texts} and ${more} more` : texts)];
}

/**
 * Returns a share in whole percent: 100 only where it is all, never 0.
 *
 * @param {number} share
 */
function percent(share) {
  const whole = share === 1 ? 100 : Math.min(Math.max(Math.round(100 * share), 1), 99);
  return `${whole}${NO_BREAK}%`;
}
