/** A button that opens a menu, for mouse and keyboard: arrows, Home and End move, Enter chooses, Escape and Tab close. */

import { el, icon } from "./dom.js";

let made = 0;

/** `items`: {label, hint, testid, run}. The returned element holds the button and the menu; `up` opens it above the button. */
export function menu(label, iconName, items, { up = false, testid = null, className = "quiet" } = {}) {
  const id = `menu-${(made += 1)}`;
  const choices = items.map((item) =>
    el(
      "button",
      { type: "button", role: "menuitem", tabindex: "-1", "data-testid": item.testid, on: { click: () => (close(true), item.run()) } },
      item.label,
      item.hint && el("span", { class: "hint" }, item.hint),
    ),
  );
  const list = el("div", { id, class: `menu-list${up ? " up" : ""}`, role: "menu", "aria-label": label, hidden: true }, choices);
  const button = el(
    "button",
    { type: "button", class: className, "data-testid": testid, "aria-haspopup": "menu", "aria-expanded": "false", "aria-controls": id, on: { click: () => (list.hidden ? open(0) : close(true)) } },
    iconName && icon(iconName),
    label,
    icon("down"),
  );
  const root = el("div", { class: "menu", on: { keydown: keys, focusout: (event) => root.contains(event.relatedTarget) || close(false) } }, button, list);

  function open(index) {
    list.hidden = false;
    button.setAttribute("aria-expanded", "true");
    choices.at(index).focus();
  }

  function close(back) {
    if (list.hidden) return;
    list.hidden = true;
    button.setAttribute("aria-expanded", "false");
    if (back) button.focus();
  }

  function keys(event) {
    const at = choices.indexOf(document.activeElement);
    const to = { ArrowDown: at + 1, ArrowUp: at < 0 ? -1 : at - 1, Home: 0, End: -1 }[event.key];
    if (event.key === "Escape" && !list.hidden) close(true);
    else if (event.key === "Tab") return close(false);
    else if (to === undefined || (list.hidden && event.key !== "ArrowDown" && event.key !== "ArrowUp")) return;
    else if (list.hidden) open(to);
    else choices.at(to % choices.length).focus();
    event.preventDefault();
    event.stopPropagation();
  }

  return root;
}
