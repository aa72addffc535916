/** The messages of a conversation as the agent sees them. */

import { clock, dayAndClock, el, icon, link, linked, picture } from "./dom.js";
import { consumerName, lockNote } from "./agent_facts.js";

const PICTURES = ["JPG", "JPEG", "PNG", "GIF"];
const GAP_MS = 10 * 60 * 1000;

const isAgent = (message) => message.role === "ASSIGNED_AGENT" || message.role === "AGENT" || message.role === "MANAGER";
const isPrivate = (message) => message.audience === "AGENTS_AND_MANAGERS";

/** One message of `messages[index]`, in the words of `conversation`. */
export function drawMessage(messages, index, conversation) {
  const message = messages[index], before = messages[index - 1];
  const gap = !before || message.at_ms - before.at_ms > GAP_MS;
  const side = message.role === "CONSUMER" ? "consumer" : isAgent(message) ? "agent" : "system";
  const speaker = side === "consumer" ? consumerName(conversation) : side === "agent" ? "You" : message.role === "CONTROLLER" ? "System" : message.role;
  return el(
    "li",
    {
      class: `msg ${side}${isPrivate(message) ? " private" : ""}`,
      dataset: { direction: side === "consumer" ? "in" : "out", status: statusOf(message), sequence: String(message.sequence), role: message.role },
    },
    gap && el("p", { class: "when" }, dayAndClock(message.at_ms)),
    isPrivate(message) && lockNote(),
    body(message),
    el("p", { class: "under" }, el("span", {}, `${speaker} · ${clock(message.at_ms)}`), side === "agent" && !isPrivate(message) && status(message)),
  );
}

/** A line across the conversation, with a few words on it. */
export function drawDivider(words) {
  return el("li", { class: "divider" }, el("span", {}, words));
}

export function signature(messages, index, conversation) {
  return JSON.stringify([messages[index], messages[index - 1]?.at_ms, consumerName(conversation)]);
}

function statusOf({ status = {} }) {
  if (status.nack) return "failed";
  return status.read ? "read" : status.accept ? "delivered" : "sent";
}

function status(message) {
  const key = statusOf(message);
  const words = { failed: "Not delivered", read: "Read", delivered: "Delivered", sent: "Sent" }[key];
  return el("span", { class: `tick ${key}` }, key === "failed" ? null : icon("check"), words);
}

function body(message) {
  const event = message.event ?? {};
  const replies = event.quickReplies?.replies ?? [];
  const parts = [];
  if (message.type === "rich") parts.push(el("div", { class: "rich" }, event.content ? structured(event.content) : linked(message.text)));
  else if (message.type === "file") parts.push(file(message, event.message ?? {}));
  else parts.push(el("p", { class: "bubble" }, linked(message.text ?? "")));
  if (replies.length) parts.push(el("p", { class: "offered" }, replies.map((reply) => el("span", { class: "chip" }, reply.title))));
  return parts;
}

function file(message, { relativePath = "", fileType = "", caption = "" }) {
  const url = `/control/files/${relativePath.replace(/^\//, "")}`;
  if (PICTURES.includes(fileType)) return el("figure", { class: "picture" }, picture(url, caption || "Picture"), caption && el("figcaption", {}, caption));
  const name = caption || relativePath.split("/").pop() || "File";
  return el("p", { class: "bubble file" }, icon("file"), el("a", { href: url, target: "_blank", rel: "noopener" }, name));
}

/** LivePerson's structured content, as cards. */
function structured(node) {
  switch (node.type) {
    case "vertical":
    case "horizontal":
    case "carousel":
    case "list":
      return el("div", { class: `box ${node.type}` }, (node.elements ?? []).map(structured));
    case "text":
      return el("p", { class: node.style?.bold || node.tag === "title" ? "strong" : "" }, node.text ?? "");
    case "image":
      return picture(node.url ?? "", node.tooltip || node.caption || "Picture");
    case "button":
      return el("span", { class: "card-button" }, node.title ?? node.tooltip ?? "Button");
    case "map":
      return link(`https://www.openstreetmap.org/?mlat=${node.la}&mlon=${node.lo}`, node.tooltip || `${node.la}, ${node.lo}`);
    default:
      return el("p", { class: "muted" }, node.title ?? node.text ?? node.type ?? "");
  }
}
