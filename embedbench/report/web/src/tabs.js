import { decoded, setHash } from "./deep_link.js";
import { button, element, goTo } from "./dom.js";

/**
 * Makes tabs of parts that stand below one another: without a script, and in print, all are shown.
 * The page's address names the tab that is chosen.
 */
export function startTabs() {
  const sets = [...document.querySelectorAll("[data-tabs]")].filter((place) => place.childElementCount > 1).map(tabsOf);
  const follow = () => {
    const place = document.getElementById(decoded(location.hash.slice(1)));
    const inside = sets.filter(({ panels }) => panels.some((panel) => panel.contains(place)));
    for (const { panels, select } of inside) select(panels.findIndex((panel) => panel.contains(place)));
    const last = inside.find(({ panels }) => panels.some((panel) => panel === place));
    if (last) goTo(last.list);
  };
  window.addEventListener("hashchange", follow);
  follow();
}

/**
 * Adds the row of tabs to a place; each child of it is a panel, and what its tab shows is marked there.
 *
 * @param {Element} place
 */
function tabsOf(place) {
  const panels = [...place.children];
  const tabs = panels.map((panel, index) => {
    const made = button("", () => choose(index), { role: "tab", id: `${panel.id}-tab`, "aria-controls": panel.id });
    const shown = panel.querySelector("[data-tab]")?.cloneNode(true);
    if (shown) made.append(...shown.childNodes);
    panel.setAttribute("role", "tabpanel");
    panel.setAttribute("aria-labelledby", made.id);
    return made;
  });
  const select = (/** @type {number} */ chosen) => {
    tabs.forEach((tab, index) => {
      tab.setAttribute("aria-selected", String(index === chosen));
      tab.tabIndex = index === chosen ? 0 : -1;
      panels[index].classList.toggle("behind", index !== chosen);
    });
  };
  const choose = (/** @type {number} */ index) => {
    select(index);
    tabs[index].focus({ preventScroll: true });
    setHash(`#${panels[index].id}`);
  };
  const list = element("div", { role: "tablist", "aria-label": place.getAttribute("data-tabs") ?? "" }, ...tabs);
  list.addEventListener("keydown", (event) => {
    const [here, last] = [tabs.findIndex((tab) => tab === event.target), tabs.length - 1];
    const next = { ArrowRight: here < last ? here + 1 : 0, ArrowLeft: here > 0 ? here - 1 : last, Home: 0, End: last }[event.key];
    if (next === undefined) return;
    event.preventDefault();
    choose(next);
  });
  place.prepend(list);
  select(0);
  return { list, panels, select };
}
