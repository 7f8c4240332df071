// What the page answers to its reader: toasts, announcements, and actions that are under way.

import { $, h, icon, setHidden, setText } from "./dom.js";
import { formatDuration } from "./formats.js";
import { t } from "./i18n.js";
import { describeProblem, loadSentences } from "./reasons.js";

const TOAST_MS = 8000;
// The codes whose own text says less than the server's sentence.
const VAGUE = [
  "BAD_REQUEST",
  "AUTHORIZATION_ERROR",
  "NOT_FOUND",
  "CONFLICT",
  "VALIDATION_ERROR",
  "PROVIDER_ERROR",
  "DOWNLOAD_ERROR",
  "CONFIGURATION_ERROR",
];

/** Tell those who listen to the page rather than look at it. */
export const announce = (text) => setText($("#announcer"), text);

/**
 * Show a short message above the page. It goes by itself; an error stays until it is closed.
 * @param {string} text
 * @param {{details?: string, isError?: boolean, about?: string, forMs?: number,
 *   actions?: {name: string, text: string, run: () => any}[]}} options
 *   `details` is the server's own English text, `actions` are buttons for what may be done next,
 *   `about` names what failed, `forMs` is how long an error stands where it ends by itself
 * @returns {(name: string) => void} takes an action away, for when it is no longer possible
 */
export function showToast(text, options = {}) {
  const { details = "", isError = false, actions = [], about = "" } = options;
  const { forMs = isError ? 0 : TOAST_MS } = options;
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
  const toast = h(kind, { data: { about } }, h("p", {}, text), more || null, buttons, closeButton);

  const toasts = $("#toasts");
  const same = [...toasts.children].filter((old) => $("p", old).textContent === text);
  same.forEach(removeToast); // what is said twice stands there once
  const outdated = isError ? ".error:nth-last-child(n+2)" : ".toast:not(.error)";
  toasts.querySelectorAll(outdated).forEach(removeToast);
  toasts.append(toast);
  // Nothing outside of an open dialog can be clicked.
  ($("dialog[open]") ?? document.body).append(toasts);
  if (forMs) setTimeout(removeUnlessUsed, forMs, toast);
  return (name) => {
    const button = $(`[data-offer=${name}]`, toast);
    if (button) setHidden(button, true, closeButton);
  };
}

/** Take a toast away; one that has the focus stays until the focus goes on. */
function removeUnlessUsed(toast) {
  if (!toast.contains(document.activeElement)) return toast.remove();
  toast.addEventListener("focusout", () => setTimeout(removeUnlessUsed, 0, toast), { once: true });
}

/** Take all toasts away, with the session that they tell of. */
export const clearToasts = () => $("#toasts").replaceChildren();

/** Take the toasts away that tell of a failure of `about`, which is over. */
export function retractFailures(about) {
  for (const toast of [...$("#toasts").children]) {
    if (about && toast.dataset.about === about) removeToast(toast);
  }
}

/** A toast that had the focus leaves it to the heading of what is shown. */
function removeToast(toast) {
  setHidden(toast, true, $("dialog[open] h2") ?? $("#view h1"));
  toast.remove();
}

/**
 * Show why a call was refused. A refusal for want of a token has led to the login already.
 * @param {import("./api.js").Refusal} refusal
 * @param {string} action the name of what was to be done
 */
export async function showRefusal(refusal, action = "") {
  if (refusal.name === "AbortError" || refusal.status === 401) return;
  if (!refusal.code) throw refusal;
  const { text, details } = await describeRefusal(refusal);
  const about = refusal.code === "NETWORK" ? "NETWORK" : action;
  const named = action ? t("actionFailed", { action, text }) : text;
  const isOver = refusal.code === "RATE_LIMIT_EXCEEDED"; // once its time has passed
  const forMs = isOver ? Math.max(TOAST_MS, refusal.waitSeconds * 1000) : undefined;
  showToast(named, { details, isError: true, about, forMs });
}

/**
 * Why a call was refused and what to do, in the reader's language.
 * @returns {Promise<{text: string, general: string, details: string}>} `general` says no more than
 *   the code; `details` are the server's own words, where the text does not say the same
 */
export async function describeRefusal({ code, waitSeconds, message, details }) {
  const general = t(`error.${code}`, { time: formatDuration(waitSeconds) });
  const plain = { text: general, general, details: "" };
  if (message === "No source is configured") return { ...plain, text: t("noSource") };
  const said = [message, details.fix].filter(Boolean).join("\n");
  if (!VAGUE.includes(code) || !message) return { ...plain, details: said };
  await loadSentences().catch(() => {}); // the server may be gone by now
  const { field, issue, fix } = details;
  const problem = describeProblem({ issue: issue ?? message, fix });
  if (problem.isEnglish) return { ...plain, details: said };
  return { ...plain, text: issue ? `${field}: ${problem.text}` : problem.text };
}

/** What a control is called, for those who hear that it failed. */
function nameOf(control) {
  if (control.localName === "button") return control.ariaLabel || control.textContent.trim();
  if (control.localName === "select") return control.ariaLabel || control.labels[0]?.textContent;
  return "";
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
  const name = nameOf(control) || "";
  retractFailures(name);
  try {
    await action();
  } catch (error) {
    await showRefusal(error, name);
  } finally {
    control.ariaBusy = null;
  }
  const next = nextActions.get(control);
  nextActions.delete(control);
  if (next) await runAction(control, next);
}
