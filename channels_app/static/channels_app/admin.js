// Copy buttons, and the fields of the chosen variant in forms that are made from a configuration model.
(function () {
  "use strict";

  function copy(button) {
    const label = button.querySelector("[data-label]");
    const before = label.textContent;
    const said = function (word) {
      label.textContent = word;
      setTimeout(function () { label.textContent = before; }, 1500);
    };
    const text = button.dataset.copy;
    if (navigator.clipboard && window.isSecureContext) {
      navigator.clipboard.writeText(text).then(function () { said("Copied"); }, function () { said("Press Ctrl+C"); });
      return;
    }
    // Without https the clipboard is closed to scripts: select the text instead.
    const range = document.createRange();
    range.selectNodeContents(button.parentElement.querySelector("code"));
    const selection = window.getSelection();
    selection.removeAllRanges();
    selection.addRange(range);
    said(document.execCommand("copy") ? "Copied" : "Press Ctrl+C");
  }

  function row(input) {
    return input.closest(".field-row") || input.closest(".field-line") || input.parentElement;
  }

  function showVariants() {
    document.querySelectorAll("[data-config-of]").forEach(function (input) {
      const kind = document.querySelector("[name='" + input.dataset.configOf + "']");
      if (kind) { row(input).hidden = kind.value !== input.dataset.configIs; }
    });
  }

  document.addEventListener("click", function (event) {
    const button = event.target.closest("[data-copy]");
    if (button) { copy(button); }
  });
  document.addEventListener("change", function (event) {
    if (event.target.matches("[data-config-kind]")) { showVariants(); }
  });
  document.addEventListener("DOMContentLoaded", function () {
    showVariants();
    // A folded section with an error in it must not hide the error.
    document.querySelectorAll("fieldset details").forEach(function (details) {
      if (details.querySelector(".errors, .errorlist")) { details.open = true; }
    });
  });
})();
