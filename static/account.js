// The dialog of the account: another password, the end of all sessions, keys for scripts.

import { callApi, endSession, getToken, setToken } from "./api.js";
import { $, makeFromTemplate, setText, syncList } from "./dom.js";
import { announce, runAction, showToast } from "./feedback.js";
import { formatDay } from "./formats.js";
import { t } from "./i18n.js";
import { connect, disconnect } from "./socket.js";

const dialog = $("#account-dialog");
const passwordForm = $("#password-form");
const keyForm = $("#key-form");
const newKey = $("#new-key");

/** Show the dialog, with the keys as they are now. */
export async function open() {
  setText($("#password-error"), "");
  await loadKeys();
  dialog.showModal();
  $("h2", dialog).focus();
}

/** Nothing secret stays behind, for whoever sits here after the owner has logged out. */
dialog.onclose = () => {
  passwordForm.reset();
  keyForm.reset();
  newKey.hidden = true;
  $("input", newKey).value = "";
};

// -- the password and the sessions ----------------------------------------------------------------

passwordForm.onsubmit = (event) => {
  event.preventDefault();
  runAction(passwordForm, () => withoutSocket(changePassword));
};

async function changePassword() {
  const errorLine = $("#password-error");
  setText(errorLine, "");
  const [password, newPassword] = [$("#old-password").value, $("#new-password").value];
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
  passwordForm.reset();
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

$("#end-sessions").onclick = ({ currentTarget: button }) =>
  runAction(button, async () => {
    await callApi("POST", "auth/logout", { everywhere: true });
    dialog.close();
    endSession("logout");
  });

// -- keys -----------------------------------------------------------------------------------------

async function loadKeys() {
  const { data } = await callApi("GET", "auth/keys");
  $("#no-keys").hidden = data.length > 0;
  syncList($("#keys"), data, {
    key: (key) => key.id,
    create: () => makeFromTemplate("key-row"),
    update: drawKey,
  });
}

function drawKey(row, key) {
  setText($("b", row), key.name);
  setText($(".badge", row), t(`scope.${key.scope}`));
  const day = key.last_used_at && formatDay(key.last_used_at);
  setText($(".soft", row), day ? t("keyUsed", { day }) : t("keyUnused"));
  const button = $("button", row);
  button.ariaLabel = t("deleteKeyOf", { name: key.name });
  button.onclick = () =>
    runAction(button, async () => {
      await callApi("DELETE", `auth/keys/${key.id}`);
      announce(t("keyDeleted", { name: key.name }));
      await loadKeys();
    });
}

keyForm.onsubmit = (event) => {
  event.preventDefault();
  runAction(keyForm, async () => {
    const body = { name: $("#key-name").value, scope: $("#key-scope").value };
    const { data } = await callApi("POST", "auth/keys", body);
    keyForm.reset();
    newKey.hidden = false;
    const field = $("input", newKey);
    field.value = data.key;
    field.select();
    await loadKeys();
  });
};
