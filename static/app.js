// The page itself: set up, log in, log out, and passing on what the socket tells.

import { call, connect, hangUp, hooks, isToken, keep, leave, token } from "./net.js";
import * as queue from "./queue.js";
import * as series from "./series.js";
import { $, clock, complain, language, number, put, run, span, t, translate } from "./text.js";

const door = $("#door");
let settingUp = document.body.dataset.setUp === "no";
let lost = null; // when the connection went

// -- views ------------------------------------------------------------------------------------------------------------

function show(home) {
  $("#home").hidden = $("#tabs").hidden = $("#logout").hidden = !home;
  door.hidden = home;
  title();
}

function title() {
  const open = door.hidden ? queue.left() : 0;
  const view = door.hidden ? (open ? t("left", { n: number(open) }) : "") : t(settingUp ? "setUp" : "login");
  document.title = view ? `${view} – Aniworld` : "Aniworld";
  put($("#tab-count"), open ? number(open) : "");
}

function askPassword(hint = "") {
  put($("#door-title"), t(settingUp ? "setUp" : "login"));
  put($("#door-hint"), hint || t(settingUp ? "setUpHint" : "loginHint"));
  put($("#door-error"), "");
  put($("#enter"), t(settingUp ? "setUpDo" : "login"));
  $("#password").autocomplete = settingUp ? "new-password" : "current-password";
  $("#code-field").hidden = true;
  show(false);
  $("#password").focus();
}

function enter() {
  put($("#door-error"), "");
  $("#password").value = $("#code").value = "";
  show(true);
  connect();
  series.load().catch(complain);
}

hooks.out = (why) => {
  settingUp = why === "set up";
  $("#details").close();
  askPassword(why === "ended" ? t("again") : "");
};

// -- the door ---------------------------------------------------------------------------------------------------------

door.onsubmit = (event) => {
  event.preventDefault();
  run($("#enter"), () => knock($("#password").value).catch(refuse));
};

async function knock(password) {
  put($("#door-error"), "");
  $("#password").ariaInvalid = null;
  const length = [...password.normalize("NFC")].length;
  if (settingUp) {
    if (length < 8 || length > 1024) return refuse({ status: 422 });
    const code = $("#code").value.trim();
    await call("POST", "auth/setup", { master_password: password }, { headers: code ? { "X-Setup-Code": code } : {} });
    settingUp = false;
  }
  keep((await call("POST", "auth/login", { password })).token);
  enter();
}

function refuse(refusal) {
  const error = $("#door-error");
  const { status } = refusal;
  if (refusal.details?.setup_required) return;
  if (status === 400 && settingUp) {
    settingUp = false;
    askPassword(t("loginHint"));
  } else if (status === 403) {
    const asked = !$("#code-field").hidden;
    $("#code-field").hidden = false;
    $("#code").focus();
    put(error, t(asked ? "codeWrong" : "codeMissing"));
  } else if (status === 429) {
    waitFor(refusal.wait);
  } else if (status === 401 || status === 422) {
    put(error, t(status === 401 ? "passwordWrong" : "passwordLength"));
    $("#password").ariaInvalid = "true";
    $("#password").select();
  } else {
    complain(refusal);
  }
}

function waitFor(seconds) {
  const button = $("#enter");
  const end = Date.now() + seconds * 1000;
  put($("#door-error"), t("tooMany", { time: span(seconds) }));
  button.disabled = true;
  const timer = setInterval(tick, 250);
  function tick() {
    const rest = Math.ceil((end - Date.now()) / 1000);
    put(button, rest > 0 ? t("waitFor", { time: span(rest) }) : t(settingUp ? "setUpDo" : "login"));
    if (rest > 0) return;
    clearInterval(timer);
    button.disabled = false;
    put($("#door-error"), "");
  }
  tick();
}

$("#reveal").onclick = ({ currentTarget }) => {
  const reveal = currentTarget.ariaPressed !== "true";
  currentTarget.ariaPressed = String(reveal);
  $("#password").type = reveal ? "text" : "password";
};

$("#logout").onclick = ({ currentTarget }) => run(currentTarget, async () => {
  hangUp();
  try {
    await call("POST", "auth/logout");
  } finally {
    if (token()) leave("logout");
  }
});

// Another tab has logged in or out.
addEventListener("storage", (event) => {
  if (!isToken(event)) return;
  if (token()) enter();
  else leave("logout");
});

// -- the socket -------------------------------------------------------------------------------------------------------

let drawing = 0;
function draw() {
  drawing ||= requestAnimationFrame(() => {
    drawing = 0;
    queue.draw();
    series.draw();
  });
}

hooks.busy = queue.busy;
hooks.message = (message) => {
  queue.hear(message);
  series.hear(message);
  title();
  draw();
};
hooks.line = (up) => {
  lost = up ? null : lost ?? new Date();
  $("#line").hidden = up;
  document.body.classList.toggle("offline", !up);
  if (lost) put($("#line span"), t("offline", { time: clock(lost) }));
};
$("#refresh").onclick = ({ currentTarget }) => run(currentTarget, async () => {
  await queue.refresh();
  draw();
});

// -- the rest ---------------------------------------------------------------------------------------------------------

function tab() {
  const queueToo = location.hash === "#queue";
  document.body.dataset.tab = queueToo ? "queue" : "series";
  for (const link of $("#tabs").children) link.ariaCurrent = (link.hash === "#queue") === queueToo ? "page" : null;
}
addEventListener("hashchange", tab);
tab();

const other = language === "de" ? "en" : "de";
const button = $("#language");
put(button, { de: "Deutsch", en: "English" }[other]);
button.lang = other;
button.onclick = () => {
  localStorage.setItem("aniworld.language", other);
  location.reload();
};

document.documentElement.lang = language;
translate(document);
if (token()) enter();
else askPassword();
