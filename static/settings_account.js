// The account: another password, the end of sessions, keys for scripts.

import { callApi, endSession, getToken, setToken } from "./api.js";
import { $, h, setHidden, setText, syncList } from "./dom.js";
import { announce, runAction, showToast } from "./feedback.js";
import { formatDay } from "./formats.js";
import { t } from "./i18n.js";
import "./settings_account_texts.js";
import { connect, disconnect } from "./socket.js";

export async function open(root) {
  root.append(makePasswordPart(), makeSessionsPart(), makeKeysPart());
  await loadKeys(root);
}

// -- the password ---------------------------------------------------------------------------------

function makePasswordPart() {
  const errorLine = h("p.bad", { id: "password-error", role: "alert" });
  const password = (id, label, autocomplete) => {
    const input = h("input", {
      id,
      type: "password",
      required: true,
      maxlength: 1024,
      autocomplete,
    });
    input.setAttribute("aria-describedby", "password-error");
    return h("div.field", {}, h("label", { htmlFor: id }, label), input);
  };
  const form = h(
    "form.card.fields",
    { id: "password-form" },
    h("input", { name: "username", autocomplete: "username", value: "aniworld", hidden: true }),
    password("old-password", t("oldPassword"), "current-password"),
    password("new-password", t("newPassword"), "new-password"),
    h("button", { type: "submit" }, t("changePassword")),
    errorLine,
  );
  form.onsubmit = (event) => {
    event.preventDefault();
    runAction(form, () => withoutSocket(() => changePassword(form, errorLine)));
  };
  return form;
}

async function changePassword(form, errorLine) {
  setText(errorLine, "");
  const [password, newPassword] = ["#old-password", "#new-password"].map((id) => $(id, form).value);
  const length = [...newPassword.normalize("NFC")].length;
  if (length < 8 || length > 1024) return setText(errorLine, t("passwordLength"));
  try {
    const body = { password, new_password: newPassword };
    const { data } = await callApi("PUT", "auth/password", body);
    setToken(data.token);
  } catch (refusal) {
    if (refusal.details?.field !== "password") throw refusal;
    return setText(errorLine, t("passwordWrong"));
  }
  form.reset();
  showToast(t("passwordChanged"));
}

/** The server closes the sockets of tokens that end: ours is opened anew, with the fresh one. */
async function withoutSocket(action) {
  disconnect();
  try {
    await action();
  } finally {
    if (getToken()) connect();
  }
}

// -- the sessions ---------------------------------------------------------------------------------

function makeSessionsPart() {
  const here = h("button", { id: "logout", type: "button" }, t("logout"));
  here.onclick = () => runAction(here, logOut);
  const everywhere = h("button", { id: "end-sessions", type: "button" }, t("endSessions"));
  everywhere.onclick = () =>
    runAction(everywhere, async () => {
      await callApi("POST", "auth/logout", { everywhere: true });
      endSession("logout");
    });
  const hint = h("p.soft", {}, t("sessionsHint"));
  return h("div.card", {}, h("div.head", {}, here, everywhere), hint);
}

async function logOut() {
  disconnect();
  try {
    await callApi("POST", "auth/logout");
  } finally {
    if (getToken()) endSession("logout"); // 401 has ended it already
  }
}

// -- keys -----------------------------------------------------------------------------------------

function makeKeysPart() {
  const field = (input, label) =>
    h("div.field", {}, h("label", { htmlFor: input.id }, label), input);
  const name = h("input", { id: "key-name", required: true, maxlength: 100, autocomplete: "off" });
  const scopes = ["read", "write", "share"].map((scope) => new Option(t(`scope.${scope}`), scope));
  const scope = h("select", { id: "key-scope" }, scopes);
  const form = h(
    "form.fields",
    { id: "key-form" },
    field(name, t("keyName")),
    field(scope, t("keyScope")),
    h("button", { type: "submit" }, t("makeKey")),
  );
  const text = h("input", { id: "key-text", readOnly: true, spellcheck: false });
  const newKey = h("div.notice", { id: "new-key", hidden: true }, field(text, t("keyOnce")));
  const part = h(
    "section.card",
    {},
    h("h2", { tabIndex: -1 }, t("keys")),
    h("p.soft", {}, t("keysHint")),
    h("ul.rows", { id: "keys" }),
    h("p.soft", { id: "no-keys", hidden: true }, t("noKeys")),
    form,
    newKey,
  );
  form.onsubmit = (event) => {
    event.preventDefault();
    runAction(form, async () => {
      const body = { name: name.value, scope: scope.value };
      const { data } = await callApi("POST", "auth/keys", body);
      form.reset();
      newKey.hidden = false;
      text.value = data.key;
      text.select();
      await loadKeys(part);
    });
  };
  return part;
}

async function loadKeys(root) {
  const { data } = await callApi("GET", "auth/keys");
  setHidden($("#no-keys", root), data.length > 0, null);
  syncList($("#keys", root), data, {
    key: (key) => key.id,
    create: (key) => makeKey(key, root),
    update() {},
  });
}

function makeKey(key, root) {
  const day = key.last_used_at && formatDay(key.last_used_at);
  const button = h("button", { type: "button", data: { action: "delete" } }, t("deleteKey"));
  button.ariaLabel = t("deleteKeyOf", { name: key.name });
  button.onclick = () =>
    runAction(button, async () => {
      await callApi("DELETE", `auth/keys/${key.id}`);
      announce(t("keyDeleted", { name: key.name }));
      await loadKeys(root);
    });
  return h(
    "li.line-row",
    {},
    h(
      "p.text",
      {},
      h("b", {}, key.name),
      " ",
      h("span.soft", {}, day ? t("keyUsed", { day }) : t("keyUnused")),
    ),
    h("span.badge", {}, t(`scope.${key.scope}`)),
    button,
  );
}
