/** Where the agent writes: answers, private notes, files, structured content. */

import { composer, el, icon, iconButton } from "./dom.js";
import { notify } from "./live.js";
import { menu } from "./menu.js";
import { parsed } from "./rich_rules.js";
import { TEMPLATES } from "./rich_templates.js";

const TYPING_IDLE_MS = 4000;
const MAX_FILE_BYTES = 3 * 1024 * 1024;

export class Composer {
  /** `act(action, body, conversationId)` does what the agent does, `isOpen(conversationId)` says where it may; `conversation()` is the one shown, `sent()` is called after. */
  constructor({ act, isOpen, conversation, sent }) {
    this.act = act;
    this.isOpen = isOpen;
    this.conversation = conversation;
    this.sent = sent;
    this.isNote = false;
    this.typing = null; // the conversation in which the agent types, and the timer that ends it
    this.input = el("textarea", { rows: "1", "data-testid": "agent-input", "aria-label": "Answer", on: { input: () => this.types(), keydown: (event) => event.key === "Escape" && this.setNote(false) } });
    this.clearInput = composer(this.input, () => this.send());
    this.noteButton = el("button", { type: "button", class: "tool", title: "A private note, which the consumer does not get", "data-testid": "agent-note", "aria-pressed": "false", on: { click: () => this.setNote(!this.isNote) } }, icon("lock"), "Note");
    const choices = TEMPLATES.map((template) => ({ label: template.name, hint: template.hint, testid: template.testid, run: () => this.openEditor(template) }));
    this.rich = menu("Structured", "card", choices, { up: true, testid: "agent-structured", className: "tool" });
    this.fileInput = el("input", { type: "file", hidden: true, "data-testid": "agent-file-input", on: { change: () => this.sendFile(this.fileInput.files[0]) } });
    const file = el("button", { type: "button", class: "tool", title: "Send a file of any type, up to 3 MB", "data-testid": "agent-file", on: { click: () => this.fileInput.click() } }, icon("clip"), "File");
    const sample = el("button", { type: "button", class: "tool", title: "Send a sample picture", "data-testid": "agent-picture", on: { click: () => this.sendSample() } }, icon("image"), "Picture");
    this.sendButton = el("button", { type: "submit", class: "primary", "data-testid": "agent-send" }, "Send");
    this.form = el(
      "form",
      { class: "talk-foot", on: { submit: (event) => (event.preventDefault(), this.send()) } },
      this.input,
      el("div", { class: "tools" }, this.noteButton, this.rich, file, this.fileInput, sample, this.sendButton),
    );
    this.editor = this.drawEditor();
    this.root = el("div", { class: "talk-compose" }, this.editor, this.form);
  }

  drawEditor() {
    this.json = el("textarea", { rows: "12", spellcheck: "false", "data-testid": "agent-json", "aria-label": "Structured content as JSON", "aria-describedby": "json-problem", on: { input: () => this.check() } });
    this.problem = el("p", { id: "json-problem", class: "problem", role: "status", "data-testid": "agent-json-error" });
    this.editorTitle = el("h3");
    const keys = (event) => {
      if (event.key === "Escape") this.closeEditor();
      else if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) this.sendRich();
      else return;
      event.preventDefault();
      event.stopPropagation();
    };
    return el(
      "section",
      { class: "editor", role: "dialog", "aria-label": "Structured content", "data-testid": "agent-editor", hidden: true, on: { keydown: keys } },
      el("header", {}, this.editorTitle, iconButton("close", "Close the editor", () => this.closeEditor())),
      this.json,
      this.problem,
      el("footer", {}, el("span", { class: "hint" }, "Ctrl+Enter sends, Escape closes"), el("button", { type: "button", class: "primary", "data-testid": "agent-json-send", on: { click: () => this.sendRich() } }, "Send")),
    );
  }

  /** Another conversation is shown: nothing that was begun goes there. */
  reset() {
    this.endTyping();
    this.setNote(false);
    this.clearInput();
    this.showEditor(false);
  }

  /** Who will read the answer. */
  address(name) {
    this.name = name;
    this.input.placeholder = this.isNote ? "A note that only colleagues see" : `Answer ${name}`;
  }

  setNote(on) {
    if (this.isNote === on) return;
    this.isNote = on;
    this.form.classList.toggle("is-note", on);
    this.noteButton.setAttribute("aria-pressed", String(on));
    this.sendButton.textContent = on ? "Save note" : "Send";
    this.address(this.name);
    if (!on) return;
    this.endTyping();
    this.input.focus();
  }

  async send() {
    const text = this.input.value.trim(), isNote = this.isNote;
    if (!text || !this.conversation()) return;
    this.clearInput();
    const done = await this.act(isNote ? "private" : "text", { text });
    this.endTyping(); // after the message, as LivePerson's workspace does
    if (!done) this.input.value ||= text;
    else if (isNote) this.setNote(false);
    this.sent();
    this.input.focus();
  }

  // ---- structured content --------------------------------------------------------------------------------------------------

  openEditor(template) {
    this.editorTitle.textContent = template.name;
    this.json.value = JSON.stringify(template.make(`${document.body.dataset.baseUrl}/static/sample.jpg`), null, 2);
    this.showEditor(true);
    this.check();
    this.json.focus();
    this.json.setSelectionRange(0, 0);
    this.json.scrollTop = 0;
  }

  showEditor(on) {
    this.editor.hidden = !on;
    this.root.classList.toggle("with-editor", on);
  }

  closeEditor() {
    this.showEditor(false);
    this.rich.querySelector("button").focus();
  }

  /** What the text says, and what is wrong with it in words. */
  check() {
    const { body, errors } = parsed(this.json.value);
    this.problem.textContent = errors.slice(0, 3).join(". ") + (errors.length > 3 ? `. And ${errors.length - 3} more` : "");
    this.json.setAttribute("aria-invalid", String(errors.length > 0));
    return errors.length ? null : body;
  }

  async sendRich() {
    const body = this.check();
    if (!body) return this.json.focus();
    if (!(await this.act(body.content ? "rich" : "text", body))) return;
    this.closeEditor();
    this.sent();
    this.input.focus();
  }

  // ---- files ---------------------------------------------------------------------------------------------------------------

  async sendFile(file) {
    this.fileInput.value = "";
    if (!file) return;
    if (file.size > MAX_FILE_BYTES) return notify(`${file.name} has more than 3 MB.`);
    const type = file.name.includes(".") ? file.name.split(".").pop().toUpperCase() : "BIN";
    await this.sendBytes(file, type, file.name);
    this.sent();
  }

  async sendSample() {
    await this.sendBytes(await (await fetch("/static/sample.jpg")).blob(), "JPG", "");
    this.sent();
  }

  async sendBytes(blob, fileType, caption) {
    const url = await new Promise((resolve, reject) => {
      const reader = new FileReader();
      reader.addEventListener("load", () => resolve(reader.result));
      reader.addEventListener("error", () => reject(reader.error));
      reader.readAsDataURL(blob);
    });
    return this.act("file", { data_base64: url.split(",")[1] ?? "", fileType, caption });
  }

  // ---- typing --------------------------------------------------------------------------------------------------------------

  /** Tell the consumer that the agent types, until the agent pauses; a note is typed unseen, and so is anything before the agent joined. */
  types() {
    const conversation = this.conversation();
    if (this.isNote || !this.input.value.trim() || !conversation?.agentId) return this.endTyping();
    const { conversationId } = conversation;
    if (!this.typing) this.act("typing", { on: true }, conversationId);
    clearTimeout(this.typing?.timer);
    this.typing = { conversationId, timer: setTimeout(() => this.endTyping(), TYPING_IDLE_MS) };
  }

  endTyping() {
    if (!this.typing) return;
    const { conversationId, timer } = this.typing;
    clearTimeout(timer);
    this.typing = null;
    if (this.isOpen(conversationId)) this.act("typing", { on: false }, conversationId);
  }
}
