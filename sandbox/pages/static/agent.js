/** The agent's workspace: the queue, one conversation, what is known of its consumer, and what the agent can do. */

import { Composer } from "./agent_composer.js";
import { colleagues, consumerName, drawInfo, drawQueueHeading, drawQueueItem, heldBy, inWords, isClosed, knownSkills, lastAt, loadAccounts, queueParts, queueSignature, resumedFrom, satisfaction, skillName, source, stateOf, unread } from "./agent_facts.js";
import { drawDivider, drawMessage, signature } from "./agent_messages.js";
import { avatar, dayAndClock, drawOnce, el, icon, iconButton, keyed, stickToEnd } from "./dom.js";
import { call, follow, notify } from "./live.js";
import { menu } from "./menu.js";

const RECHECK_MS = 300;

/** Draw the workspace into `root`. `?account=` in the page's address shows that account only. */
export function mountAgent(root) {
  const agent = new Agent(root);
  follow("conversation", (conversation) => agent.received(conversation), () => agent.load());
  follow("reset", () => agent.forget());
}

class Agent {
  constructor(root) {
    this.account = new URLSearchParams(location.search).get("account") ?? "";
    this.conversations = new Map();
    this.selected = null; // conversation id
    this.fresh = new Set(); // ids of what changed since the last load began
    this.chosen = false; // somebody picked a conversation by hand
    this.reading = false;
    this.draw(root);
    this.show();
  }

  // ---- frame ---------------------------------------------------------------------------------------------------------------

  draw(root) {
    this.queue = el("ul", { class: "queue", "data-testid": "agent-queue", "aria-label": "Conversations", on: { keydown: (event) => this.moveInQueue(event) } });
    this.queueCount = el("span", { class: "count-all" });
    this.queueEmpty = el("div", { class: "empty small" }, el("strong", {}, "The queue is empty"), el("p", {}, "A conversation appears here as soon as a consumer writes."));
    const queue = el("nav", { class: "queue-part", "aria-label": "Queue" }, el("h2", {}, "Queue", this.queueCount), this.queue, this.queueEmpty);

    this.head = el("div", { class: "talk-who" });
    this.joinButton = el("button", { type: "button", class: "primary", "data-testid": "agent-join", on: { click: () => this.act("join") } }, icon("join"), el("span", {}, "Join"));
    this.transfer = el("select", { "aria-label": "Transfer", class: "quiet", "data-testid": "agent-transfer", on: { change: () => this.moveTo(this.transfer.value) } });
    this.queueButton = el("button", { type: "button", class: "quiet", title: "Return the conversation to the queue of its skill", "data-testid": "agent-requeue", on: { click: () => this.act("queue") } }, "To queue");
    this.closeMenu = menu("Close", null, [
      { label: "Close", hint: "a survey follows where the skill has one", testid: "agent-close", run: () => this.act("close") },
      { label: "Close everything", hint: "no survey", testid: "agent-close-all", run: () => this.act("close-all") },
    ], { testid: "agent-close-menu" });
    this.endSurveyButton = el("button", { type: "button", class: "quiet", "data-testid": "agent-end-survey", on: { click: () => this.act("close-all") } }, "End survey");
    this.resumeButton = el("button", { type: "button", class: "primary", "data-testid": "agent-resume", on: { click: () => this.resume() } }, icon("reply"), "Resume");
    this.infoButton = iconButton("person", "About the consumer", () => this.showInfo(!this.workspace.classList.contains("with-info")), { class: "icon-button info-button", "aria-expanded": "false" });
    const actions = el("div", { class: "actions" }, this.joinButton, this.transfer, this.queueButton, this.closeMenu, this.endSurveyButton, this.resumeButton);

    this.earlier = el("ol", { class: "talk earlier", "data-testid": "agent-earlier", "aria-label": "Earlier conversation" });
    this.messages = el("ol", { class: "talk", "data-testid": "agent-messages", "aria-label": "Messages" });
    this.survey = el("ol", { class: "talk survey", "data-testid": "agent-survey", "aria-label": "Post-conversation survey" });
    this.typingLine = el("p", { class: "typing", "data-testid": "agent-typing", role: "status", hidden: true }, el("i"), el("i"), el("i"), el("span"));
    this.scroller = el("div", { class: "scroller", tabindex: "0", role: "region", "aria-label": "Conversation" }, this.earlier, this.messages, this.survey, this.typingLine);
    this.goToEnd = stickToEnd(this.scroller, this.earlier, this.messages, this.survey, this.typingLine);

    const act = (action, body, conversationId) => this.act(action, body, conversationId);
    const isOpen = (id) => this.conversations.has(id) && !isClosed(this.conversations.get(id));
    this.composer = new Composer({ act, isOpen, conversation: () => this.conversation, sent: () => this.goToEnd() });
    this.closedLine = el("div", { class: "closed-line", "data-testid": "agent-outcome" });
    this.talk = el("section", { class: "talk-part", "aria-label": "Conversation" }, el("header", { class: "talk-head" }, this.head, this.infoButton, actions), this.scroller, this.closedLine, this.composer.root);
    this.nothing = el("section", { class: "talk-part nothing" }, el("div", { class: "empty" }, icon("chat"), el("strong", {}, "No conversation selected"), el("p", {}, "Choose one from the queue, or write as a consumer to begin one.")));
    this.infoBody = el("div");
    const closeInfo = iconButton("close", "Close", () => this.showInfo(false), { class: "icon-button info-close" });
    this.info = el("aside", { class: "info", "data-testid": "agent-info", "aria-label": "About the consumer", tabindex: "0" }, closeInfo, this.infoBody);
    this.news = el("p", { class: "hidden", role: "status", "aria-live": "polite", "data-testid": "agent-news" });
    this.workspace = el("div", { class: "workspace", on: { keydown: (event) => event.key === "Escape" && this.showInfo(false) } }, queue, this.talk, this.nothing, this.info, this.news);
    root.append(this.workspace);
    document.addEventListener("visibilitychange", () => this.readIfSeen());
  }

  get conversation() {
    return this.conversations.get(this.selected) ?? null;
  }

  // ---- what is shown -------------------------------------------------------------------------------------------------------

  async load() {
    this.fresh.clear();
    await loadAccounts().catch((error) => notify(error.message));
    const answer = await call("GET", `/control/conversations${this.account ? `?account=${encodeURIComponent(this.account)}` : ""}`);
    if (!answer) return;
    const kept = [...this.fresh].filter((id) => this.conversations.has(id)).map((id) => [id, this.conversations.get(id)]); // they changed meanwhile: the answer may be older
    this.conversations = new Map([...answer.conversations.map((conversation) => [conversation.conversationId, conversation]), ...kept]);
    this.show();
  }

  received(conversation) {
    if (this.account && conversation.accountId !== this.account) return;
    this.announce(conversation, this.conversations.get(conversation.conversationId));
    this.fresh.add(conversation.conversationId);
    this.conversations.set(conversation.conversationId, conversation);
    this.show();
  }

  /** The sandbox was reset: nothing of what is shown is there any more. */
  forget() {
    this.conversations.clear();
    this.fresh.clear();
    this.selected = null;
    this.chosen = false;
    this.composer.reset();
    this.show();
    this.load();
  }

  /** Say what is new to those who do not see it. */
  announce(conversation, before) {
    const known = before?.messages.length ?? 0;
    const said = conversation.messages.slice(known).filter((message) => message.role === "CONSUMER").at(-1);
    if (said) this.news.textContent = `${consumerName(conversation)}: ${inWords(said)}`;
    else if (!before) this.news.textContent = `New conversation with ${consumerName(conversation)}`;
    else if (stateOf(before).words !== stateOf(conversation).words) this.news.textContent = `The conversation with ${consumerName(conversation)} is now ${stateOf(conversation).words.toLowerCase()}`;
  }

  select(conversationId) {
    if (this.selected === conversationId) return;
    this.composer.reset();
    this.selected = conversationId;
    this.show();
  }

  show() {
    const all = [...this.conversations.values()].sort((one, other) => isClosed(one) - isClosed(other) || lastAt(other) - lastAt(one));
    // A new conversation is shown by itself where nothing else is being answered.
    if (!this.conversation || (isClosed(this.conversation) && !this.chosen)) {
      this.selected = all.find((conversation) => !isClosed(conversation))?.conversationId ?? this.selected ?? all[0]?.conversationId ?? null;
    }
    const chosenBy = (conversation) => () => {
      this.chosen = true;
      this.select(conversation.conversationId);
    };
    keyed(
      this.queue,
      queueParts(all),
      (part) => (part.kind === "heading" ? `skill ${part.name}` : part.conversation.conversationId),
      (part) => (part.kind === "heading" ? String(part.count) : queueSignature(part.conversation, part.conversation.conversationId === this.selected)),
      (part) => (part.kind === "heading" ? drawQueueHeading(part) : drawQueueItem(part.conversation, part.conversation.conversationId === this.selected, chosenBy(part.conversation))),
    );
    this.queueEmpty.hidden = all.length > 0;
    const open = all.filter((conversation) => !isClosed(conversation)).length;
    this.queueCount.textContent = all.length ? String(open) : "";
    this.queueCount.title = `${open} open`;
    this.showConversation();
    this.readIfSeen();
  }

  /** Arrow keys, Home and End move through the queue; Enter, as on any button, shows the conversation. */
  moveInQueue(event) {
    const buttons = [...this.queue.querySelectorAll("button")], at = buttons.indexOf(document.activeElement);
    const to = { ArrowDown: at + 1, ArrowUp: Math.max(at - 1, 0), Home: 0, End: buttons.length - 1 }[event.key];
    if (to === undefined) return;
    event.preventDefault();
    buttons[Math.min(to, buttons.length - 1)].focus();
  }

  showConversation() {
    const conversation = this.conversation;
    this.talk.hidden = this.info.hidden = !conversation;
    this.nothing.hidden = Boolean(conversation);
    if (!conversation) return;
    const name = consumerName(conversation), state = stateOf(conversation), closed = isClosed(conversation), holder = heldBy(conversation);
    drawOnce(this.head, [name, state, resumedFrom(conversation), source(conversation), conversation.skillId, holder], () => [
      avatar(name),
      el("div", {}, el("h2", {}, name), el("span", {}, el("span", { class: `pill ${state.key}` }, state.words), resumedFrom(conversation) && el("span", { class: "pill" }, "Resumed"), holder && el("span", { class: "pill" }, `with ${holder}`), [source(conversation), skillName(conversation.skillId)].filter(Boolean).join(" · "))),
    ]);
    drawOnce(this.infoBody, { ...conversation, messages: null, consumerTyping: null, updated_ms: null, dialogs: null }, () => drawInfo(conversation).filter(Boolean));
    this.joinButton.hidden = closed || (Boolean(conversation.agentId) && !holder);
    this.joinButton.lastElementChild.textContent = holder ? "Take over" : "Join";
    this.transfer.hidden = this.closeMenu.hidden = closed;
    this.composer.root.hidden = closed || Boolean(holder);
    this.queueButton.hidden = closed || !conversation.agentId;
    this.endSurveyButton.hidden = state.key !== "survey";
    this.resumeButton.hidden = state.key !== "closed";
    this.closedLine.hidden = !closed;
    if (closed) this.showOutcome(conversation);
    this.drawTransfer(conversation);
    this.composer.address(name);
    const fresh = this.messages.dataset.conversation !== conversation.conversationId;
    if (fresh) for (const list of [this.messages, this.survey]) list.replaceChildren();
    this.messages.dataset.conversation = conversation.conversationId;
    this.showEarlier(conversation);
    const key = (message) => `${message.dialogId}/${message.sequence}`;
    const main = conversation.messages.filter((message) => message.dialogId === conversation.conversationId);
    keyed(this.messages, main, key, (_, index) => signature(main, index, conversation), (_, index) => drawMessage(main, index, conversation));
    this.showSurvey(conversation);
    this.typingLine.hidden = !conversation.consumerTyping;
    this.typingLine.lastElementChild.textContent = `${name} is typing`;
    if (fresh) this.goToEnd();
  }

  /** Who closed it, and what the consumer thought of it. */
  showOutcome(conversation) {
    const { state, stage, closeReason, csat, surveyAnswers, dialogs } = conversation;
    drawOnce(this.closedLine, [state, stage, closeReason, csat, surveyAnswers, dialogs], () => {
      const by = closeReason ? `Closed by ${closeReason.toLowerCase()}` : "This conversation is closed";
      return [el("p", {}, stage === "CLOSE" ? by : `${by}; the survey is under way`), satisfaction(conversation)].filter(Boolean);
    });
  }

  /** The survey is a dialog of its own, and stands apart from the conversation. */
  showSurvey(conversation) {
    const dialog = conversation.dialogs.find((each) => each.dialogType === "POST_SURVEY");
    const said = conversation.messages.filter((message) => message.dialogId === dialog?.dialogId);
    const words = dialog && `Post-conversation survey · ${dialog.state === "OPEN" ? "under way" : (dialog.closedCause ?? "closed").toLowerCase()}`;
    const key = (message) => `${message.dialogId}/${message.sequence}`;
    const parts = said.map((message, index) => ({ key: key(message), signature: signature(said, index, conversation), draw: () => drawMessage(said, index, conversation) }));
    if (dialog) parts.unshift({ key: dialog.dialogId, signature: words, draw: () => drawDivider(words) });
    keyed(this.survey, parts, (part) => part.key, (part) => part.signature, (part) => part.draw());
    this.survey.hidden = !dialog;
  }

  /** Above a resumed conversation, the ones that it goes on with, oldest first. */
  showEarlier(conversation) {
    const chain = [];
    let id = resumedFrom(conversation);
    while (this.conversations.has(id) && !chain.includes(this.conversations.get(id))) {
      chain.unshift(this.conversations.get(id));
      id = resumedFrom(chain[0]);
    }
    const divider = (key, words) => ({ key, signature: words, draw: () => drawDivider(words) });
    const said = chain.flatMap((earlier) => {
      const { messages, conversationId } = earlier;
      const each = messages.map((message, index) => ({
        key: `${conversationId}/${message.dialogId}/${message.sequence}`,
        signature: signature(messages, index, earlier),
        draw: () => drawMessage(messages, index, earlier),
      }));
      return [divider(`${conversationId}/begin`, "Earlier conversation"), ...each];
    });
    const parts = resumedFrom(conversation) ? [...said, divider(`${conversation.conversationId}/resumed`, `Resumed ${dayAndClock(conversation.started_ms)}`)] : [];
    keyed(this.earlier, parts, (part) => part.key, (part) => part.signature, (part) => part.draw());
    this.earlier.hidden = !parts.length;
  }

  drawTransfer(conversation) {
    const seen = [...this.conversations.values()].map((other) => String(other.skillId ?? "")).filter((skill) => skill && skill !== "-1");
    const skills = [...new Set([...knownSkills(), ...seen])].filter((skill) => skill !== String(conversation.skillId)).sort();
    const others = colleagues(conversation).map(({ pid, username, kind }) => ({ pid, label: kind === "bot" ? `${username} (bot)` : username }));
    const group = (label, options) => options.length > 0 && el("optgroup", { label }, options);
    drawOnce(this.transfer, [skills, others], () =>
      [
        el("option", { value: "" }, "Transfer…"),
        group("To a skill", skills.map((skill) => el("option", { value: skill }, skillName(skill)))),
        group("To an agent", others.map(({ pid, label }) => el("option", { value: `agent ${pid}` }, label))),
      ].filter(Boolean),
    );
    this.transfer.value = "";
  }

  showInfo(on) {
    if (this.workspace.classList.contains("with-info") === on) return;
    this.workspace.classList.toggle("with-info", on);
    this.infoButton.setAttribute("aria-expanded", String(on));
    (on ? this.info : this.infoButton).focus();
  }

  // ---- what the agent does -------------------------------------------------------------------------------------------------

  act(action, body = {}, conversationId = this.selected) {
    return call("POST", `/control/conversations/${encodeURIComponent(conversationId)}/agent/${action}`, body);
  }

  async moveTo(target) {
    const agentId = target.startsWith("agent ") ? target.slice(6) : null;
    if (agentId) await this.act("suggest", { agentId });
    else if (target) await this.act("transfer", { skillId: target });
    this.transfer.value = "";
  }

  async resume() {
    const answer = await this.act("resume");
    const next = answer?.conversation;
    if (!next) return;
    this.conversations.set(next.conversationId, next);
    this.select(next.conversationId);
    this.composer.input.focus();
  }

  /** Report the consumer's messages as received, and as read while the agent who joined can see them. */
  async readIfSeen() {
    const conversation = this.conversation;
    if (!conversation?.agentId || heldBy(conversation) || this.reading || !unread(conversation).length) return;
    const isNew = unread(conversation).some((message) => !message.status?.accept), isSeen = document.visibilityState === "visible";
    if (!isNew && !isSeen) return;
    this.reading = true;
    const { conversationId } = conversation;
    const done = (!isNew || (await this.act("accept", {}, conversationId))) && (!isSeen || (await this.act("read", {}, conversationId)));
    this.reading = false;
    if (done) setTimeout(() => this.readIfSeen(), RECHECK_MS); // something may have come meanwhile
  }
}
