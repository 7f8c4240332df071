// What the page answers to its reader: toasts, announcements, and actions that are under way.

import { $, makeFromTemplate, setHidden, setText } from "./dom.js";
import { formatDuration } from "./formats.js";
import { t } from "./i18n.js";

const TOAST_MS = 8000;

/** Tell those who listen to the page rather than look at it. */
export const announce = (text) => setText($("#announcer"), text);

/**
 * Show a short message above the page. It goes by itself; an error stays until it is closed.
 * @param {string} text
 * @param {{details?: string, isError?: boolean, action?: {text: string, run: () => any}}} options
 *   `details` is the server's own English text, `action` a button for what may be done next
 * @returns {() => void} takes the action away, for when it is no longer possible
 */
export function showToast(text, { details = "", isError = false, action } = {}) {
  const toast = makeFromTemplate("toast");
  const [actionButton, closeButton] = toast.querySelectorAll("button");
  toast.classList.toggle("error", isError);
  setText($("p", toast), text);
  $("details", toast).hidden = !details;
  setText($("details p", toast), details);
  actionButton.hidden = !action;
  setText(actionButton, action?.text ?? "");
  actionButton.onclick = () => {
    toast.remove();
    action.run();
  };
  closeButton.onclick = () => toast.remove();

  const toasts = $("#toasts");
  const outdated = isError ? ".error:nth-last-child(n+2)" : ".toast:not(.error)";
  for (const old of toasts.querySelectorAll(outdated)) old.remove();
  toasts.append(toast);
  // Nothing outside of an open dialog can be clicked.
  ($("dialog[open]") ?? document.body).append(toasts);
  const removeUnlessFocused = () => toast.contains(document.activeElement) || toast.remove();
  if (!isError) setTimeout(removeUnlessFocused, TOAST_MS);
  return () => setHidden(actionButton, true, closeButton);
}

/**
 * Show why a call was refused. A refusal for want of a token has led to the login already.
 * @param {import("./api.js").Refusal} refusal
 */
export function showRefusal(refusal) {
  if (refusal.name === "AbortError" || refusal.status === 401) return;
  if (!refusal.code) throw refusal;
  const text = t(`error.${refusal.code}`, { time: formatDuration(refusal.waitSeconds) });
  showToast(text, { details: refusal.message, isError: true });
}

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
