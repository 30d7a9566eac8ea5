import { button, element } from "../dom.js";
import { FORMS } from "./texts.js";

/**
 * Returns the buttons that copy a table as it is shown.
 *
 * @param {import("./live_table.js").LiveTable} live
 */
export function copyTools(live) {
  const said = element("span", { role: "status", class: "said" });
  const area = element("textarea", { readonly: true, rows: 8, "aria-label": "The table as text, to copy" });
  const place = element("div", { class: "by-hand", hidden: true }, area);
  place.append(button("Close", () => (place.hidden = true)));
  /** @param {string} text */
  const offer = (text) => {
    area.value = text;
    place.hidden = false;
    area.focus();
    area.select();
    said.textContent = "Copy the selected text";
  };
  const buttons = Object.entries(FORMS).map(([name, written]) =>
    button(name, async () => {
      said.textContent = "";
      const text = written(live);
      if (await isCopied(text)) {
        place.hidden = true;
        said.textContent = `copied as ${name}`;
      } else offer(text);
    }, { "aria-label": `Copy the table as ${name}` }),
  );
  const words = element("span", { "aria-hidden": true }, "Copy as");
  return element("div", { class: "table-tools copy", role: "group", "aria-label": "Copy" }, words, ...buttons, said, place);
}

/**
 * Puts a text on the clipboard; says whether it could.
 *
 * @param {string} text
 */
async function isCopied(text) {
  try {
    await navigator.clipboard.writeText(text);
    return true;
  } catch {
    return false; // a browser may have no clipboard for a file, or forbid it
  }
}
