/** Whether what a consumer wrote is in a conversation of the agents. */

import { ask, follow } from "./live.js";

const PATIENCE_MS = 10000;
const SLACK_MS = 1000; // a phone's times may run ahead of the conversation's

export class Arrivals {
  /** `onChange()` is called whenever the answers may be others. */
  constructor(onChange) {
    this.conversations = new Map();
    this.known = false; // until it is known what the agents have, nothing is missing
    const keep = (conversation) => this.conversations.set(conversation.conversationId, conversation);
    const load = async () => {
      const answer = await ask("GET", "/control/conversations").catch(() => null);
      if (!answer) return;
      for (const conversation of answer.conversations) if (!this.conversations.has(conversation.conversationId)) keep(conversation);
      this.known = true;
      onChange();
    };
    follow("conversation", (conversation) => (keep(conversation), onChange()), load);
    follow("reset", () => (this.conversations.clear(), onChange()));
  }

  /** In how many milliseconds `message` is missed at the agents: 0 when it is by now, null when it is there (or nobody can tell). */
  missedIn(message) {
    if (message.status === "failed" || message.status === "undelivered") return 0;
    if (!this.known || message.status === "read" || this.has(message)) return null;
    return Math.max(0, message.at_ms + PATIENCE_MS - Date.now());
  }

  has(message) {
    const same = (text) => !message.text || message.type !== "text" || (text ?? "").trim() === message.text.trim();
    const arrived = (said) => said.role === "CONSUMER" && said.at_ms >= message.at_ms - SLACK_MS && same(said.text);
    return [...this.conversations.values()].some(({ messages }) => messages.some(arrived));
  }
}
