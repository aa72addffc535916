/** The messages of a conversation as the agent sees them. */

import { consumerName, lockNote } from "./agent_facts.js";
import { drawReplies, drawRich, metadataWords, strayClicks } from "./agent_rich.js";
import { clock, dayAndClock, el, icon, linked, picture } from "./dom.js";

const PICTURES = ["JPG", "JPEG", "PNG", "GIF", "WEBP"];
const VIDEOS = ["MP4", "MOV", "WEBM"];
const SOUNDS = ["MP3", "M4A", "OGG", "WAV"];
const GAP_MS = 10 * 60 * 1000;

const isAgent = (message) => ["ASSIGNED_AGENT", "AGENT", "MANAGER"].includes(message.role);
const isPrivate = (message) => message.audience === "AGENTS_AND_MANAGERS";

/** One message of `messages[index]`, in the words of `conversation`. */
export function drawMessage(messages, index, conversation) {
  const message = messages[index], before = messages[index - 1];
  const gap = !before || message.at_ms - before.at_ms > GAP_MS;
  const side = message.role === "CONSUMER" ? "consumer" : isAgent(message) ? "agent" : "system";
  return el(
    "li",
    {
      class: `msg ${side}${isPrivate(message) ? " private" : ""}`,
      dataset: { direction: side === "consumer" ? "in" : "out", status: statusOf(message), sequence: String(message.sequence), role: message.role },
    },
    gap && el("p", { class: "when" }, dayAndClock(message.at_ms)),
    isPrivate(message) && lockNote(),
    body(message),
    strayClicks(message.event, message.clicks ?? []).map((click) => el("p", { class: "clicked" }, icon("check"), `Clicked ${clock(click.at_ms)}`, click.metadata && ` · ${metadataWords(click.metadata)}`)),
    el("p", { class: "under" }, el("span", {}, `${speaker(message, side, conversation)} · ${clock(message.at_ms)}`), side === "consumer" && answered(message), side !== "consumer" && !isPrivate(message) && status(message)),
  );
}

function speaker(message, side, conversation) {
  if (side === "consumer") return consumerName(conversation);
  if (message.role === "AGENT") return "Survey";
  if (side === "agent") return message.role === "MANAGER" ? "Manager" : "You";
  return message.role === "CONTROLLER" ? "Automatic message" : message.role;
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
  const at = { failed: message.status.nack, read: message.status.read, delivered: message.status.accept }[key];
  const opened = message.status?.access && el("span", { class: "tick read" }, icon("check"), "Opened");
  return [el("span", { class: `tick ${key}`, title: at ? `${words} ${clock(at)}` : words }, icon(key === "failed" ? "close" : "check"), words), opened];
}

/** What a consumer's message carries beside its words: it was tapped, not typed. */
function answered(message) {
  const words = metadataWords(message.metadata);
  return words && el("span", { class: "from-button", title: "Metadata of the element that was tapped" }, icon("reply"), words);
}

function body(message) {
  const event = message.event ?? {}, clicks = message.clicks ?? [];
  const parts = [];
  if (message.type === "rich") parts.push(event.content ? drawRich(event.content, clicks) : el("p", { class: "bubble" }, linked(message.text ?? "")));
  else if (message.type === "file") parts.push(file(message, event.message ?? {}));
  else if (message.type === "form") parts.push(el("p", { class: "bubble file" }, icon("lock"), el("span", {}, message.text || "Secure form"), el("small", {}, "Secure form")));
  else parts.push(el("p", { class: "bubble" }, linked(message.text ?? "")));
  if (event.quickReplies?.replies?.length) parts.push(drawReplies(event.quickReplies.replies, clicks));
  return parts;
}

/** A file with what can be seen of it, and a way to keep it. */
function file(message, { relativePath = "", fileType = "", caption = "" }) {
  const url = `/control/files/${String(relativePath).split("/").filter(Boolean).map(encodeURIComponent).join("/")}`;
  const type = String(fileType).toUpperCase(), name = caption || `File.${type.toLowerCase()}`;
  const save = el("a", { class: "save", href: url, download: name, title: `Download ${name}`, "aria-label": `Download ${name}` }, icon("save"));
  if (PICTURES.includes(type)) {
    const open = el("a", { href: url, target: "_blank", rel: "noopener", title: "Open the picture" }, picture(url, caption || "Picture"));
    return el("figure", { class: "picture" }, open, el("figcaption", {}, el("span", {}, caption || type), save));
  }
  const player = VIDEOS.includes(type) ? "video" : SOUNDS.includes(type) ? "audio" : null;
  if (player) return el("figure", { class: "picture" }, el(player, { controls: true, preload: "metadata", src: url }), el("figcaption", {}, el("span", {}, name), save));
  return el("p", { class: "bubble file" }, icon("file"), el("a", { href: url, target: "_blank", rel: "noopener" }, name), el("small", {}, type), save);
}
