/** The bubbles of a phone's transcript. */

import { clock, dayAndClock, el, icon, link, linked, picture } from "./dom.js";

const GAP_MS = 10 * 60 * 1000; // a silence after which the time is shown again

/** One bubble of `messages[index]`; `tap(choice)` is called for buttons and quick replies. */
export function drawMessage(messages, index, look, tap) {
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
    content(message, tap),
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

function content(message, tap) {
  if (message.cards) return el("div", { class: "cards", tabindex: message.cards.length > 1 ? "0" : null }, message.cards.map((card) => drawCard(card, tap)));
  switch (message.type) {
    case "image":
      return el("figure", { class: "picture" }, picture(message.url, "Picture"), message.text && el("figcaption", {}, message.text));
    case "file":
      return el("p", { class: "bubble file" }, icon("file"), link(message.url, fileName(message.url)), message.text && el("span", {}, linked(message.text)));
    case "location":
      return drawPlace(message);
    default:
      return el("p", { class: "bubble" }, linked(message.text));
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

function drawCard(card, tap) {
  const title = card.title && el("strong", {}, card.url ? link(card.url, card.title) : card.title);
  const buttons = card.buttons.map((button) =>
    button.kind === "link"
      ? link(button.url, button.title, { class: "card-button" })
      : el("button", { type: "button", class: "card-button", "aria-busy": button.waiting ? "true" : null, on: { click: () => tap(button) } }, button.title),
  );
  return el(
    "div",
    { class: "card" },
    card.image_url && picture(card.image_url, card.title),
    el("div", { class: "card-text" }, title, card.subtitle && el("span", {}, linked(card.subtitle))),
    buttons,
  );
}

/** The ticks of what the consumer wrote, and the number of SMS of a text. */
function underneath(message, look, newest) {
  const mine = message.direction === "out";
  const parts = [];
  if (message.segments && (message.segments.count > 1 || look === "sms")) {
    const { count, units, encoding } = message.segments;
    parts.push(el("span", { class: "segments", title: `${units} ${encoding === "GSM-7" ? "septets" : "code units"}` }, `${count} SMS · ${units} ${encoding}`));
  }
  if (message.status === "failed") parts.push(el("span", { class: "failed" }, "Not delivered"));
  else if (mine && look === "sms" && newest) parts.push(el("span", {}, message.status === "sent" ? "Sending…" : "Delivered"));
  else if (mine && look !== "sms") parts.push(tick(message.status, newest));
  return parts.length ? el("p", { class: "under" }, parts) : null;
}

function tick(status, newest) {
  const words = { sent: "Sending…", delivered: "Delivered", read: "Seen" }[status];
  return el("span", { class: `tick ${status}`, title: words }, el("i", {}, status === "sent" ? "" : icon("check")), newest ? words : el("span", { class: "hidden" }, words));
}
