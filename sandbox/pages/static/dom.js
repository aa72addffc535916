/** Building elements. Strings always become text nodes, never markup. */

const ICONS = {
  send: ["M4 12l16-8-5.500 16-3-6.500z"],
  image: ["M4 5h16v14H4z", "M4 16l4.500-4.500 4 4 2.500-2.500 5 5", "M15.500 9.500h.01"],
  pin: ["M12 21s-6.500-6-6.500-11a6.500 6.500 0 0 1 13 0c0 5-6.500 11-6.500 11z", "M12 10h.01"],
  file: ["M7 3h7l4 4v14H7z", "M14 3v4h4"],
  lock: ["M6 11h12v9H6z", "M9 11V8a3 3 0 0 1 6 0v3"],
  join: ["M9 11a3.500 3.500 0 1 0 0-7 3.500 3.500 0 0 0 0 7z", "M3 20c0-3.500 2.700-6 6-6 1.300 0 2.500.4 3.500 1", "M18 14v6", "M15 17h6"],
  card: ["M4 5h16v14H4z", "M4 12h16", "M8 16h4"],
  check: ["M5 12.500l4.500 4.500L19 7.500"],
  checks: ["M1.500 12.500l4.500 4.500L15.500 7.500", "M11 15.500l1.500 1.500L22 7.500"],
  list: ["M9 6.500h11", "M9 12h11", "M9 17.500h11", "M4.500 6.500h.01", "M4.500 12h.01", "M4.500 17.500h.01"],
  out: ["M10 5H5v14h14v-5", "M14 4h6v6", "M20 4l-9 9"],
  clock: ["M12 20.500a8.500 8.500 0 1 0 0-17 8.500 8.500 0 0 0 0 17z", "M12 7.500V12l3 2"],
  reply: ["M10 8L5 12.500 10 17", "M5 12.500h9a5 5 0 0 1 5 5"],
  close: ["M6 6l12 12", "M18 6L6 18"],
  chat: ["M4 5h16v11H10l-4 4v-4H4z"],
  person: ["M12 12a4 4 0 1 0 0-8 4 4 0 0 0 0 8z", "M4.500 20.500c0-4 3.300-6.500 7.500-6.500s7.500 2.500 7.500 6.500"],
  clip: ["M19.500 11.500l-7.700 7.700a4.600 4.600 0 0 1-6.500-6.500l8-8a3 3 0 0 1 4.300 4.300l-7.900 7.900a1.500 1.500 0 0 1-2.100-2.100l7.200-7.200"],
  down: ["M7 10l5 5 5-5"],
  out: ["M9 6H6v12h12v-3", "M12 5h7v7", "M19 5l-8 8"],
  save: ["M12 4v11", "M7.500 11l4.500 4.500 4.500-4.500", "M5 19.500h14"],
  star: ["M12 4l2.500 5.200 5.500.8-4 4 .900 5.600L12 17l-4.900 2.600.900-5.600-4-4 5.500-.8z"],
  phone: ["M7 2.500h10v19H7z", "M11 18.500h2"],
};

/** An element. `props`: class, dataset, on (event handlers), attributes by name; null and false are left out. */
export function el(tag, props = {}, ...children) {
  const node = document.createElement(tag);
  for (const [name, value] of Object.entries(props ?? {})) {
    if (value === null || value === undefined || value === false) continue;
    if (name === "class") node.className = value;
    else if (name === "dataset") Object.assign(node.dataset, value);
    else if (name === "on") for (const [event, handler] of Object.entries(value)) node.addEventListener(event, handler);
    else node.setAttribute(name, value === true ? "" : String(value));
  }
  node.append(...children.flat(Infinity).filter((child) => child !== null && child !== undefined && child !== false && child !== ""));
  return node;
}

/** A line drawing that takes the colour of the text around it; decoration only. */
export function icon(name) {
  const space = "http://www.w3.org/2000/svg";
  const svg = document.createElementNS(space, "svg");
  svg.setAttribute("viewBox", "0 0 24 24");
  svg.setAttribute("class", "icon");
  svg.setAttribute("aria-hidden", "true");
  for (const d of ICONS[name]) {
    const path = document.createElementNS(space, "path");
    path.setAttribute("d", d);
    svg.append(path);
  }
  return svg;
}

/** A button that shows only an icon, named for those who do not see it. */
export function iconButton(name, label, onClick, props = {}) {
  return el("button", { type: "button", class: "icon-button", title: label, "aria-label": label, on: { click: onClick }, ...props }, icon(name));
}

/** The initials of a name on a quiet colour that stays the same for the same name. */
export function avatar(name, large = false) {
  const words = name.replace(/[^\p{L}\p{N} ]/gu, "").split(/\s+/).filter(Boolean);
  const letters = /^\d*$/.test(words.join("")) ? "" : words.slice(0, 2).map((word) => [...word][0].toUpperCase()).join("");
  const hue = [...name].reduce((sum, char) => (sum * 31 + char.codePointAt(0)) % 6, 7);
  return el("span", { class: `avatar hue-${hue}${large ? " large" : ""}`, "aria-hidden": "true" }, letters || icon("person"));
}

const WEB = /(https?:\/\/[^\s<>"]+[^\s<>".,;:!?)\]])/g;

/** Text with its web addresses as links. */
export function linked(text) {
  return text.split(WEB).map((part, index) => (index % 2 ? link(part, part) : part));
}

/** A link to a web address or phone number; plain text for any other address. */
export function link(url, label, props = {}) {
  if (!/^(https?:|tel:)/i.test(url)) return el("span", props, label);
  return el("a", { href: url, target: "_blank", rel: "noopener noreferrer", ...props }, label);
}

/** A picture from an address; where it cannot be shown, the address itself. */
export function picture(url, alt, props = {}) {
  const image = el("img", { alt, loading: "lazy", ...props });
  image.addEventListener("error", () => image.replaceWith(link(url, url, { class: "broken" })));
  image.src = /^(https?:|data:image\/|\/)/i.test(url) ? url : "data:,";
  return image;
}

export function clock(atMs) {
  return new Date(atMs).toLocaleTimeString([], { hour: "2-digit", minute: "2-digit" });
}

/** "Today 10:23", "Yesterday 10:23", "3 Nov 10:23". */
export function dayAndClock(atMs) {
  const day = new Date(atMs).setHours(0, 0, 0, 0);
  const days = Math.round((new Date().setHours(0, 0, 0, 0) - day) / 86400000);
  const name = ["Today", "Yesterday"][days] ?? new Date(atMs).toLocaleDateString([], { day: "numeric", month: "short" });
  return `${name} ${clock(atMs)}`;
}

const marks = new WeakMap(); // element -> what it was drawn from

/** Fill `box` with what `draw` returns, unless it shows the same `facts` already. */
export function drawOnce(box, facts, draw) {
  const mark = JSON.stringify(facts);
  if (marks.get(box) === mark) return;
  marks.set(box, mark);
  box.replaceChildren(...draw());
}

const FOCUSABLE = "a[href], button, input, select, textarea, summary, [tabindex], audio[controls], video[controls]";

/** Show `items` in `list`: each is drawn when it is new or its `signature` changed, and stays untouched otherwise; focus stays where it was. */
export function keyed(list, items, key, signature, draw) {
  const old = new Map([...list.children].map((node) => [node.dataset.key, node]));
  const nodes = items.map((item, index) => {
    const id = String(key(item)), mark = signature(item, index);
    const had = old.get(id);
    if (had && marks.get(had) === mark) return had;
    const node = draw(item, index);
    node.dataset.key = id;
    marks.set(node, mark);
    if (had?.contains(document.activeElement)) {
      const at = [...had.querySelectorAll(FOCUSABLE)].indexOf(document.activeElement);
      queueMicrotask(() => node.querySelectorAll(FOCUSABLE)[at]?.focus({ preventScroll: true }));
    }
    return node;
  });
  const same = nodes.length === list.children.length && nodes.every((node, index) => node === list.children[index]);
  if (same) return;
  nodes.forEach((node, index) => {
    if (list.children[index] !== node) list.insertBefore(node, list.children[index] ?? null);
  });
  while (list.children.length > nodes.length) list.lastElementChild.remove();
}

/** Keep the end of a scrolling `box` in view while its `contents` grow, unless the reader scrolled up; the returned function goes there. */
export function stickToEnd(box, ...contents) {
  let atEnd = true, seen = { top: 0, height: 0, inner: 0 };
  const look = () => (seen = { top: box.scrollTop, height: box.scrollHeight, inner: box.clientHeight });
  const goToEnd = () => {
    atEnd = true;
    box.scrollTop = box.scrollHeight;
    look();
  };
  // Only a reader moves up while the sizes stay; a position that changes along with them is the layout's doing, and the end is farther away.
  box.addEventListener("scroll", () => {
    const before = seen, now = look();
    const stays = now.height === before.height && now.inner === before.inner;
    if (now.height - now.top - now.inner < 40) atEnd = true;
    else if (stays && now.top < before.top) atEnd = false;
    else if (atEnd) goToEnd();
  });
  const observer = new ResizeObserver(() => (atEnd ? goToEnd() : look()));
  for (const node of [box, ...contents]) observer.observe(node);
  return goToEnd;
}

/** A text box that grows with its text and sends on Enter (Shift+Enter breaks the line). */
export function composer(textarea, send) {
  const grow = () => {
    textarea.style.height = "auto";
    textarea.style.height = `${Math.min(textarea.scrollHeight, 140)}px`;
  };
  textarea.addEventListener("input", grow);
  textarea.addEventListener("keydown", (event) => {
    if (event.key !== "Enter" || event.shiftKey || event.isComposing) return;
    event.preventDefault();
    send();
  });
  return () => {
    textarea.value = "";
    grow();
  };
}
