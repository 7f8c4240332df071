// The texts of the account. As in i18n.js: key: [German, English].

import { addTexts } from "./i18n.js";

addTexts({
  oldPassword: ["Bisheriges Passwort", "Present password"],
  newPassword: ["Neues Passwort", "New password"],
  changePassword: ["Passwort ändern", "Change password"],
  passwordChanged: [
    "Das Passwort ist geändert. Alle anderen Anmeldungen sind beendet.",
    "The password is changed. All other logins have ended.",
  ],
  sessionsHint: [
    "Auf allen Geräten abmelden, auch hier. Schlüssel bleiben gültig.",
    "Log out on all devices, here as well. Keys stay good.",
  ],
  endSessions: ["Überall abmelden", "Log out everywhere"],
  keys: ["Schlüssel", "Keys"],
  keysHint: [
    "Für Skripte und Dashboards, statt des Passworts: Authorization: Bearer aw_…",
    "For scripts and dashboards, in place of the password: Authorization: Bearer aw_…",
  ],
  noKeys: ["Noch keine.", "None yet."],
  keyName: ["Name", "Name"],
  keyScope: ["Darf", "May"],
  "scope.read": ["lesen", "read"],
  "scope.write": ["lesen und ändern", "read and change"],
  "scope.share": ["Geteiltes lesen", "read what is shared"],
  makeKey: ["Schlüssel anlegen", "Make a key"],
  keyOnce: [
    "Jetzt kopieren: er wird nur dieses Mal gezeigt.",
    "Copy it now: it is shown this once.",
  ],
  keyUsed: ["zuletzt benutzt am {day}", "last used on {day}"],
  keyUnused: ["noch nicht benutzt", "not used yet"],
  deleteKey: ["Löschen", "Delete"],
  deleteKeyOf: ["Schlüssel {name} löschen", "Delete the key {name}"],
  keyDeleted: ["Schlüssel {name} ist gelöscht.", "The key {name} is deleted."],
  logout: ["Abmelden", "Log out"],
});
