/** The bubbles of a phone's transcript. */

import { clock, dayAndClock, el, icon, link, linked, picture } from "./dom.js";

const GAP_MS = 10 * 60 * 1000; // a silence after which the time is shown again
const STAMPED = ["whatsapp", "telegram"]; // apps that write time and ticks into each bubble
const PLAINLY = ["sms", "rcs", "viber"]; // apps that tell in a word what became of the newest

/** One bubble of `messages[index]`, as the app called `look` has it; `hands` say what a tap does: `tap(choice)`, `open(card, opener)` of a list. */
export function drawMessage(messages, index, look, hands) {
  const message = messages[index], before = messages[index - 1], after = messages[index + 1];
  const gap = !before || message.at_ms - before.at_ms > GAP_MS;
  const last = !after || after.direction !== message.direction || after.at_ms - message.at_ms > GAP_MS;
  const first = gap || before.direction !== message.direction;
  const who = message.direction === "out" ? "You" : "Brand";
  return el(
    "li",
    {
      class: `msg ${first ? "first" : ""} ${last ? "last" : ""} type-${message.type}`,
      dataset: { direction: message.direction, status: message.status, id: message.id },
      "aria-label": `${who}, ${clock(message.at_ms)}`,
    },
    gap && el("p", { class: "when" }, dayAndClock(message.at_ms)),
    content(message, look, hands),
    underneath(message, look, isNewest(messages, index)),
  );
}

/** What of its neighbours a bubble depends on; it is drawn again only when this changes. */
export function signature(messages, index) {
  const before = messages[index - 1], after = messages[index + 1];
  return JSON.stringify([messages[index], before?.direction, before?.at_ms, after?.direction, after?.at_ms, isNewest(messages, index)]);
}

function isNewest(messages, index) {
  return !messages.slice(index + 1).some((message) => message.direction === messages[index].direction);
}

function content(message, look, hands) {
  const stamp = STAMPED.includes(look) ? () => drawStamp(message, look) : () => null;
  if (message.cards) {
    const several = message.cards.length > 1;
    const cards = message.cards.map((card) => drawCard(card, look, hands, several ? null : stamp()));
    return [
      message.above && el("p", { class: "bubble above" }, linked(message.above), stamp()),
      el("div", { class: `cards ${several ? "several" : ""}`, tabindex: several ? "0" : null }, cards),
    ];
  }
  switch (message.type) {
    case "image":
      return el("figure", { class: "picture" }, picture(message.url, "Picture"), message.text && el("figcaption", {}, linked(message.text)), stamp());
    case "file":
      return el("p", { class: "bubble file" }, icon("file"), link(message.url, fileName(message.url)), message.text && el("span", {}, linked(message.text)), stamp());
    case "location":
      return drawPlace(message);
    default:
      return el("p", { class: "bubble" }, linked(message.text), stamp());
  }
}

function fileName(url) {
  return decodeURIComponent(url.split(/[?#]/)[0].split("/").pop() || url);
}

function drawPlace({ title, address, latitude, longitude }) {
  const url = `https://www.openstreetmap.org/?mlat=${latitude}&mlon=${longitude}`;
  return el(
    "div",
    { class: "place" },
    el("span", { class: "map", "aria-hidden": "true" }, icon("pin")),
    el("p", {}, el("strong", {}, title || "Location"), address && el("span", {}, address), link(url, `${Number(latitude).toFixed(4)}, ${Number(longitude).toFixed(4)}`)),
  );
}

function drawCard(card, look, hands, stamp) {
  const title = card.title && el("strong", {}, card.url ? link(card.url, card.title) : card.title);
  const words = (title || card.subtitle || stamp) && el("div", { class: "card-text" }, title, card.subtitle && el("span", {}, linked(card.subtitle)), stamp);
  const body = el("div", { class: "card-body" }, card.image_url && picture(card.image_url, card.title), words);
  if (card.menu) return el("div", { class: "card" }, body, drawMenu(card, hands));
  return el("div", { class: "card" }, body, card.buttons.map((button) => drawButton(button, look, hands)));
}

function drawButton(button, look, { tap }) {
  if (button.kind === "link") return link(button.url, el("span", {}, STAMPED.includes(look) && icon("out"), button.title), { class: "card-button" });
  const label = el("span", {}, look === "whatsapp" && icon("reply"), button.title);
  return el("button", { type: "button", class: "card-button", "aria-busy": button.waiting ? "true" : null, on: { click: () => tap(button) } }, label);
}

/** The button that opens a list of choices. */
function drawMenu(card, { open }) {
  const opens = (event) => open(card, event.currentTarget);
  return el("button", { type: "button", class: "card-button", "aria-haspopup": "dialog", on: { click: opens } }, el("span", {}, icon("list"), card.menu));
}

/** The number of SMS of a text, and what became of it where the app says so below the bubble. */
function underneath(message, look, newest) {
  const mine = message.direction === "out";
  const parts = [];
  if (message.segments && (message.segments.count > 1 || look === "sms")) {
    const { count, units, encoding } = message.segments;
    parts.push(el("span", { class: "segments", title: `${units} ${encoding === "GSM-7" ? "septets" : "code units"}` }, `${count} SMS · ${units} ${encoding}`));
  }
  if (message.status === "failed") parts.push(el("span", { class: "failed" }, "Not delivered"));
  else if (mine && PLAINLY.includes(look) && newest) parts.push(el("span", {}, message.status === "sent" ? "Sending…" : "Delivered"));
  else if (mine && look === "instagram" && newest) parts.push(el("span", { class: "seen" }, WORDS[message.status]));
  else if (mine && look === "messenger") parts.push(tick(message.status, newest));
  return parts.length ? el("p", { class: "under" }, parts) : null;
}

const WORDS = { sent: "Sending…", delivered: "Delivered", read: "Seen" };

function tick(status, newest) {
  const words = WORDS[status];
  return el("span", { class: `tick ${status}`, title: words }, el("i", {}, status === "sent" ? "" : icon("check")), newest ? words : el("span", { class: "hidden" }, words));
}

/** The time in the corner of a bubble; in the consumer's own also ticks, of which a bot on Telegram gets both at once. */
function drawStamp(message, look) {
  const words = WORDS[message.status];
  const mine = message.direction === "out" && words;
  return el(
    "span",
    { class: `stamp ${message.status}` },
    clock(message.at_ms),
    mine && icon(message.status === "sent" ? "clock" : "checks"),
    mine && el("span", { class: "hidden" }, look === "telegram" && message.status === "delivered" ? "Seen by the bot" : words),
  );
}
