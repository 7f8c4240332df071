// Dialogs: one that asks before something is done, and a frame for others.

import { $, h, icon } from "./dom.js";
import { t } from "./i18n.js";

/**
 * Show a dialog with a heading and a button that closes it. It goes away when it is closed.
 * @param {string} title
 * @param {...any} content nodes, as h() takes them
 * @returns {HTMLDialogElement}
 */
export function showDialog(title, ...content) {
  const close = h("button.icon", { type: "button", ariaLabel: t("close") }, icon("close"));
  const heading = h("h2", { id: "dialog-title", tabIndex: -1 }, title);
  const dialog = h("dialog", { closedby: "any" });
  dialog.setAttribute("aria-labelledby", "dialog-title");
  dialog.append(h("div.head", {}, heading, h("span.gap"), close), ...content);
  close.onclick = () => dialog.close();
  dialog.addEventListener("close", () => {
    document.body.append($("#toasts")); // which may have been in the dialog
    dialog.remove();
  });
  document.body.append(dialog);
  dialog.showModal();
  heading.focus();
  return dialog;
}

/**
 * Ask a question. Returns whether it was answered with yes.
 * @param {string} question
 * @param {string} hint what follows from a yes
 * @param {string} yes the text of the button that means it
 * @returns {Promise<boolean>}
 */
export function ask(question, hint, yes) {
  return new Promise((resolve) => {
    let answer = false;
    const no = h("button", { type: "button" }, t("cancel"));
    const go = h("button.main", { type: "button", data: { answer: "yes" } }, yes);
    const dialog = showDialog(question, h("p", {}, hint), h("div.foot", {}, no, go));
    no.onclick = () => dialog.close();
    go.onclick = () => {
      answer = true;
      dialog.close();
    };
    dialog.addEventListener("close", () => resolve(answer));
  });
}
