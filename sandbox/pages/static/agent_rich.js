/** LivePerson's structured content as cards, and what the consumer clicked in it. Everything in it is a stranger's: text nodes only. */

import { clock, el, icon, link, linked, picture } from "./dom.js";

const SIZES = ["small", "medium", "large"];
const listed = (value) => (Array.isArray(value) ? value : []);

/** The content of a message; `clicks` are shown at the elements they were made on. */
export function drawRich(content, clicks) {
  return el("div", { class: "rich" }, element(content, clicks));
}

/** Quick replies as chips. */
export function drawReplies(replies, clicks) {
  const chip = (reply) => el("li", { class: "chip", title: says(reply) }, String(reply?.title ?? ""), clicked(reply, clicks));
  return el("ul", { class: "offered", "aria-label": "Quick replies" }, listed(replies).map(chip));
}

/** The clicks that no element of the message shows: their metadata is on none of them. */
export function strayClicks(event, clicks) {
  const known = new Set();
  const walk = (node) => {
    if (node === null || typeof node !== "object") return;
    if (node.click?.metadata) known.add(JSON.stringify(node.click.metadata));
    Object.values(node).forEach(walk);
  };
  walk(event);
  return clicks.filter((click) => !known.has(JSON.stringify(click.metadata)));
}

/** The words of metadata: "ExternalId Yes-1234". */
export function metadataWords(metadata) {
  return listed(metadata).map((item) => [item?.type, ...Object.entries(item ?? {}).filter(([name, value]) => name !== "type" && typeof value === "string").map(([, value]) => value)].join(" ")).join(", ");
}

function clicked(node, clicks) {
  const mark = JSON.stringify(node?.click?.metadata ?? null);
  const mine = mark === "null" ? [] : clicks.filter((click) => JSON.stringify(click.metadata) === mark);
  if (!mine.length) return null;
  return el("span", { class: "clicked", title: metadataWords(node.click.metadata) }, icon("check"), `Clicked ${mine.map((click) => clock(click.at_ms)).join(", ")}`);
}

/** What a click on the element does, in words. */
function says(node) {
  return listed(node?.click?.actions)
    .map((action) => {
      if (action?.type === "publishText") return `Says “${action.text}”`;
      if (action?.type === "link") return `Opens ${action.uri}`;
      return action?.type === "navigate" ? `Shows ${action.la}, ${action.lo}` : String(action?.type ?? "");
    })
    .join(", ");
}

function styled(node, style) {
  if (!style || typeof style !== "object") return node;
  if (style.bold) node.classList.add("strong");
  if (style.italic) node.classList.add("italic");
  if (SIZES.includes(style.size)) node.classList.add(style.size);
  for (const name of ["color", "background-color"]) if (typeof style[name] === "string") node.style.setProperty(name, style[name]);
  return node;
}

const box = (className) => (node, clicks) => el("div", { class: `box ${className}` }, inside(node, clicks));
const inside = (node, clicks) => listed(node.elements).map((inner) => element(inner, clicks));

function button(node, clicks) {
  const action = listed(node.click?.actions).find((each) => each?.type === "link" && typeof each.uri === "string");
  const words = [String(node.title ?? node.tooltip ?? "Button"), node.subtitle && el("small", {}, String(node.subtitle))];
  const drawn = action ? link(action.uri, el("span", {}, words), { class: "card-button", title: says(node) }) : el("span", { class: "card-button", title: says(node) }, words);
  drawn.append(...[action && icon("out"), clicked(node, clicks)].filter(Boolean));
  return styled(drawn, node.style);
}

function image(node, clicks) {
  const alt = String(node.alt || node.tooltip || node.caption || "Picture");
  return el("figure", {}, picture(String(node.url ?? ""), alt), node.caption && el("figcaption", {}, String(node.caption)), clicked(node, clicks));
}

function place(node, clicks) {
  const where = `${node.la}, ${node.lo}`;
  const url = `https://www.openstreetmap.org/?mlat=${encodeURIComponent(node.la)}&mlon=${encodeURIComponent(node.lo)}`;
  return el("div", { class: "map-box" }, el("span", { class: "map", "aria-hidden": "true" }, icon("pin")), link(url, node.tooltip || where, { class: "where" }), node.tooltip && el("small", {}, where), clicked(node, clicks));
}

function preview(node) {
  const url = String(node.url ?? "");
  const host = URL.canParse(url) ? new URL(url).host : url;
  return el("div", { class: "link-box" }, icon("out"), el("div", {}, link(url, String(node.title || url)), el("small", {}, host)));
}

function accordion(node, clicks) {
  const title = (index) => String(listed(node.titles)[index]?.text ?? listed(node.titles)[index] ?? `Part ${index + 1}`);
  return el("div", { class: "box" }, listed(node.elements).map((inner, index) => el("details", { open: index === 0 }, el("summary", {}, title(index)), element(inner, clicks))));
}

const DRAWN = {
  text: (node, clicks) => styled(el("p", { class: node.tag === "title" ? "strong" : "" }, linked(String(node.text ?? "")), clicked(node, clicks)), node.style),
  image,
  button,
  submitButton: button,
  map: place,
  linkPreview: preview,
  template: (node) => [el("p", {}, String(node.title ?? "")), el("ul", { class: "offered" }, listed(node.resp).map((words) => el("li", { class: "chip" }, String(words))))],
  keyValuePairList: (node) => el("dl", { class: "pairs" }, listed(node.elements).map((pair) => el("div", {}, el("dt", {}, String(pair?.key ?? "")), el("dd", {}, String(pair?.value ?? ""))))),
  vertical: box("vertical"),
  horizontal: box("horizontal"),
  carousel: (node, clicks) => el("div", { class: "box carousel", tabindex: "0", role: "group", "aria-label": `Carousel of ${listed(node.elements).length} cards` }, inside(node, clicks)),
  carouselSelect: (node, clicks) => DRAWN.carousel(node, clicks),
  accordionSelect: accordion,
  tabs: accordion,
  list: box("list"),
  sectionList: box("plain"),
  section: box("plain"),
  checklist: (node, clicks) => el("ul", { class: "checks" }, listed(node.elements).map((inner) => element(inner, clicks))),
  checkbox: (node, clicks) => el("li", {}, el("i", { "aria-hidden": "true" }), String(node.text ?? ""), clicked(node, clicks)),
  buttonList: box("plain"),
};

/** One element; what is unknown shows its words. */
function element(node, clicks) {
  if (node === null || typeof node !== "object") return null;
  if (Object.hasOwn(DRAWN, node.type)) return DRAWN[node.type](node, clicks);
  return [el("p", { class: "unknown" }, String(node.title ?? node.text ?? node.type ?? "Unknown element")), inside(node, clicks)].flat();
}
