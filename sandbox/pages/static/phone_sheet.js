/** The sheet that comes up over a phone with the choices of a list. */

import { el, iconButton } from "./dom.js";

export class Sheet {
  /** `tap(choice)` is called with the row that was chosen; the sheet closes with it. */
  constructor(device, tap) {
    this.device = device;
    this.tap = tap;
    this.node = null;
    this.opener = null;
  }

  open(card, opener) {
    this.close();
    this.opener = opener;
    const groups = Map.groupBy(card.buttons, (row) => row.section ?? "");
    const shown = [...groups].map(([heading, rows]) => el("div", { role: "group", "aria-label": heading || null }, heading && el("h3", {}, heading), rows.map((row) => this.drawRow(row))));
    const head = el("header", {}, iconButton("close", "Close", () => this.close()), el("strong", {}, card.menu));
    const sheet = el("div", { class: "sheet", role: "dialog", tabindex: "-1", "aria-label": card.menu, "data-testid": "phone-sheet" }, head, el("div", { class: "rows" }, shown));
    const outside = (event) => event.target === event.currentTarget && this.close();
    this.node = el("div", { class: "veil", on: { click: outside, keydown: (event) => event.key === "Escape" && this.close() } }, sheet);
    this.device.append(this.node);
    sheet.focus({ preventScroll: true });
  }

  drawRow(row) {
    const chosen = () => (this.close(), this.tap(row));
    return el("button", { type: "button", class: "row", on: { click: chosen } }, el("span", {}, el("strong", {}, row.title), row.description && el("span", {}, row.description)), el("i"));
  }

  close() {
    if (!this.node) return;
    this.node.remove();
    this.node = null;
    this.opener?.focus({ preventScroll: true });
  }
}
