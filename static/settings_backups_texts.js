// The texts of the backups. As in i18n.js: key: [German, English].

import { addTexts } from "./i18n.js";

addTexts({
  backupList: ["Sicherungen der Einstellungen", "Backups of the settings"],
  backupsHint: [
    "Vor jeder Änderung wird eine angelegt. Passwörter und Schlüssel stehen nicht darin.",
    "One is made before each change. Passwords and keys are not in them.",
  ],
  noBackups: ["Noch keine.", "None yet."],
  backUp: ["Jetzt sichern", "Back up now"],
  backedUp: ["Die Einstellungen sind gesichert.", "The settings are backed up."],
  compare: ["Vergleichen", "Compare"],
  compareOf: ["Vergleichen mit {moment}", "Compare with {moment}"],
  removeBackupHint: ["Die Einstellungen selbst bleiben.", "The settings themselves stay."],
  backupOf: ["Sicherung von {moment}", "Backup of {moment}"],
  now: ["Jetzt", "Now"],
  then: ["In der Sicherung", "In the backup"],
  noDifference: [
    "Sie gleicht den jetzigen Einstellungen.",
    "It is the same as the present settings.",
  ],
  restore: ["Zurückholen", "Restore"],
  restored: ["Die Einstellungen sind zurückgeholt.", "The settings are restored."],
});
