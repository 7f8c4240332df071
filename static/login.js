// The login form: asks for this server's password, or lets it be chosen on a new server.

import { callApi, setToken } from "./api.js";
import { $, setHidden, setText } from "./dom.js";
import { runAction, showRefusal } from "./feedback.js";
import { formatDuration } from "./formats.js";
import { t } from "./i18n.js";
import "./login_texts.js";
import { href } from "./router.js";

const form = $("#login");
const passwordField = $("#password");
const errorLine = $("#login-error");
const submitButton = $("#login-submit");
let isSetUp = document.body.dataset.setUp === "yes";
let loginListener = () => {};

/** Set what happens after a login. */
export function onLogin(listener) {
  loginListener = listener;
}

/**
 * Show the form, empty of errors, with the focus in it.
 * @param {"ended" | "logout" | "setup"} [reason] why the session ended, if there was one
 */
export function open(reason) {
  if (reason) isSetUp = reason !== "setup";
  const title = t(isSetUp ? "login" : "setUp");
  document.title = `${title} – Aniworld`;
  setText($("#login-title"), title);
  const hint = isSetUp ? "loginHint" : "setUpHint";
  setText($("#login-hint"), t(reason === "ended" ? "sessionEnded" : hint));
  setText(errorLine, "");
  setText(submitButton, submitText());
  passwordField.autocomplete = isSetUp ? "current-password" : "new-password";
  $("#setup-code-field").hidden = true;
  form.hidden = false;
  passwordField.focus();
}

/** Hide the form and forget what was typed. `heir` gets the focus if it was in the form. */
export function close(heir) {
  setText(errorLine, "");
  passwordField.value = "";
  $("#setup-code").value = "";
  setHidden(form, true, heir);
}

const submitText = () => t(isSetUp ? "login" : "setPassword");

form.onsubmit = (event) => {
  event.preventDefault();
  runAction(submitButton, () => logIn(passwordField.value).catch(showLoginRefusal));
};

/** Where there is no source yet, the first view is the one that asks for it. */
async function leadOn() {
  const { data } = await callApi("GET", "providers").catch(() => ({ data: [null] }));
  if (!data.length) history.replaceState(null, "", href("welcome"));
}

async function logIn(password) {
  const isFirstRun = !isSetUp;
  setText(errorLine, "");
  passwordField.ariaInvalid = null;
  if (!isSetUp) {
    const length = [...password.normalize("NFC")].length;
    if (length < 8 || length > 1024) return showPasswordError("passwordLength");
    const setupCode = $("#setup-code").value.trim();
    const headers = setupCode ? { "X-Setup-Code": setupCode } : {};
    await callApi("POST", "auth/setup", { master_password: password }, { headers });
    isSetUp = true;
  }
  const { token } = await callApi("POST", "auth/login", { password });
  setToken(token);
  if (isFirstRun) await leadOn();
  loginListener();
}

function showLoginRefusal(refusal) {
  if (refusal.details?.setup_required) return; // callApi has opened the form for setting up
  if (refusal.status === 400 && !isSetUp) {
    isSetUp = true; // from elsewhere, in the meantime
    open();
  } else if (refusal.status === 401) {
    showPasswordError("passwordWrong");
  } else if (refusal.status === 403) {
    askSetupCode();
  } else if (refusal.status === 422) {
    showPasswordError("passwordLength");
  } else if (refusal.status === 429) {
    blockSubmit(refusal.waitSeconds);
  } else {
    showRefusal(refusal);
  }
}

function showPasswordError(key) {
  setText(errorLine, t(key));
  passwordField.ariaInvalid = "true";
  passwordField.select();
}

function askSetupCode() {
  const field = $("#setup-code-field");
  setText(errorLine, t(field.hidden ? "setupCodeMissing" : "setupCodeWrong"));
  field.hidden = false;
  $("#setup-code").focus();
}

/** Let nobody try before the server listens again; the button counts the seconds. */
function blockSubmit(seconds) {
  const end = Date.now() + seconds * 1000;
  setText(errorLine, t("tooManyLogins", { time: formatDuration(seconds) }));
  submitButton.disabled = true;
  const timer = setInterval(showTimeLeft, 250);
  showTimeLeft();

  function showTimeLeft() {
    const secondsLeft = Math.ceil((end - Date.now()) / 1000);
    if (secondsLeft > 0) {
      setText(submitButton, t("waitFor", { time: formatDuration(secondsLeft) }));
      return;
    }
    clearInterval(timer);
    setText(submitButton, submitText());
    submitButton.disabled = false;
    setText(errorLine, "");
  }
}

$("#show-password").onclick = ({ currentTarget: button }) => {
  const shown = button.ariaPressed !== "true";
  button.ariaPressed = String(shown);
  passwordField.type = shown ? "text" : "password";
};
