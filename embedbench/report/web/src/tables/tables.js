import { copyTools } from "./copying.js";
import { startHeadings } from "./headings.js";
import { LiveTable } from "./live_table.js";
import { switches } from "./switches.js";
import { startTips, Tip } from "./tips.js";

/** Makes every table of the page that has headings alive: it is sorted, told and copied. */
export function startTables() {
  const tip = new Tip();
  startComparison(tip);
  for (const box of document.querySelectorAll(".box")) {
    const live = started(box, tip);
    if (!live) continue;
    box.after(copyTools(live));
    live.update();
  }
}

/**
 * Puts the one table of the comparison into the place of those that are read without a script.
 *
 * @param {Tip} tip
 */
function startComparison(tip) {
  const place = document.querySelector("[data-live-table]");
  const box = document.querySelector("[data-live]")?.closest(".box");
  const live = box && started(box, tip);
  if (!(place instanceof window.HTMLElement) || !box || !live) return;
  const note = document.querySelector("[data-own-k-note]");
  place.append(switches(live, note instanceof window.HTMLElement ? note : null), box, copyTools(live));
  place.hidden = false;
  for (const replaced of document.querySelectorAll("[data-replaced]")) replaced.remove();
}

/**
 * @param {Element} box
 * @param {Tip} tip
 * @returns {LiveTable | null} null where a table has no headings, or is alive already
 */
function started(box, tip) {
  const table = box.querySelector("table");
  if (!table?.tHead?.rows.length || !table.tBodies.length || table.querySelector(".sort")) return null;
  const live = new LiveTable(table);
  startHeadings(live);
  startTips(live, tip);
  return live;
}
