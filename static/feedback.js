// What the page answers to its reader: toasts, announcements, and actions that are under way.

import { $, h, icon, setHidden, setText } from "./dom.js";
import { formatDuration } from "./formats.js";
import { t } from "./i18n.js";

const TOAST_MS = 8000;

/** Tell those who listen to the page rather than look at it. */
export const announce = (text) => setText($("#announcer"), text);

/**
 * Show a short message above the page. It goes by itself; an error stays until it is closed.
 * @param {string} text
 * @param {{details?: string, isError?: boolean,
 *   actions?: {name: string, text: string, run: () => any}[]}} options
 *   `details` is the server's own English text, `actions` are buttons for what may be done next
 * @returns {(name: string) => void} takes an action away, for when it is no longer possible
 */
export function showToast(text, { details = "", isError = false, actions = [] } = {}) {
  const remove = () => removeToast(toast);
  const closeButton = h("button.icon", { type: "button", ariaLabel: t("close") }, icon("close"));
  closeButton.onclick = remove;
  const buttons = actions.map(({ name, text: label, run }) => {
    const button = h("button.action", { type: "button", data: { offer: name } }, label);
    button.onclick = () => {
      remove();
      run();
    };
    return button;
  });
  const more = details && h("details", {}, h("summary", {}, t("details")), h("p", {}, details));
  const kind = isError ? "div.toast.error" : "div.toast";
  const toast = h(kind, {}, h("p", {}, text), more || null, buttons, closeButton);

  const toasts = $("#toasts");
  const same = [...toasts.children].filter((old) => $("p", old).textContent === text);
  same.forEach(removeToast); // what is said twice stands there once
  const outdated = isError ? ".error:nth-last-child(n+2)" : ".toast:not(.error)";
  toasts.querySelectorAll(outdated).forEach(removeToast);
  toasts.append(toast);
  // Nothing outside of an open dialog can be clicked.
  ($("dialog[open]") ?? document.body).append(toasts);
  const removeUnlessFocused = () => toast.contains(document.activeElement) || toast.remove();
  if (!isError) setTimeout(removeUnlessFocused, TOAST_MS);
  return (name) => {
    const button = $(`[data-offer=${name}]`, toast);
    if (button) setHidden(button, true, closeButton);
  };
}

/** Take all toasts away, with the session that they tell of. */
export const clearToasts = () => $("#toasts").replaceChildren();

/** A toast that had the focus leaves it to the heading of what is shown. */
function removeToast(toast) {
  setHidden(toast, true, $("dialog[open] h2") ?? $("#view h1"));
  toast.remove();
}

/**
 * Show why a call was refused. A refusal for want of a token has led to the login already.
 * @param {import("./api.js").Refusal} refusal
 */
export function showRefusal(refusal) {
  if (refusal.name === "AbortError" || refusal.status === 401) return;
  if (!refusal.code) throw refusal;
  showToast(describeRefusal(refusal), { details: detailsOf(refusal), isError: true });
}

/** Why a call was refused, in the reader's language. */
export function describeRefusal({ code, waitSeconds, message, details }) {
  if (code === "CONFIGURATION_ERROR" && message === "No source is configured") return t("noSource");
  return t(`error.${code}`, { time: formatDuration(waitSeconds), sources: details.source ?? "" });
}

/** What the server itself says of it, and how to mend it. */
const detailsOf = ({ message, details }) => [message, details.fix].filter(Boolean).join("\n");

const nextActions = new Map(); // busy form or field -> what to do once it is done

/**
 * Do something that a control asked for; the control is busy meanwhile, and a refusal is shown.
 * A second click on a busy button would do the same again and is dropped. A busy form or field may
 * have another value by now: the last action asked for follows.
 * @param {HTMLElement} control
 * @param {() => Promise<any>} action
 */
export async function runAction(control, action) {
  if (control.ariaBusy === "true") {
    if (control.localName !== "button") nextActions.set(control, action);
    return;
  }
  control.ariaBusy = "true";
  try {
    await action();
  } catch (error) {
    showRefusal(error);
  } finally {
    control.ariaBusy = null;
  }
  const next = nextActions.get(control);
  nextActions.delete(control);
  if (next) await runAction(control, next);
}
