// The socket /ws/downloads: one connection that is kept up, and the order of its messages.

import { callApi, endSession, getToken, ROOT } from "./api.js";

const STEADY_MS = 10_000; // a connection that lived this long starts the backoff anew
const LONGEST_BACKOFF_MS = 30_000;
const TOO_SLOW_WAIT_MS = 5_000; // at least, when the server closed it because we read too slowly
const SILENCE_MS = 60_000; // without a message while a download runs: the connection is dead
const SNAPSHOT_EVERY_MS = 10_000; // at most, those that are asked for
const STATUS_EVERY_MS = 60_000; // at most, asked after a refused handshake
const POLICY_VIOLATION = 1008; // close code: the token has ended
const RENEWAL_MS = 1_500; // in which another tab may store a fresh token
const TRY_AGAIN_LATER = 1013; // close code: we read too slowly

let listeners = {
  onMessage(message) {},
  onConnection(isUp, isBlocked) {},
  onLoss() {},
  isDownloading: () => false,
};
/** @type {WebSocket | null} */
let socket = null;
let reconnectTimer = 0;
let silenceTimer = 0;
let failedTries = 0;
let statusAskedAt = -Infinity;
let snapshotAskedAt = -Infinity;
let snapshotTimer = 0;
// For where the cookie does not come through, as below a proxy's prefix.
let tokenInProtocol = ROOT.pathname !== "/";
let refusedHandshakes = 0; // in a row, while the API takes the token
let hasLost = false; // messages, since the last snapshot

/**
 * Set who hears of the socket.
 * @param {{onMessage: (message: {type: string, seq: number, timestamp: string, data: any}) => void,
 *   onConnection: (isUp: boolean, isBlocked: boolean) => void, onLoss: () => void,
 *   isDownloading: () => boolean}} given
 *   `isBlocked` tells that the API answers and only the socket does not come through; `onLoss` is
 *   called after a snapshot before which messages may have been lost
 */
export function listenToSocket(given) {
  listeners = given;
}

/** Open the socket, in place of one that is open. Its first message is the snapshot. */
export function connect() {
  disconnect();
  const opened = openSocket();
  const token = getToken();
  socket = opened;
  let openedAt = 0;
  let lastSeq = null;
  opened.onopen = () => {
    openedAt = Date.now();
  };
  opened.onmessage = (event) => {
    if (opened !== socket) return;
    const message = JSON.parse(event.data);
    if (message.type === "snapshot") noteConnection();
    else if (!follows(message.seq, lastSeq)) {
      hasLost = true;
      return connect();
    }
    lastSeq = message.seq;
    listeners.onMessage(message);
    watchForSilence();
  };
  opened.onclose = (event) => {
    if (opened !== socket) return;
    disconnect();
    hasLost = true;
    listeners.onConnection(false, refusedHandshakes > 2);
    if (event.code === POLICY_VIOLATION) return setTimeout(endUnlessRenewed, RENEWAL_MS, token);
    if (!openedAt) askWhyRefused();
    else if (Date.now() - openedAt > STEADY_MS) failedTries = 0;
    reconnectLater(event.code);
  };
}

function noteConnection() {
  refusedHandshakes = 0;
  listeners.onConnection(true, false);
  if (hasLost) listeners.onLoss();
  hasLost = false;
}

/** The token has ended, unless another tab has a fresh one by now: it changed the password. */
function endUnlessRenewed(token) {
  if (token === getToken()) endSession("ended");
  else connect();
}

/** Whether messages come. */
export const isConnected = () => socket?.readyState === WebSocket.OPEN;

/** Close the socket and stay without one. */
export function disconnect() {
  clearTimeout(reconnectTimer);
  clearTimeout(silenceTimer);
  const old = socket;
  socket = null;
  old?.close();
}

/** Ask for a fresh snapshot, by a new connection: something was heard of that is not known here. */
export function requestSnapshot() {
  if (snapshotTimer) return;
  const waitMs = Math.max(1000, snapshotAskedAt + SNAPSHOT_EVERY_MS - Date.now());
  snapshotTimer = setTimeout(() => {
    snapshotTimer = 0;
    snapshotAskedAt = Date.now();
    if (socket) connect();
  }, waitMs);
}

let renewalTimer = 0;

/** Get a fresh snapshot right away: the order of things has changed. */
export function renewSnapshot() {
  clearTimeout(renewalTimer);
  renewalTimer = setTimeout(() => socket && connect(), 150);
}

/**
 * Whether a message comes right after the last one, by their numbers.
 *
 * A message that replaces an earlier one, as progress does, repeats the last number; every other
 * message raises it by one. The server reads the snapshot's number and begins to keep messages for
 * this connection in one step: whatever comes after the snapshot has its number, and is progress,
 * or a higher one. A number that leaves others out tells of messages that were lost, and a smaller
 * one never comes; a new snapshot mends both.
 */
function follows(seq, lastSeq) {
  return lastSeq !== null && (seq === lastSeq || seq === lastSeq + 1);
}

function openSocket() {
  const address = new URL("ws/downloads", ROOT);
  address.protocol = address.protocol.replace("http", "ws");
  const protocols = tokenInProtocol ? ["aniworld.v1", `bearer.${getToken()}`] : [];
  return new WebSocket(address, protocols);
}

/** Try again after a random wait that grows with every failure. */
function reconnectLater(closeCode) {
  let waitMs = Math.random() * Math.min(LONGEST_BACKOFF_MS, 1000 * 2 ** failedTries);
  if (closeCode === TRY_AGAIN_LATER) waitMs = Math.max(TOO_SLOW_WAIT_MS, waitMs);
  failedTries += 1;
  reconnectTimer = setTimeout(connect, waitMs);
}

/** A refused handshake shows no status: ask the API, which answers 401 when the token has ended. */
async function askWhyRefused() {
  if (refusedHandshakes > 0) {
    refusedHandshakes += 1;
    tokenInProtocol = !tokenInProtocol;
  }
  if (refusedHandshakes === 3) listeners.onConnection(false, true); // with either kind of proof
  if (Date.now() - statusAskedAt < STATUS_EVERY_MS) return;
  statusAskedAt = Date.now();
  try {
    await callApi("GET", "auth/status");
    if (refusedHandshakes) return;
    tokenInProtocol = !tokenInProtocol; // the token is good, so the cookie was lost on the way
    refusedHandshakes = 1;
  } catch {
    refusedHandshakes = 0;
    // 401 has led to the login by now; after anything else the next try will tell.
  }
}

/** While something downloads the server has to say so; else nothing is to be waited for. */
function watchForSilence() {
  clearTimeout(silenceTimer);
  if (!listeners.isDownloading()) return;
  silenceTimer = setTimeout(() => listeners.isDownloading() && connect(), SILENCE_MS);
}

function reconnectNow() {
  if (!socket && getToken() && document.visibilityState === "visible") connect();
}
addEventListener("online", reconnectNow);
document.addEventListener("visibilitychange", reconnectNow);
